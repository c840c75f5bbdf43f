// SPDX-License-Identifier: MIT
//
// Block `i` always goes through slot `i % slots`, so order needs no sorting, and a wake-up wakes only who
// waits for that slot.
#include "engine/block_reader.hpp"

#include "io/calls.hpp"

#include <algorithm>
#include <system_error>

namespace rcopy::engine {
namespace {

std::uint64_t block_count(ByteRange range) {
  return (range.end_bytes - range.begin_bytes + kBlockBytes - 1) / kBlockBytes;
}

/// A direct read has to ask for whole sectors, also at the end of the file.
std::size_t whole_sectors(std::size_t bytes) {
  return (bytes + io::kDirectAlignment - 1) / io::kDirectAlignment * io::kDirectAlignment;
}

}  // namespace

ReadCall reads_of(io::File& file) {
  return [&file](std::span<std::byte> buffer, std::size_t wanted_bytes, std::uint64_t offset_bytes) {
    return io::read_at_least(file, buffer, wanted_bytes, offset_bytes);
  };
}

BlockReader::BlockReader(ReadCall read, const ReadPlan& plan)
    : read_{std::move(read)},
      range_{plan.range},
      blocks_{block_count(plan.range)},
      slots_(static_cast<std::size_t>(std::min<std::uint64_t>(blocks_, plan.blocks))),
      memory_{std::max<std::size_t>(slots_.size(), 1) * kBlockBytes},
      pace_{plan.bytes_per_second} {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].memory = memory_.bytes().subspan(i * kBlockBytes, kBlockBytes);
  }
  // A limited rate is kept by one reader; more would begin with a burst.
  start_readers(std::min(plan.bytes_per_second != 0 ? 1 : kReadsInFlight, slots_.size()));
}

void BlockReader::start_readers(std::size_t readers) {
  threads_.reserve(readers);
  try {
    while (threads_.size() < readers) threads_.emplace_back([this] { read_blocks(); });
  } catch (const std::system_error&) {
    if (threads_.empty()) throw;  // no thread to be had; with one the rest can wait
  }
}

BlockReader::~BlockReader() { cancel(); }

std::size_t BlockReader::block_bytes(std::uint64_t index) const {
  return static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, range_.end_bytes - offset_of(index)));
}

std::uint64_t BlockReader::offset_of(std::uint64_t index) const { return range_.begin_bytes + index * kBlockBytes; }

std::optional<Block> BlockReader::next() {
  if (taken_ == blocks_) return std::nullopt;
  Slot& slot = slot_of(taken_);
  std::unique_lock lock{mutex_};
  slot.changed.wait(lock, [&] { return (is_free(taken_) && slot.full) || cancelled_.stop_requested(); });
  if (cancelled_.stop_requested()) return std::nullopt;
  if (slot.error) std::rethrow_exception(slot.error);
  return Block{.data = slot.memory.first(slot.size_bytes), .offset_bytes = offset_of(taken_++)};
}

void BlockReader::give_back() {
  const std::lock_guard lock{mutex_};
  Slot& slot = slot_of(given_back_++);
  slot.full = false;
  slot.changed.notify_all();
}

void BlockReader::cancel() {
  const std::lock_guard lock{mutex_};
  cancelled_.request_stop();
  for (Slot& slot : slots_) slot.changed.notify_all();
}

void BlockReader::read_blocks() {
  std::unique_lock lock{mutex_};
  while (next_to_read_ < blocks_) {
    const std::uint64_t index = next_to_read_++;
    Slot& slot = slot_of(index);
    slot.changed.wait(lock, [&] { return is_free(index) || cancelled_.stop_requested(); });
    if (cancelled_.stop_requested()) return;
    lock.unlock();
    std::exception_ptr error;
    std::size_t size_bytes = 0;
    try {
      size_bytes = read_block(index, slot.memory);
    } catch (...) {
      error = std::current_exception();  // for who takes this block, in its turn
    }
    lock.lock();
    slot.size_bytes = size_bytes;
    slot.error = error;
    slot.full = true;
    slot.changed.notify_all();
    if (error) next_to_read_ = blocks_;  // nobody will take those behind it
  }
}

std::size_t BlockReader::read_block(std::uint64_t index, std::span<std::byte> memory) {
  const std::size_t wanted = block_bytes(index);
  for (std::size_t done = 0; done < wanted;) {
    const std::size_t piece = pace_.piece(wanted - done);
    const auto buffer = memory.subspan(done, whole_sectors(piece));
    const std::size_t got = std::min(piece, read_(buffer, piece, offset_of(index) + done));
    done += got;
    if (got < piece) return done;
    pace_.spend(piece, cancelled_.get_token());
    if (cancelled_.stop_requested()) return done;
  }
  return wanted;
}

}  // namespace rcopy::engine
