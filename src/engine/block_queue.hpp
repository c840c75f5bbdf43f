// SPDX-License-Identifier: MIT
//
// The way from the hasher to the writer. It needs no bound of its own: the blocks in it are out of a
// BlockReader, which has only so many, and holes that follow each other are one. One thread puts, one other
// takes.
#pragma once

#include "engine/block_reader.hpp"
#include "engine/ledger.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace rcopy::engine {

struct HashedBlock {
  Block block;     ///< without data: a hole
  Position after;  ///< the confirmed position once this block is written
};

class BlockQueue {
 public:
  void put(const HashedBlock& block) {
    const std::lock_guard lock{mutex_};
    const bool hole = block.block.data.empty();
    if (hole && !blocks_.empty() && blocks_.back().block.data.empty()) blocks_.back().after = block.after;
    else blocks_.push_back(block);
    changed_.notify_one();
  }

  /// No more blocks will come; what is in the queue is still handed out.
  void finish() {
    const std::lock_guard lock{mutex_};
    finished_ = true;
    changed_.notify_one();
  }

  /// Waits for the oldest block; nothing after the last one.
  [[nodiscard]] std::optional<HashedBlock> take() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return !blocks_.empty() || finished_; });
    if (blocks_.empty()) return std::nullopt;
    const HashedBlock block = blocks_.front();
    blocks_.pop_front();
    return block;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<HashedBlock> blocks_;
  bool finished_ = false;
};

}  // namespace rcopy::engine
