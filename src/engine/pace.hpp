// SPDX-License-Identifier: MIT
//
// Holds a stage to so many bytes a second. One thread. What the stage did not use because something
// else was slower is not made up for later, beyond a tenth of a second: the rate stays a limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>

namespace rcopy::engine {

class Pace {
 public:
  /// 0: as fast as it goes.
  explicit Pace(std::uint64_t bytes_per_second) : bytes_per_second_{bytes_per_second} {}

  /// Of `wanted_bytes`, how many to move before the next spend(): about a tenth of a second's.
  [[nodiscard]] std::size_t piece(std::size_t wanted_bytes) const;

  /// Waits until `bytes` may have been moved. Ends early where `stop` is requested.
  void spend(std::uint64_t bytes, const std::stop_token& stop);

 private:
  using Clock = std::chrono::steady_clock;

  std::uint64_t bytes_per_second_;
  Clock::time_point due_ = Clock::now();
};

}  // namespace rcopy::engine
