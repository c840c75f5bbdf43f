// SPDX-License-Identifier: MIT
//
// SIGINT, SIGTERM and SIGHUP become a request to stop; a second one ends the process at once,
// which is safe: it is the crash that the journal is made for. SIGUSR1 asks how far the copy is.
// No signal handler runs and no state is global: the signals are blocked and a thread waits for them.
// When the time that a run may take is over, the same thread asks for the same stop.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

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

  struct Times {
    std::chrono::milliseconds same_wish = kSameWish;  ///< signals within it after the first are not a second one
    std::optional<std::chrono::milliseconds> limit = std::nullopt;  ///< then stop is requested, signal or not
  };

  /// `on_stop` is called from a thread of its own when stop is requested, with the signal, or with 0 where the
  /// time is over: at most once for each of the two.
  explicit StopSignals(std::function<void(int signal)> on_stop, Times times);
  explicit StopSignals(std::function<void(int signal)> on_stop) : StopSignals{std::move(on_stop), Times{}} {}
  /// Ends the thread and lets the signals through again.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

  /// The first signal that came; 0 while none has.
  [[nodiscard]] int received() const noexcept { return received_.load(); }

  /// The time was over before any signal came.
  [[nodiscard]] bool out_of_time() const noexcept { return out_of_time_.load(); }

  /// Set by SIGUSR1, also after a stop was requested; who answers sets it back.
  [[nodiscard]] std::atomic<bool>& asked() noexcept { return asked_; }

 private:
  void wait();
  /// The next signal of `set`, but for questions, which it takes; 0: the time is over.
  int next(const sigset_t& set, std::optional<std::chrono::steady_clock::time_point> until = {});
  void announce(int signal);

  std::function<void(int)> on_stop_;
  Times times_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::stop_source stop_;
  std::atomic<int> received_{0};
  std::atomic<bool> out_of_time_{false};
  std::atomic<bool> asked_{false};
  ::sigset_t stop_signals_{};
  ::sigset_t blocked_before_{};
  std::vector<std::thread> announcers_;  ///< apart, so that a terminal that hangs holds up nothing else
  std::thread thread_;
};

}  // namespace rcopy::cli
