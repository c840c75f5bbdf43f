// SPDX-License-Identifier: MIT
//
// Moves the durable point: fdatasync in a steady rhythm, and only then the claim. Holds the writer
// back when too much is not yet durable.
#pragma once

#include "engine/checkpointer.hpp"
#include "engine/copy_task.hpp"
#include "io/calls.hpp"

#include <rcopy/events.hpp>

namespace rcopy::engine {

class Syncer {
 public:
  Syncer(const CopyTask& task, Checkpointer& checkpointer, Counters& counters)
      : partial_{task.partial},
        directory_{task.directory},
        rhythm_{task.rhythm},
        checkpointer_{checkpointer},
        counters_{counters},
        written_{task.start},
        durable_{task.durable} {}

  /// Called by the writer after each block; waits while too much is not durable. Gives false where `stop`
  /// ended the wait.
  [[nodiscard]] bool written(const Position& position, const std::stop_token& stop);

  /// Syncs until `stop` is requested. Throws Error where a sync failed: what was not durable
  /// then must be written again, for the kernel may have dropped it and calls it clean.
  void run(const std::stop_token& stop);

  /// Makes everything written durable. Only after run() has ended without a failed sync.
  void finish();

  /// A sync failed; the page cache above the durable point cannot be trusted any more.
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  void sync_to(const Position& position);

  io::File& partial_;
  io::Directory& directory_;
  SyncRhythm rhythm_;
  Checkpointer& checkpointer_;
  Counters& counters_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Position written_;
  Position durable_;
  bool named_ = false;  ///< the partial's name is durable
  bool failed_ = false;
};

}  // namespace rcopy::engine
