// SPDX-License-Identifier: MIT
//
// What the tests of the engine share: one source, and ways to stop and watch a copy of it.
#pragma once

#include "io/calls.hpp"
#include "support/catch.hpp"
#include "support/copy_rig.hpp"
#include "support/faulty.hpp"

namespace rcopy::test {

inline constexpr std::uint64_t kSize = 9 * kMiB + 123;
inline const Bytes kContent = content(Seed{11}, kSize);

/// Asked for by the calls; a read that gives less counts as what was asked.
[[nodiscard]] inline std::uint64_t bytes_read_from_source(const FaultyFileSystem& faulty) {
  std::uint64_t sum = 0;
  for (const std::string& line : faulty.trace()) {
    if (line.starts_with("read a ")) sum += std::stoull(line.substr(line.find('+') + 1));
  }
  return sum;
}

/// Requests a stop when the reader is about to read at `offset_bytes`, a multiple of a block: that
/// block is still copied.
[[nodiscard]] inline Copied copy_until(CopyRig& rig, std::uint64_t offset_bytes) {
  FaultyFileSystem faulty{rig.disk};
  std::stop_source stop;
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::read && call.path == kSource && call.offset_bytes == offset_bytes) stop.request_stop();
    return 0;
  });
  return rig.copy(faulty, stop.get_token());
}

}  // namespace rcopy::test
