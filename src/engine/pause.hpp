// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace rcopy::engine {

/// Waits until `time`, or until stop is requested.
inline void pause_until(std::chrono::steady_clock::time_point time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  // cppcheck-suppress localMutex  // guards nothing: the wait wants a lock, and nobody notifies
  std::unique_lock lock{mutex};
  (void)never.wait_until(lock, stop, time, [] { return false; });
}

}  // namespace rcopy::engine
