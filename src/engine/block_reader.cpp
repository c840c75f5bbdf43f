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

}  // namespace

ReadCall reads_of(io::File& file) {
  return [&file](std::span<std::byte> buffer, std::size_t wanted_bytes, std::uint64_t offset_bytes) {
    return io::read_at_least(file, buffer, wanted_bytes, offset_bytes);
  };
}

BlockReader::BlockReader(ReadCall read, const ReadPlan& plan)
    : read_{std::move(read)},
      left_{plan.range},
      data_{plan.data},
      slots_(static_cast<std::size_t>(std::min<std::uint64_t>(block_count(plan.range), plan.blocks))),
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

std::optional<Block> BlockReader::next() {
  std::unique_lock lock{mutex_};
  if (slots_.empty()) return std::nullopt;
  Slot& slot = slot_of(taken_);
  const auto is_read = [&] { return is_free(taken_) && slot.full; };
  const auto is_over = [&] { return taken_ == next_to_read_ && left_.begin_bytes >= left_.end_bytes; };
  slot.changed.wait(lock, [&] { return is_read() || is_over() || cancelled_.stop_requested(); });
  if (cancelled_.stop_requested() || is_over()) return std::nullopt;
  if (slot.error) std::rethrow_exception(slot.error);
  ++taken_;
  return Block{.data = slot.memory.first(slot.size_bytes), .offset_bytes = slot.offset_bytes};
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
  while (const auto task = claim()) {
    Slot& slot = slot_of(task->index);
    slot.changed.wait(lock, [&] { return is_free(task->index) || cancelled_.stop_requested(); });
    if (cancelled_.stop_requested()) return;
    lock.unlock();
    fill(slot, *task);
    lock.lock();
    slot.full = true;
    slot.changed.notify_all();
    if (slot.error) left_.begin_bytes = left_.end_bytes;  // nobody will take what is behind it
  }
}

/// The next block, in order; nothing after the last one.
std::optional<BlockReader::Task> BlockReader::claim() {
  Task task;
  try {
    if (!skip_hole()) return std::nullopt;
  } catch (const Error&) {
    task.error = std::current_exception();
  }
  task.index = next_to_read_++;
  task.offset_bytes = left_.begin_bytes;
  task.wanted_bytes =
      static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, left_.end_bytes - left_.begin_bytes));
  left_.begin_bytes += task.wanted_bytes;
  return task;
}

/// False where nothing is left but a hole, or nothing.
bool BlockReader::skip_hole() {
  if (left_.begin_bytes >= left_.end_bytes) return false;
  if (data_ == nullptr) return true;
  const auto found = data_->next(left_.begin_bytes);
  const std::uint64_t begin = std::min(found.value_or(left_.end_bytes), left_.end_bytes);
  // Whole blocks are skipped, so that checkpoints stay where they always are.
  left_.begin_bytes = begin == left_.end_bytes ? begin : begin / kBlockBytes * kBlockBytes;
  if (begin < left_.end_bytes) return true;
  slot_of(next_to_read_).changed.notify_all();  // who waits for this block learns that it is none
  return false;
}

void BlockReader::fill(Slot& slot, const Task& task) {
  slot.offset_bytes = task.offset_bytes;
  slot.size_bytes = 0;
  slot.error = task.error;
  if (slot.error) return;
  try {
    slot.size_bytes = read_block(slot.memory, task);
  } catch (...) {
    slot.error = std::current_exception();  // for who takes this block, in its turn
  }
}

std::size_t BlockReader::read_block(std::span<std::byte> memory, const Task& task) {
  const std::size_t wanted = task.wanted_bytes;
  for (std::size_t done = 0; done < wanted;) {
    const std::size_t piece = pace_.piece(wanted - done);
    const auto buffer = memory.subspan(done, io::whole_sectors(piece));
    const std::size_t got = std::min(piece, read_(buffer, piece, task.offset_bytes + done));
    done += got;
    if (got < piece) return done;
    pace_.spend(piece, cancelled_.get_token());
    if (cancelled_.stop_requested()) return done;
  }
  return wanted;
}

}  // namespace rcopy::engine
