// SPDX-License-Identifier: MIT
//
// Keeps the progress line alive: a thread that samples the counters a few times a second and
// shows the line on the screen. It takes no part in the copy; without it nothing else changes.
#pragma once

#include "ui/progress_line.hpp"
#include "ui/screen.hpp"
#include "ui/terminal.hpp"

#include <rcopy/events.hpp>
#include <rcopy/options.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace rcopy::ui {

/// How progress is shown where nobody asks for it.
enum class Show {
  nothing,
  live,   ///< a line that is redrawn in place
  lines,  ///< finished lines for a log: after a second, then less and less often
};

struct ProgressSettings {
  Terminal terminal;
  Show show = Show::live;
  Charset charset = Charset::ascii;
  Verify verify = Verify::medium;
  std::atomic<bool>* asked = nullptr;  ///< set by whoever wants a finished line now; nullptr: nobody will
};

class Progress {
 public:
  /// What the thread reads and where it draws; all of it must outlive the Progress.
  struct Setup {
    Screen& screen;
    const Counters& counters;
    const TreeCounters& tree;
    ProgressSettings settings;
  };

  explicit Progress(const Setup& setup);
  /// Ends the thread at once and erases the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What the counters do not tell. The end of a file that the job names erases the line.
  void hear(const Event& event);

 private:
  using Clock = std::chrono::steady_clock;

  void note(const TransferStarted& started);
  void note(const Retrying& retrying);
  void note(const Waiting& waiting);
  void note(const TransferFinished& finished);
  void note(const TransferFailed& failed);
  template <class Other>
  void note(const Other& /*event*/) {}
  void end();

  void run(const std::stop_token& stop);
  void tick();
  [[nodiscard]] ProgressView look();
  void draw(const ProgressView& view);

  Setup setup_;
  std::mutex mutex_;  ///< held while drawing, so that nothing old is drawn after end()
  std::condition_variable_any wake_;
  RateMeter meter_;
  RateMeter files_meter_;
  Phase phase_ = Phase::idle;  ///< that is metered
  Clock::time_point phase_begun_;
  Retry retry_;
  Clock::time_point retry_at_;
  std::string until_;
  Clock::time_point next_line_;
  Clock::duration line_interval_;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace rcopy::ui
