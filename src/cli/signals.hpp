// SPDX-License-Identifier: MIT
//
// SIGINT, SIGTERM and SIGHUP become a request to stop; a second one ends the process at once,
// which is safe: it is the crash that the journal is made for. SIGUSR1 asks how far the copy is.
// No signal handler runs and no state is global: the signals are blocked and a thread waits for them.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

namespace rcopy::cli {

/// Lets failed writes be reported as errors instead of ending the process: SIGPIPE, SIGXFSZ.
void ignore_write_signals();

/// Who asks how far it is (SIGUSR1) before there is anything to tell, or after that, ends nothing.
void ignore_questions();

/// "SIGINT"; "signal 42" for one without a name here.
[[nodiscard]] std::string signal_name(int signal);

/// Ends the process by `signal`, so that the shell sees 128+N and a loop around rcopy ends.
[[noreturn]] void die_by_signal(int signal);

/// Must be made before any other thread, for threads inherit which signals are blocked. Signals
/// that were ignored when the program began (nohup, a job in the background) stay ignored.
class StopSignals {
 public:
  /// timeout(1) signals its child and then its process group; a terminal that closes sends SIGHUP
  /// and so does its shell; systemd can send SIGHUP after SIGTERM. All of them want one stop.
  static constexpr std::chrono::milliseconds kSameWish{300};

  /// `on_first` is called at most once, from a thread of its own, when stop is requested. Signals
  /// that follow the first within `same_wish` are not a second one.
  explicit StopSignals(std::function<void(int signal)> on_first,
                       std::chrono::milliseconds same_wish = kSameWish);
  /// Ends the thread and lets the signals through again.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

  /// The first signal that came; 0 while none has.
  [[nodiscard]] int received() const noexcept { return received_.load(); }

  /// Set by SIGUSR1, also after a stop was requested; who answers sets it back.
  [[nodiscard]] std::atomic<bool>& asked() noexcept { return asked_; }

 private:
  void wait();
  bool is_question(int signal);
  void announce(int signal);

  std::function<void(int)> on_first_;
  std::chrono::milliseconds same_wish_;
  std::stop_source stop_;
  std::atomic<int> received_{0};
  std::atomic<bool> asked_{false};
  ::sigset_t stop_signals_{};
  ::sigset_t blocked_before_{};
  std::thread announcer_;  ///< apart, so that a terminal that hangs holds up nothing else
  std::thread thread_;
};

}  // namespace rcopy::cli
