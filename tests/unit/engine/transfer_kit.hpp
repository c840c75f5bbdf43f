// SPDX-License-Identifier: MIT
//
// What the tests of the engine share: one source, and ways to stop and watch a copy of it.
#pragma once

#include "io/calls.hpp"
#include "support/catch.hpp"
#include "support/copy_rig.hpp"
#include "support/faulty.hpp"
#include "support/stop_after.hpp"

#include <algorithm>
#include <string_view>

namespace rcopy::test {

inline constexpr std::uint64_t kSize = 9 * kMiB + 123;
inline const Bytes kContent = content(Seed{11}, kSize);

/// Asked for by the calls, as far as there was something: a direct read asks for whole sectors.
[[nodiscard]] inline std::uint64_t bytes_read_from_source(const FaultyFileSystem& faulty, std::uint64_t size_bytes) {
  std::uint64_t sum = 0;
  for (const std::string& line : faulty.trace()) {
    if (!line.starts_with("read a ")) continue;
    const std::uint64_t begin = std::stoull(line.substr(std::string_view{"read a "}.size()));
    const std::uint64_t end = begin + std::stoull(line.substr(line.find('+') + 1));
    sum += std::min(end, size_bytes) - std::min(begin, size_bytes);
  }
  return sum;
}

/// Stops behind the block at `offset_bytes`.
[[nodiscard]] inline Copied copy_until(CopyRig& rig, std::uint64_t offset_bytes) {
  FaultyFileSystem faulty{rig.disk};
  std::stop_source stop;
  faulty.set_hook(stop_after(offset_bytes, stop));
  return rig.copy(faulty, stop.get_token());
}

}  // namespace rcopy::test
