// SPDX-License-Identifier: MIT
//
// Writes positions to the journal beside the copy. It holds one pending position of each kind: a
// newer one replaces an older one that still waits, so a slow journal never slows the copy.
#pragma once

#include "engine/copy_task.hpp"

#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace rcopy::engine {

class Checkpointer {
 public:
  /// The ledger belongs to run() from its start to its end.
  Checkpointer(Ledger& ledger, const CopyTask& task)
      : ledger_{ledger}, rest_{task.rhythm.record_every}, written_{task.start}, durable_{task.durable} {}

  /// The bytes before `position` were handed to the file system. Any thread.
  void written(const Position& position);
  /// The bytes before `position` are on stable storage. Any thread.
  void durable(const Position& position);

  /// Records until `stop` is requested; then ends without recording what came last (settle()).
  void run(const std::stop_token& stop);

  /// Records the last positions so that they survive a power cut. Only after run() has ended.
  void settle();
  /// Has them in the row, to be recorded with what is recorded next. Only after run() has ended.
  void note();

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Ledger& ledger_;
  std::chrono::milliseconds rest_;
  Position written_;
  Position durable_;
  bool pending_ = false;
};

}  // namespace rcopy::engine
