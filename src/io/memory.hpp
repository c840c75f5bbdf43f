// SPDX-License-Identifier: MIT
//
// How much memory there is, and memory for direct I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rcopy::io {

/// Of this computer. A size to compare with where the system does not tell: 1 GiB.
[[nodiscard]] std::uint64_t memory_bytes();

/// Huge pages where the system has them: a direct read or write of 1 MiB is then one segment for the
/// device instead of 256 (docs/performance.md).
class HugeBuffer {
 public:
  /// Zeros, aligned to 2 MiB. Pages that nobody touches take no memory. Throws std::bad_alloc.
  explicit HugeBuffer(std::size_t size_bytes);
  ~HugeBuffer();
  HugeBuffer(const HugeBuffer&) = delete;
  HugeBuffer& operator=(const HugeBuffer&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

 private:
  std::span<std::byte> mapped_;
  std::span<std::byte> bytes_;
};

}  // namespace rcopy::io
