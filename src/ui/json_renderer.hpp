// SPDX-License-Identifier: MIT
//
// Tells programs what a run does: one object a line on standard output, as docs/json-output.md promises.
#pragma once

#include "ui/progress_line.hpp"
#include "ui/rate_meter.hpp"
#include "ui/renderer.hpp"
#include "ui/screen.hpp"

#include <rcopy/events.hpp>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <stop_token>
#include <thread>

namespace rcopy::ui {

class JsonRenderer final : public Renderer {
 public:
  JsonRenderer(Screen& screen, FailureText failure_text);

  void begin(const RunStart& start);
  void on_event(const Event& event) override;
  void finish(const RunEnd& end);

  /// From now on tells once in a second what `observer`, which outlives this, counts.
  void show_progress(const Observer& observer);

  /// Tells it now, where something moved since the last time.
  void tell_progress(const Observer& observer);

 private:
  /// What the counters said at one time.
  struct Seen {
    PhaseProgress file;
    TreeProgress tree;
  };

  void run(const Observer& observer, const std::stop_token& stop);
  [[nodiscard]] Seen look(const Observer& observer);
  void tell(const Seen& now);
  void note(const Event& event);

  Screen& screen_;
  FailureText failure_text_;
  std::mutex mutex_;  ///< held while a line is made and printed, so that no progress is told of what has ended
  std::condition_variable_any wake_;
  std::filesystem::path source_;  ///< of the transfer that is under way
  Seen told_;
  RateMeter meter_;
  Phase metered_phase_ = Phase::idle;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace rcopy::ui
