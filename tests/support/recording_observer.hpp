// SPDX-License-Identifier: MIT
//
// An Observer that keeps every event, in order. Any thread.
#pragma once

#include <rcopy/events.hpp>

#include <atomic>
#include <mutex>
#include <variant>
#include <vector>

namespace rcopy::test {

class RecordingObserver final : public Observer {
 public:
  void on_event(const Event& event) override {
    if (inside_.exchange(true)) overlapped_ = true;
    {
      const std::lock_guard lock{mutex_};
      events_.push_back(event);
    }
    inside_ = false;
  }

  [[nodiscard]] bool may_replace(const std::filesystem::path& destination) override {
    asked_.push_back(destination);
    return answer_;
  }

  void answer(bool yes) { answer_ = yes; }

  /// The destinations that may_replace() was asked for.
  [[nodiscard]] const std::vector<std::filesystem::path>& asked() const { return asked_; }

  [[nodiscard]] std::vector<Event> events() const {
    const std::lock_guard lock{mutex_};
    return events_;
  }

  /// The events of one kind: `of<Warning>()`.
  template <class Kind>
  [[nodiscard]] std::vector<Kind> of() const {
    std::vector<Kind> found;
    for (const Event& event : events()) {
      if (const auto* kind = std::get_if<Kind>(&event)) found.push_back(*kind);
    }
    return found;
  }

  /// Two threads were seen in on_event() at once, which the contract of Observer forbids.
  [[nodiscard]] bool overlapped() const { return overlapped_; }

 private:
  mutable std::mutex mutex_;
  std::vector<Event> events_;
  std::atomic<bool> inside_{false};
  std::atomic<bool> overlapped_{false};
  std::vector<std::filesystem::path> asked_;
  bool answer_ = true;
};

}  // namespace rcopy::test
