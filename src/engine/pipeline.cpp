// SPDX-License-Identifier: MIT
//
// Several threads read, the calling thread hashes, one writes. A stage that fails tells the others through
// Failure; what was hashed before is still written where only the reading ended early.
#include "engine/pipeline.hpp"

#include "engine/block_queue.hpp"
#include "engine/failure.hpp"
#include "engine/interrupted.hpp"
#include "engine/old_content.hpp"
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
        syncer_{task, checkpointer_, counters},
        reader_{[&source = task.source](auto... call) { return source.read(call...); },
                {.range = {.begin_bytes = task.start.offset_bytes, .end_bytes = task.total_bytes},
                 .blocks = kRingBlocks,
                 .bytes_per_second = task.bytes_per_second,
                 .data = task.data}} {
    if (task.old == nullptr) return;
    old_.emplace(*task.old, ByteRange{.begin_bytes = task.start.offset_bytes, .end_bytes = task.total_bytes});
  }

  Position run(const std::stop_token& stop) {
    {
      // Ends in reverse order: the writer comes to the end of the queue, then the other two are told to stop.
      std::jthread recorder{[&](const std::stop_token& end) { failure_.guard([&] { checkpointer_.run(end); }); }};
      std::jthread syncer{[&](const std::stop_token& end) { failure_.guard([&] { syncer_.run(end); }); }};
      std::jthread writer{[&] { failure_.guard([&] { write_blocks(stop); }); }};
      failure_.guard([&] { hash_blocks(stop); });
      hashed_.finish();
    }
    settle();
    failure_.rethrow();
    if (reached_.offset_bytes < task_.total_bytes) throw interrupted("copy", task_.partial.path(), ledger_.row().durable_bytes);
    return reached_;
  }

 private:
  void hash_blocks(const std::stop_token& stop) {
    const std::stop_callback on_stop{stop, [this] { reader_.cancel(); }};
    const std::stop_callback on_failure{failure_.stopped(), [this] { reader_.cancel(); }};
    Position position = task_.start;
    while (const auto block = reader_.next()) {
      if (!pass_hole(position, block->offset_bytes, stop)) return;
      check_full(*block);
      position.hasher.update(block->data);
      position.offset_bytes += block->data.size();
      hashed_.put({.block = *block, .after = position});
    }
    if (task_.data != nullptr) (void)pass_hole(position, task_.total_bytes, stop);
  }

  /// Hashes the zeros of a hole, if there is one; false where it is time to end.
  bool pass_hole(Position& position, std::uint64_t end_bytes, const std::stop_token& stop) {
    const std::stop_token failed = failure_.stopped();
    while (position.offset_bytes < end_bytes) {
      if (stop.stop_requested() || failed.stop_requested()) return false;
      const std::uint64_t step = std::min(kHoleStepBytes, end_bytes - position.offset_bytes);
      const std::uint64_t begin_bytes = position.offset_bytes;
      position.hasher.update_zeros(step);
      position.offset_bytes += step;
      hashed_.put({.block = {.data = {}, .offset_bytes = begin_bytes}, .after = position});
    }
    return true;
  }

  void check_full(const Block& block) const {
    const std::uint64_t left = task_.total_bytes - block.offset_bytes;
    if (block.data.size() == std::min<std::uint64_t>(kBlockBytes, left)) return;
    throw Error{{.code = ErrorCode::source_changed,
                 .operation = "copy",
                 .path = task_.source.path(),
                 .offset_bytes = block.offset_bytes + block.data.size(),
                 .reason = "the source became shorter while it was copied"}};
  }

  /// What is read already is not written after a stop: on a slow stick that takes seconds.
  void write_blocks(const std::stop_token& stop) {
    while (const auto hashed = hashed_.take()) {
      if (stop.stop_requested()) return;
      const Block& block = hashed->block;
      const bool hole = block.data.empty();
      if (hole) task_.target.make_hole(block.offset_bytes, hashed->after.offset_bytes);
      else write(block);
      reached_ = hashed->after;
      counters_.written_bytes = reached_.offset_bytes;
      checkpointer_.written(hashed->after);
      if (!syncer_.written(hashed->after, failure_.stopped())) return;
      if (!hole) reader_.give_back();
    }
  }

  void write(const Block& block) {
    if (old_ && old_->holds(block)) counters_.same_bytes += block.data.size();
    else task_.target.write(block.data, block.offset_bytes);
  }

  /// After an early end the written bytes become durable and claimed, so that nothing is lost.
  /// After a failed sync the claims go back instead: what the page cache still shows above the
  /// durable point may never reach the medium.
  void settle() {
    const bool whole = reached_.offset_bytes == task_.total_bytes && !failure_.stopped().stop_requested();
    // The caller syncs and records all of it, or fails and records this.
    if (whole) return checkpointer_.note();
    if (!syncer_.failed()) failure_.guard([&] { syncer_.finish(); });
    if (syncer_.failed()) {
      ledger_.forget_window();
    } else {
      failure_.guard([&] { checkpointer_.settle(); });
    }
  }

  const CopyTask& task_;
  Counters& counters_;
  Ledger& ledger_;
  Checkpointer checkpointer_;
  Syncer syncer_;
  Failure failure_;
  BlockReader reader_;
  std::optional<OldContent> old_;
  BlockQueue hashed_;
  Position reached_ = task_.start;  ///< by the writer, who alone has it until he ends
};

}  // namespace

Position copy_bytes(const CopyTask& task, Ledger& ledger, Counters& counters, const std::stop_token& stop) {
  if (task.start.offset_bytes == task.total_bytes) return task.start;
  return Pipeline{task, ledger, counters}.run(stop);
}

}  // namespace rcopy::engine
