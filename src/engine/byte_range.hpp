// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace rcopy::engine {

struct ByteRange {
  std::uint64_t begin_bytes = 0;
  std::uint64_t end_bytes = 0;  ///< the first byte after it
};

}  // namespace rcopy::engine
