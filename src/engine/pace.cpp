// SPDX-License-Identifier: MIT
#include "engine/pace.hpp"

#include "engine/pause.hpp"

#include <algorithm>

namespace rcopy::engine {
namespace {

constexpr std::uint64_t kPiecesPerSecond = 10;
constexpr std::uint64_t kSmallestPiece = 4096;
constexpr std::chrono::milliseconds kMostCredit{100};

}  // namespace

std::size_t Pace::piece(std::size_t wanted_bytes) const {
  if (bytes_per_second_ == 0) return wanted_bytes;
  const std::uint64_t bytes = bytes_per_second_ / kPiecesPerSecond / kSmallestPiece * kSmallestPiece;
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(wanted_bytes, std::max(bytes, kSmallestPiece)));
}

void Pace::spend(std::uint64_t bytes, const std::stop_token& stop) {
  if (bytes_per_second_ == 0) return;
  const std::chrono::duration<double> time{static_cast<double>(bytes) /
                                           static_cast<double>(bytes_per_second_)};
  due_ = std::max(due_, Clock::now() - kMostCredit) +
         std::chrono::duration_cast<Clock::duration>(time);
  pause_until(due_, stop);
}

}  // namespace rcopy::engine
