// SPDX-License-Identifier: MIT
#include "cli/signals.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <system_error>
#include <utility>

namespace rcopy::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<int, 3> kStopSignals{SIGINT, SIGTERM, SIGHUP};
constexpr int kQuestion = SIGUSR1;  // as in dd

bool is_ignored(int signal) {
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

sigset_t set_of(int signal) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signal);
  return set;
}

sigset_t signals_not_ignored() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : kStopSignals) {
    if (!is_ignored(signal)) ::sigaddset(&set, signal);
  }
  return set;
}

/// Ends the waiting thread: sent to it alone, by the destructor.
int wake_signal() { return SIGRTMIN; }

int next_signal(const sigset_t& set) {
  int signal = 0;
  while (::sigwait(&set, &signal) != 0) {
  }
  return signal;
}

/// 0 when none came until then. A process that is stopped and goes on ends a wait early.
int next_signal(const sigset_t& set, Clock::time_point until) {
  for (auto now = Clock::now(); now < until; now = Clock::now()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec time{seconds.count(), std::chrono::nanoseconds{left - seconds}.count()};
    const int signal = ::sigtimedwait(&set, nullptr, &time);
    if (signal != -1) return signal;
  }
  return 0;
}

}  // namespace

void ignore_write_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void ignore_questions() { std::signal(kQuestion, SIG_IGN); }

std::string signal_name(int signal) {
  switch (signal) {
    case SIGINT: return "SIGINT";
    case SIGTERM: return "SIGTERM";
    case SIGHUP: return "SIGHUP";
    default: return "signal " + std::to_string(signal);
  }
}

void die_by_signal(int signal) {
  const sigset_t only = set_of(signal);
  std::signal(signal, SIG_DFL);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  std::raise(signal);
  std::_Exit(128 + signal);  // the first process of a container survives its own signals
}

StopSignals::StopSignals(std::function<void(int)> on_stop, Times times)
    : on_stop_(std::move(on_stop)), times_(times), stop_signals_(signals_not_ignored()) {
  announcers_.reserve(2);
  sigset_t blocked = stop_signals_;
  ::sigaddset(&blocked, wake_signal());
  ::sigaddset(&blocked, kQuestion);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &blocked_before_);
  thread_ = std::thread{[this] { wait(); }};
}

StopSignals::~StopSignals() {
  ::pthread_kill(thread_.native_handle(), wake_signal());
  thread_.join();
  for (std::thread& announcer : announcers_) announcer.join();
  ::pthread_sigmask(SIG_SETMASK, &blocked_before_, nullptr);
}

// After the first signal and its echoes this thread lets the signals through: nobody handles them,
// so the next one ends the process, even if every other thread hangs.
void StopSignals::wait() {
  sigset_t others = set_of(wake_signal());
  ::sigaddset(&others, kQuestion);
  sigset_t awaited = stop_signals_;
  ::sigorset(&awaited, &awaited, &others);

  const auto limit = times_.limit ? std::optional{begun_ + *times_.limit} : std::nullopt;
  int first = next(awaited, limit);
  if (first == 0) {
    out_of_time_.store(true);
    announce(0);
    stop_.request_stop();
    first = next(awaited);
  }
  if (first == wake_signal()) return;
  received_.store(first);
  announce(first);
  stop_.request_stop();

  const auto until = Clock::now() + times_.same_wish;
  while (Clock::now() < until) {
    if (next(awaited, until) == wake_signal()) return;
  }
  ::pthread_sigmask(SIG_UNBLOCK, &stop_signals_, nullptr);
  next(others);
}

int StopSignals::next(const sigset_t& set, std::optional<Clock::time_point> until) {
  while (true) {
    const int signal = until ? next_signal(set, *until) : next_signal(set);
    if (signal != kQuestion) return signal;
    asked_.store(true);
  }
}

void StopSignals::announce(int signal) {
  try {
    announcers_.emplace_back(on_stop_, signal);
  } catch (const std::system_error&) {  // no thread to be had: stopping matters more
  }
}

}  // namespace rcopy::cli
