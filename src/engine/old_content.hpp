// SPDX-License-Identifier: MIT
//
// What a file that is written again holds already, read ahead of the writer. Used by one thread.
#pragma once

#include "engine/block_reader.hpp"
#include "engine/uncached.hpp"

#include <optional>

namespace rcopy::engine {

class OldContent {
 public:
  /// `file` must outlive it. `range` begins at a multiple of kBlockBytes.
  OldContent(UncachedReader& file, ByteRange range);

  /// Whether the file holds just these bytes there. The blocks come in order, and what is asked for is not
  /// written before it was asked. What cannot be read is not held, and so is all behind it.
  [[nodiscard]] bool holds(const Block& block);

 private:
  [[nodiscard]] std::optional<Block> next_at(std::uint64_t offset_bytes);

  std::optional<BlockReader> blocks_;  ///< nothing once it could not be read
};

}  // namespace rcopy::engine
