// SPDX-License-Identifier: MIT
//
// The calling thread reads and hashes. A stage that fails tells the others through Failure; the
// blocks already in the ring are still written when only the reader ended early.
#include "engine/pipeline.hpp"

#include "engine/block_ring.hpp"
#include "engine/failure.hpp"
#include "engine/pace.hpp"
#include "engine/syncer.hpp"

#include <algorithm>
#include <thread>

namespace rcopy::engine {
namespace {

class Pipeline {
 public:
  Pipeline(const CopyTask& task, Ledger& ledger, Counters& counters)
      : task_{task},
        counters_{counters},
        ledger_{ledger},
        checkpointer_{ledger, task},
        syncer_{task, checkpointer_, counters} {}

  Position run(const std::stop_token& stop) {
    Position reached = task_.start;
    {
      // Ends in reverse order: the writer drains the ring, then the other two are told to stop.
      std::jthread recorder{[&](const std::stop_token& end) { failure_.guard([&] { checkpointer_.run(end); }); }};
      std::jthread syncer{[&](const std::stop_token& end) { failure_.guard([&] { syncer_.run(end); }); }};
      std::jthread writer{[&] { failure_.guard([&] { write_blocks(); }); }};
      failure_.guard([&] { reached = read_blocks(stop); });
      ring_.finish();
    }
    settle(reached);
    failure_.rethrow();
    if (reached.offset_bytes < task_.total_bytes) throw_interrupted();
    return reached;
  }

 private:
  Position read_blocks(const std::stop_token& stop) {
    Position position = task_.start;
    const std::stop_token failed = failure_.stopped();
    while (position.offset_bytes < task_.total_bytes && !stop.stop_requested() && !failed.stop_requested()) {
      Block* block = ring_.take_empty(failed);
      if (block == nullptr) break;
      if (!read_block(*block, position, stop)) break;
      ring_.put_full();
    }
    return position;
  }

  /// False where stop was requested before the block was full.
  bool read_block(Block& block, Position& position, const std::stop_token& stop) {
    const std::uint64_t left = task_.total_bytes - position.offset_bytes;
    block.size_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, left));
    block.offset_bytes = position.offset_bytes;
    const auto data = block.buffer.first(block.size_bytes);
    for (std::size_t done = 0; done < data.size();) {
      const auto piece = data.subspan(done, pace_.piece(data.size() - done));
      read_piece(piece, block.offset_bytes + done);
      done += piece.size();
      pace_.spend(piece.size(), stop);
      const bool ending = stop.stop_requested() || failure_.stopped().stop_requested();
      if (ending && done < data.size()) return false;
    }
    position.hasher.update(data);
    position.offset_bytes += block.size_bytes;
    block.after = position;
    return true;
  }

  void read_piece(std::span<std::byte> piece, std::uint64_t offset_bytes) {
    if (io::read_full(task_.source, piece, offset_bytes) == piece.size()) return;
    throw Error{{.code = ErrorCode::source_changed,
                 .operation = "copy",
                 .path = task_.source.path(),
                 .offset_bytes = offset_bytes,
                 .reason = "the source became shorter while it was copied"}};
  }

  /// What the reader read before it failed is good and still gets written.
  void write_blocks() {
    while (Block* block = ring_.take_full()) {
      io::write_full(task_.partial, block->buffer.first(block->size_bytes), block->offset_bytes);
      counters_.written_bytes = block->after.offset_bytes;
      checkpointer_.written(block->after);
      if (!syncer_.written(block->after, failure_.stopped())) return;
      ring_.give_back();
    }
  }

  /// After an early end the written bytes become durable and claimed, so that nothing is lost.
  /// After a failed sync the claims go back instead: what the page cache still shows above the
  /// durable point may never reach the medium.
  void settle(const Position& reached) {
    const bool whole = reached.offset_bytes == task_.total_bytes && !failure_.stopped().stop_requested();
    if (whole) return;  // the caller syncs and records all of it
    if (!syncer_.failed()) failure_.guard([&] { syncer_.finish(); });
    if (syncer_.failed()) {
      ledger_.forget_window();
    } else {
      failure_.guard([&] { checkpointer_.settle(); });
    }
  }

  [[noreturn]] void throw_interrupted() const {
    throw Error{{.code = ErrorCode::interrupted,
                 .operation = "copy",
                 .path = task_.partial.path(),
                 .offset_bytes = ledger_.row().durable_bytes,
                 .reason = "stopped as requested"}};
  }

  const CopyTask& task_;
  Counters& counters_;
  Ledger& ledger_;
  Checkpointer checkpointer_;
  Syncer syncer_;
  BlockRing ring_;
  Pace pace_{task_.bytes_per_second};
  Failure failure_;
};

}  // namespace

Position copy_bytes(const CopyTask& task, Ledger& ledger, Counters& counters, const std::stop_token& stop) {
  if (task.start.offset_bytes == task.total_bytes) return task.start;
  return Pipeline{task, ledger, counters}.run(stop);
}

}  // namespace rcopy::engine
