// SPDX-License-Identifier: MIT
//
// How fast a counter moves: smoothed over a few seconds, so that it neither jumps with each sample nor hides a stall;
// over a longer time, to tell how long the rest will take; and second by second. Not shared: one thread owns it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <vector>

namespace rcopy::ui {

/// So much in so much time. `elapsed` zero: not known yet.
struct Rate {
  std::uint64_t amount = 0;
  std::chrono::nanoseconds elapsed{0};
  bool operator==(const Rate&) const = default;
};

class RateMeter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kHistorySeconds = 8;

  /// Takes one sample of an absolute total. A total that went backwards starts the measurement
  /// anew: it belongs to another attempt.
  void add(TimePoint now, std::uint64_t total);

  void reset();

  [[nodiscard]] Rate rate() const;     ///< of the last 4 seconds
  [[nodiscard]] Rate average() const;  ///< of the last 30 seconds

  /// How much in each of the last seconds that are over, the oldest first.
  [[nodiscard]] std::vector<std::uint64_t> history() const { return {seconds_.begin(), seconds_.end()}; }

 private:
  struct Sample {
    TimePoint at;
    std::uint64_t total;
  };
  [[nodiscard]] Rate since(std::chrono::seconds ago) const;

  std::deque<Sample> samples_;
  std::deque<std::uint64_t> seconds_;
  Sample second_begun_{};
};

}  // namespace rcopy::ui
