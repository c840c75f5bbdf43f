// SPDX-License-Identifier: MIT
//
// File content for tests: a byte string that a failing assertion prints short, and content that
// is a function of a seed and the offset, so that any size can be made and checked in any order.
// Plain values and pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iosfwd>
#include <span>
#include <string_view>
#include <vector>

namespace rcopy::test {

struct Seed {
  std::uint64_t value = 1;
};

class Bytes : public std::vector<std::byte> {
 public:
  using std::vector<std::byte>::vector;
  explicit Bytes(std::string_view text);
  explicit Bytes(std::span<const std::byte> bytes)
      : std::vector<std::byte>(bytes.begin(), bytes.end()) {}

  /// With memcmp: the library compares std::byte one by one, and tests compare gigabytes.
  friend bool operator==(const Bytes& a, const Bytes& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
  }
};

/// "5242880 bytes, sum 1f…, begins 68 65 6c": what fits into a test report.
std::ostream& operator<<(std::ostream& out, const Bytes& bytes);

/// Fills `out` with what the endless content of `seed` holds from `offset_bytes` on.
void fill_content(Seed seed, std::uint64_t offset_bytes, std::span<std::byte> out);

/// The first `size_bytes` of the content of `seed`. No 4 KiB page of it is all zeros.
[[nodiscard]] Bytes content(Seed seed, std::uint64_t size_bytes);

/// 3 MiB and some bytes: data at the start, in the middle of the second MiB and in the last page; the rest
/// is zeros.
[[nodiscard]] Bytes content_with_holes(Seed seed);

/// As content(), with seven pages of zeros after each page of 4 KiB: costs a MemoryDisk an eighth of
/// the memory and the time.
[[nodiscard]] Bytes sparse_content(Seed seed, std::uint64_t size_bytes);

}  // namespace rcopy::test
