// SPDX-License-Identifier: MIT
#include "cli/signals.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <system_error>
#include <utility>

namespace rcopy::cli {
namespace {

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

/// 0 when none came in time.
int next_signal(const sigset_t& set, std::chrono::milliseconds timeout) {
  using std::chrono::duration_cast;
  if (timeout <= timeout.zero()) return 0;
  const auto seconds = duration_cast<std::chrono::seconds>(timeout);
  const timespec time{seconds.count(), std::chrono::nanoseconds{timeout - seconds}.count()};
  const int signal = ::sigtimedwait(&set, nullptr, &time);
  return signal == -1 ? 0 : signal;
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

StopSignals::StopSignals(std::function<void(int)> on_first, std::chrono::milliseconds same_wish)
    : on_first_(std::move(on_first)), same_wish_(same_wish), stop_signals_(signals_not_ignored()) {
  sigset_t blocked = stop_signals_;
  ::sigaddset(&blocked, wake_signal());
  ::sigaddset(&blocked, kQuestion);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &blocked_before_);
  thread_ = std::thread{[this] { wait(); }};
}

StopSignals::~StopSignals() {
  ::pthread_kill(thread_.native_handle(), wake_signal());
  thread_.join();
  if (announcer_.joinable()) announcer_.join();
  ::pthread_sigmask(SIG_SETMASK, &blocked_before_, nullptr);
}

// After the first signal and its echoes this thread lets the signals through: nobody handles them,
// so the next one ends the process, even if every other thread hangs.
void StopSignals::wait() {
  using Clock = std::chrono::steady_clock;
  sigset_t others = set_of(wake_signal());
  ::sigaddset(&others, kQuestion);
  sigset_t awaited = stop_signals_;
  ::sigorset(&awaited, &awaited, &others);

  int first = 0;
  do first = next_signal(awaited);
  while (is_question(first));
  if (first == wake_signal()) return;
  received_.store(first);
  announce(first);
  stop_.request_stop();

  const auto until = Clock::now() + same_wish_;
  while (Clock::now() < until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    const int next = next_signal(awaited, left);
    if (!is_question(next) && next == wake_signal()) return;
  }
  ::pthread_sigmask(SIG_UNBLOCK, &stop_signals_, nullptr);
  while (is_question(next_signal(others))) {
  }
}

bool StopSignals::is_question(int signal) {
  if (signal != kQuestion) return false;
  asked_.store(true);
  return true;
}

void StopSignals::announce(int signal) {
  try {
    announcer_ = std::thread{on_first_, signal};
  } catch (const std::system_error&) {  // no thread to be had: stopping matters more
  }
}

}  // namespace rcopy::cli
