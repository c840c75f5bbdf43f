// SPDX-License-Identifier: MIT
//
// Block `i` always goes through slot `i % slots`, so order needs no sorting.
#include "engine/read_ahead.hpp"

#include <algorithm>
#include <system_error>

namespace rcopy::engine {
namespace {

std::uint64_t block_count(ByteRange range) {
  return (range.end_bytes - range.begin_bytes + kBlockBytes - 1) / kBlockBytes;
}

}  // namespace

ReadAhead::ReadAhead(io::File& file, ByteRange range)
    : file_{file},
      range_{range},
      blocks_{block_count(range)},
      slots_(static_cast<std::size_t>(std::min<std::uint64_t>(blocks_, kReadsInFlight))) {
  threads_.reserve(slots_.size());
  try {
    while (threads_.size() < slots_.size()) {
      threads_.emplace_back([this] { failure_.guard([this] { read_blocks(); }); });
    }
  } catch (const std::system_error&) {
    if (threads_.empty()) throw;  // no thread to be had; with one the rest can wait
  }
}

ReadAhead::~ReadAhead() { failure_.request_stop(); }

std::span<const std::byte> ReadAhead::next() {
  std::unique_lock lock{mutex_};
  if (handed_out_) {
    slots_[next_to_hand_out_ % slots_.size()].full = false;
    ++next_to_hand_out_;
    handed_out_ = false;
    changed_.notify_all();
  }
  if (next_to_hand_out_ == blocks_) return {};
  Slot& slot = slots_[next_to_hand_out_ % slots_.size()];
  if (!changed_.wait(lock, failure_.stopped(), [&] { return slot.full; })) failure_.rethrow();
  handed_out_ = true;
  return slot.buffer.first(slot.size_bytes);
}

void ReadAhead::read_blocks() {
  const std::stop_token stop = failure_.stopped();
  std::unique_lock lock{mutex_};
  while (true) {
    const auto may_read = [&] {
      return next_to_read_ == blocks_ || next_to_read_ < next_to_hand_out_ + slots_.size();
    };
    if (!changed_.wait(lock, stop, may_read) || stop.stop_requested() || next_to_read_ == blocks_) return;
    const std::uint64_t index = next_to_read_++;
    Slot& slot = slots_[index % slots_.size()];
    lock.unlock();
    const std::size_t size_bytes = read_block(index, slot);
    lock.lock();
    slot.size_bytes = size_bytes;
    slot.full = true;
    changed_.notify_all();
  }
}

std::size_t ReadAhead::read_block(std::uint64_t index, Slot& slot) {
  const std::uint64_t offset_bytes = range_.begin_bytes + index * kBlockBytes;
  const std::uint64_t wanted = std::min<std::uint64_t>(kBlockBytes, range_.end_bytes - offset_bytes);
  // A direct read has to ask for whole sectors, also at the end of the file.
  const std::uint64_t asked = (wanted + io::kDirectAlignment - 1) / io::kDirectAlignment * io::kDirectAlignment;
  const std::size_t got = io::read_at_least(file_, slot.buffer.first(static_cast<std::size_t>(asked)),
                                            static_cast<std::size_t>(wanted), offset_bytes);
  return std::min(got, static_cast<std::size_t>(wanted));
}

}  // namespace rcopy::engine
