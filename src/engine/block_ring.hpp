// SPDX-License-Identifier: MIT
//
// The bounded way from the reader to the writer: a fixed set of blocks goes round. One thread
// takes empty blocks and puts them full, one other takes them full and gives them back.
#pragma once

#include "engine/aligned_buffer.hpp"
#include "engine/ledger.hpp"

#include <array>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace rcopy::engine {

struct Block {
  AlignedBuffer buffer;
  std::size_t size_bytes = 0;
  std::uint64_t offset_bytes = 0;
  Position after;  ///< the confirmed position once this block is written
};

class BlockRing {
 public:
  /// Waits for an empty block; null where `stop` came first.
  [[nodiscard]] Block* take_empty(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait(lock, stop, [&] { return full_ < blocks_.size(); })) return nullptr;
    return &blocks_[(first_ + full_) % blocks_.size()];
  }

  /// The block of the last take_empty() is full now.
  void put_full() {
    const std::lock_guard lock{mutex_};
    ++full_;
    changed_.notify_all();
  }

  /// No more blocks will come; what is in the ring is still handed out.
  void finish() {
    const std::lock_guard lock{mutex_};
    finished_ = true;
    changed_.notify_all();
  }

  /// Waits for the oldest full block; null after the last one.
  [[nodiscard]] Block* take_full() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return full_ > 0 || finished_; });
    return full_ > 0 ? &blocks_[first_] : nullptr;
  }

  /// The block of the last take_full() may be filled again.
  void give_back() {
    const std::lock_guard lock{mutex_};
    first_ = (first_ + 1) % blocks_.size();
    --full_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::array<Block, kRingBlocks> blocks_;
  std::size_t first_ = 0;
  std::size_t full_ = 0;
  bool finished_ = false;
};

}  // namespace rcopy::engine
