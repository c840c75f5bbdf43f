// SPDX-License-Identifier: MIT
#include "engine/old_content.hpp"

#include <rcopy/error.hpp>

#include <algorithm>

namespace rcopy::engine {
namespace {

/// They have to be as fast as the writer, which has one write in flight.
constexpr std::size_t kBlocks = 4;

}  // namespace

OldContent::OldContent(UncachedReader& file, ByteRange range) {
  blocks_.emplace([&file](auto... call) { return file.read(call...); }, ReadPlan{.range = range, .blocks = kBlocks});
}

bool OldContent::holds(const Block& block) {
  if (!blocks_) return false;
  try {
    const auto old = next_at(block.offset_bytes);
    if (!old) return false;
    const bool same = std::ranges::equal(old->data, block.data);
    blocks_->give_back();
    return same;
  } catch (const Error&) {
    blocks_.reset();  // a bad spot may well take new bytes
    return false;
  }
}

/// Holes of the source come as no block.
std::optional<Block> OldContent::next_at(std::uint64_t offset_bytes) {
  auto block = blocks_->next();
  while (block && block->offset_bytes < offset_bytes) {
    blocks_->give_back();
    block = blocks_->next();
  }
  return block;
}

}  // namespace rcopy::engine
