// SPDX-License-Identifier: MIT
//
// Reads a range of a file in blocks with several reads in flight, and hands the blocks out in order.
// One direct read at a time leaves a fast device idle half of the time. One thread takes the blocks,
// one (the same or another) gives them back; the memory is bounded by the blocks that are out.
#pragma once

#include "engine/byte_range.hpp"
#include "engine/limits.hpp"
#include "engine/pace.hpp"
#include "io/file_system.hpp"
#include "io/memory.hpp"

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

namespace rcopy::engine {

/// What was read; empty where the file ends before the range does.
struct Block {
  std::span<const std::byte> data;
  std::uint64_t offset_bytes = 0;
};

/// Reads at least `wanted_bytes` into `buffer` from the offset and gives how many; less only at the end
/// of the file. The buffer is aligned for direct reads. Called by several threads at once.
using ReadCall =
    std::function<std::size_t(std::span<std::byte> buffer, std::size_t wanted_bytes, std::uint64_t offset_bytes)>;

/// Reads `file`, which must outlive it.
[[nodiscard]] ReadCall reads_of(io::File& file);

struct ReadPlan {
  ByteRange range;                     ///< begins at a multiple of kBlockBytes
  std::size_t blocks = kReadsInFlight; ///< memory: how many are read ahead or not given back yet
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit
};

class BlockReader {
 public:
  BlockReader(ReadCall read, const ReadPlan& plan);
  ~BlockReader();
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;

  /// The next block, of kBlockBytes or less at the end; nothing after the last one or after cancel().
  /// Valid until it is given back. Throws what the read of this block threw; those before it were good.
  [[nodiscard]] std::optional<Block> next();

  /// The oldest block that is out may be filled again.
  void give_back();

  /// Ends the reading, also a next() that waits. Any thread.
  void cancel();

 private:
  struct Slot {
    std::span<std::byte> memory;
    std::size_t size_bytes = 0;
    std::exception_ptr error;
    bool full = false;
    std::condition_variable changed;
  };

  void read_blocks();
  void start_readers(std::size_t readers);
  [[nodiscard]] std::size_t read_block(std::uint64_t index, std::span<std::byte> memory);
  [[nodiscard]] std::size_t block_bytes(std::uint64_t index) const;
  [[nodiscard]] std::uint64_t offset_of(std::uint64_t index) const;
  [[nodiscard]] bool is_free(std::uint64_t index) const { return index < given_back_ + slots_.size(); }
  Slot& slot_of(std::uint64_t index) { return slots_[static_cast<std::size_t>(index % slots_.size())]; }

  ReadCall read_;
  ByteRange range_;
  std::uint64_t blocks_;  ///< in the range
  std::vector<Slot> slots_;
  io::HugeBuffer memory_;
  Pace pace_;
  std::mutex mutex_;
  std::uint64_t next_to_read_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t given_back_ = 0;
  std::stop_source cancelled_;
  std::vector<std::jthread> threads_;
};

}  // namespace rcopy::engine
