// SPDX-License-Identifier: MIT
//
// The sizes and rhythms of the engine, as the design sets them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rcopy::engine {

inline constexpr std::size_t kBlockBytes = std::size_t{1} << 20U;  ///< one read, write, checkpoint
inline constexpr std::size_t kRingBlocks = 16;     ///< being read, hashed or written at once
inline constexpr std::size_t kReadsInFlight = 8;   ///< of these, being read
inline constexpr std::uint64_t kHoleStepBytes = std::uint64_t{64} << 20U;  ///< of a hole, in one step
inline constexpr std::chrono::seconds kMaxRetryWait{30};
/// Small files are copied, or checked, so many at once. Waiting for the disk is most of it: docs/performance.md.
inline constexpr std::uint64_t kSmallFileBytes = std::uint64_t{4} << 20U;
inline constexpr unsigned kUsualJobs = 16;

/// When the durable point moves. Tests use smaller numbers, users these.
struct SyncRhythm {
  std::uint64_t every_bytes = std::uint64_t{64} << 20U;
  std::chrono::milliseconds every = std::chrono::seconds{1};
  /// The writer waits beyond this, so that progress is honest on a slow stick.
  std::uint64_t not_durable_at_most_bytes = std::uint64_t{256} << 20U;
  /// From one checkpoint in the journal to the next. Below 100 MiB a second every block gets one; a
  /// faster copy would spend a tenth of its processor time on them.
  std::chrono::milliseconds record_every{10};
};

}  // namespace rcopy::engine
