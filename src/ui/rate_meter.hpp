// SPDX-License-Identifier: MIT
//
// How fast a counter moves, smoothed over the last few seconds so that it neither jumps with each
// sample nor hides a stall. Not shared: one thread owns it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

namespace rcopy::ui {

/// So many bytes in so much time. `elapsed` zero: not known yet.
struct Rate {
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds elapsed{0};
};

class RateMeter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Takes one sample of an absolute total. A total that went backwards starts the measurement
  /// anew: it belongs to another attempt.
  void add(TimePoint now, std::uint64_t total_bytes);

  void reset() { samples_.clear(); }

  [[nodiscard]] Rate rate() const;

 private:
  struct Sample {
    TimePoint at;
    std::uint64_t total_bytes;
  };
  std::deque<Sample> samples_;
};

}  // namespace rcopy::ui
