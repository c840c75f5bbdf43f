// SPDX-License-Identifier: MIT
//
// One block of memory, aligned for direct I/O.
#pragma once

#include "engine/limits.hpp"
#include "io/file_system.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace rcopy::engine {

class AlignedBuffer {
 public:
  AlignedBuffer() : bytes_{static_cast<std::byte*>(::operator new(kBlockBytes, kAlignment))} {}

  [[nodiscard]] std::span<std::byte> all() { return {bytes_.get(), kBlockBytes}; }
  [[nodiscard]] std::span<std::byte> first(std::size_t size) { return {bytes_.get(), size}; }

 private:
  static constexpr std::align_val_t kAlignment{io::kDirectAlignment};
  struct Free {
    void operator()(std::byte* bytes) const { ::operator delete(bytes, kAlignment); }
  };
  std::unique_ptr<std::byte, Free> bytes_;
};

}  // namespace rcopy::engine
