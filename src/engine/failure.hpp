// SPDX-License-Identifier: MIT
//
// The first failure among several threads of one stage, and the word to the others to end.
#pragma once

#include <exception>
#include <mutex>
#include <stop_token>

namespace rcopy::engine {

class Failure {
 public:
  /// Runs `work`; what it throws is kept (the first wins) and `stop` is requested.
  template <class Work>
  void guard(Work work) noexcept {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock{mutex_};
      if (!first_) first_ = std::current_exception();
      stop_.request_stop();
    }
  }

  [[nodiscard]] std::stop_token stopped() const { return stop_.get_token(); }

  void rethrow() const {
    const std::lock_guard lock{mutex_};
    if (first_) std::rethrow_exception(first_);
  }

 private:
  mutable std::mutex mutex_;
  std::exception_ptr first_;
  std::stop_source stop_;
};

}  // namespace rcopy::engine
