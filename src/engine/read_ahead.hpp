// SPDX-License-Identifier: MIT
//
// Reads a range of a file in blocks with several reads in flight, and hands the blocks out in
// order. One direct read at a time leaves a fast device idle half of the time. The consumer is
// one thread.
#pragma once

#include "engine/aligned_buffer.hpp"
#include "engine/failure.hpp"
#include "io/calls.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace rcopy::engine {

struct ByteRange {
  std::uint64_t begin_bytes = 0;  ///< a multiple of kBlockBytes
  std::uint64_t end_bytes = 0;
};

class ReadAhead {
 public:
  ReadAhead(io::File& file, ByteRange range);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next block: kBlockBytes, less at the end of the range or where the file ends early, none
  /// after that. Valid until the next call. Throws Error (io).
  [[nodiscard]] std::span<const std::byte> next();

 private:
  struct Slot {
    AlignedBuffer buffer;
    std::size_t size_bytes = 0;
    bool full = false;
  };

  void read_blocks();
  [[nodiscard]] std::size_t read_block(std::uint64_t index, Slot& slot);

  io::File& file_;
  ByteRange range_;
  std::uint64_t blocks_;
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t next_to_read_ = 0;
  std::uint64_t next_to_hand_out_ = 0;
  bool handed_out_ = false;  ///< the slot before next_to_hand_out_ is still with the consumer
  Failure failure_;
  std::vector<std::jthread> threads_;
};

}  // namespace rcopy::engine
