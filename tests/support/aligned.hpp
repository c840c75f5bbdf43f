// SPDX-License-Identifier: MIT
//
// Memory for direct reads. One owner.
#pragma once

#include "io/file_system.hpp"

#include <cstddef>
#include <new>
#include <span>

namespace rcopy::test {

class AlignedBuffer {
 public:
  explicit AlignedBuffer(std::size_t size_bytes)
      : bytes_{static_cast<std::byte*>(::operator new(size_bytes, kAlignment)), size_bytes} {}
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;
  ~AlignedBuffer() { ::operator delete(bytes_.data(), kAlignment); }

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

 private:
  static constexpr std::align_val_t kAlignment{io::kDirectAlignment};

  std::span<std::byte> bytes_;
};

}  // namespace rcopy::test
