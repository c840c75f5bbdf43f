// SPDX-License-Identifier: MIT
//
// Hands events to the observer one at a time, whichever engine thread they come from.
#pragma once

#include <rcopy/events.hpp>

#include <mutex>

namespace rcopy::engine {

class EventSink {
 public:
  explicit EventSink(Observer& observer) : observer_{observer} {}

  void emit(const Event& event) {
    const std::lock_guard lock{mutex_};
    observer_.on_event(event);
  }

  [[nodiscard]] bool may_replace(const std::filesystem::path& destination) {
    const std::lock_guard lock{mutex_};
    return observer_.may_replace(destination);
  }

  [[nodiscard]] Counters& counters() { return observer_.counters; }

 private:
  Observer& observer_;
  std::mutex mutex_;
};

}  // namespace rcopy::engine
