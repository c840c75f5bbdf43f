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

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <stop_token>
#include <thread>

namespace rcopy::ui {

class Progress {
 public:
  /// What the thread reads and where it draws; all of it must outlive the Progress.
  struct Setup {
    Screen& screen;
    const Counters& counters;
    const TreeCounters& tree;
    Terminal terminal;
    Charset charset = Charset::ascii;
    Verify verify = Verify::medium;
  };

  explicit Progress(const Setup& setup);
  /// Ends the thread at once and erases the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// A file begins; its name is shown from now on.
  void begin(const std::filesystem::path& name);
  /// The file has ended: erases the line.
  void end();

 private:
  void run(const std::stop_token& stop);
  void draw();

  Setup setup_;
  std::mutex mutex_;  ///< held while drawing, so that nothing old is drawn after end()
  std::condition_variable_any wake_;
  std::filesystem::path name_;
  RateMeter meter_;
  Phase metered_phase_ = Phase::idle;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace rcopy::ui
