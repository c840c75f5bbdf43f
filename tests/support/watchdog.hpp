// SPDX-License-Identifier: MIT
//
// Ends the program where a test hangs, with the name of the case: threads that wait for each other for ever can
// neither be ended nor left behind. While it lives; one owner.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace rcopy::test {

class Watchdog {
 public:
  explicit Watchdog(std::string what, std::chrono::seconds patience = std::chrono::seconds{60})
      : thread_{[what = std::move(what), patience](const std::stop_token& over) {
          std::mutex mutex;
          std::condition_variable_any ended;
          std::unique_lock lock{mutex};
          constexpr std::chrono::seconds kTick{1};  // a machine that stood still for minutes is one tick late
          for (auto left = patience; left > left.zero(); left -= kTick) {
            (void)ended.wait_for(lock, over, kTick, [&] { return over.stop_requested(); });
            if (over.stop_requested()) return;
          }
          std::cout << "hangs: " << what << std::endl;
          std::abort();
        }} {}

 private:
  std::jthread thread_;
};

}  // namespace rcopy::test
