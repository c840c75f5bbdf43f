// SPDX-License-Identifier: MIT
//
// Hands events to the observer one at a time, whichever engine thread they come from.
#pragma once

#include <rcopy/copy.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>

namespace rcopy::engine {

class EventSink {
 public:
  explicit EventSink(Observer& observer) : observer_{observer} {}

  void emit(const Event& event) {
    const std::lock_guard lock{mutex_};
    observer_.on_event(event);
  }

  /// A warning that would be the same for many files: told of the first only.
  void warn_once(const std::filesystem::path& path, const std::string& text) {
    const std::lock_guard lock{mutex_};
    if (told_.insert(text).second) observer_.on_event(Warning{.path = path, .text = text});
  }

  /// An attribute that was to be kept and could not be: a warning, once for each kind, and the job ends as cp does.
  void attribute_lost(const std::filesystem::path& path, const std::string& text) {
    warn_once(path, text);
    lost_attributes_ = true;
  }
  [[nodiscard]] bool lost_attributes() const { return lost_attributes_; }

  void notice_once(const std::filesystem::path& path, const std::string& text) {
    const std::lock_guard lock{mutex_};
    if (told_.insert(text).second) observer_.on_event(Notice{.path = path, .text = text});
  }

  [[nodiscard]] bool may_replace(const std::filesystem::path& destination) {
    const std::lock_guard lock{mutex_};
    return observer_.may_replace(destination);
  }

  /// A transfer enters a phase. They run one at a time, on whichever thread.
  void enter(Phase phase) {
    const std::lock_guard lock{mutex_};
    const auto now = std::chrono::steady_clock::now();
    if (auto* const time = time_in(observer_.counters.phase.exchange(phase))) *time += now - entered_;
    entered_ = now;
  }
  [[nodiscard]] const PhaseTimes& times() const { return times_; }

  [[nodiscard]] Counters& counters() { return observer_.counters; }
  [[nodiscard]] TreeCounters& tree() { return observer_.tree; }

 private:
  [[nodiscard]] std::chrono::nanoseconds* time_in(Phase phase) {
    switch (phase) {
      case Phase::checking: return &times_.checking;
      case Phase::copying: return &times_.copying;
      case Phase::syncing: return &times_.syncing;
      case Phase::verifying: return &times_.verifying;
      case Phase::idle:
      case Phase::publishing:
      case Phase::waiting: break;
    }
    return nullptr;
  }

  Observer& observer_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point entered_;
  PhaseTimes times_;
  std::set<std::string> told_;
  std::atomic<bool> lost_attributes_{false};
};

}  // namespace rcopy::engine
