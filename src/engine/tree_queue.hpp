// SPDX-License-Identifier: MIT
//
// The work between the threads that copy trees: the walk puts files in, workers copy small ones, one thread
// makes batches of these durable, and one transfers the large. Bounded everywhere, so that the walk may run
// ahead without the memory, or the open files, growing with the tree. Any thread.
#pragma once

#include "engine/staged.hpp"
#include "engine/tree_route.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

namespace rcopy::engine {

/// Something in a tree that is no directory.
struct TreeTask {
  TreeDirectoryPtr directory;
  io::Entry entry;
  LinkUse link = LinkUse::itself;
};

[[nodiscard]] inline TreeTask task_of(const Staged& staged) {
  return {.directory = staged.directory(), .entry = staged.entry()};
}

class TreeQueue {
 public:
  struct Limits {
    std::size_t waiting = 4096;  ///< tasks that nobody has begun
    std::size_t staged = 4096;   ///< files that are copied and not finished; each has a file open
    std::size_t batch = 1024;    ///< so many are worth a sync of their own
    std::size_t slow = 256;      ///< waiting for the thread that transfers
  };

  explicit TreeQueue(const Limits& limits) : limits_{limits} {}

  // --- the walk
  /// More tasks may come before the other: small batches wait for these.
  void walk_begins();
  void walk_ends();
  /// Waits while there are too many. False once everything is to end.
  [[nodiscard]] bool put(TreeTask task);
  /// Waits until every task is done, or everything is to end.
  void wait_until_done();
  /// No task will come any more: threads that wait for one are told to end.
  void close();
  /// Ends all waiting, at once.
  void stop();

  // --- workers
  /// A file to prove, before any new task.
  using Work = std::variant<TreeTask, Staged*>;
  [[nodiscard]] std::optional<Work> next();
  /// The task that next() gave became a file of the next batch.
  void staged(std::unique_ptr<Staged> file);
  /// The task that next() gave is done, or is put to others.
  void ended();
  void proved();

  // --- who transfers
  /// For workers: waits while there are too many. The task is counted until done().
  void put_slow(TreeTask task);
  [[nodiscard]] std::optional<TreeTask> next_slow();

  /// A task that put() or again() brought has come to its end.
  void done(std::size_t tasks = 1);
  /// Another task out of one that is not done; never waits.
  void again(TreeTask task);

  // --- who makes batches durable
  /// The next batch: when it is large enough, old enough, or nothing else is going on. Empty where only `unfinished`
  /// files wait for a sync. Nothing once all is over.
  [[nodiscard]] std::optional<Batch> next_batch(std::size_t unfinished);
  /// Has the workers prove all files that are not given up, and waits. After a stop they are discarded instead.
  void prove(const Batch& batch);
  /// So many files of a batch are closed.
  void finished(std::size_t files);

 private:
  [[nodiscard]] bool may_begin() const { return !tasks_.empty() && reserved_ < limits_.staged; }
  [[nodiscard]] bool nothing_to_copy() const { return copying_ == 0 && !may_begin() && !walking_; }

  Limits limits_;
  void wake_workers(std::size_t works);
  void wake_committer();
  void wake_all();

  std::mutex mutex_;
  // One for each that waits, and told only when it can go on: with many small files a wake-up costs more than
  // the file.
  std::condition_variable room_;    ///< the walk
  std::condition_variable work_;    ///< workers
  std::condition_variable commit_;  ///< who makes batches durable
  std::condition_variable proven_;  ///< the same, in prove()
  std::condition_variable large_;   ///< who transfers
  std::condition_variable fewer_;   ///< workers with something to transfer
  std::condition_variable over_;    ///< wait_until_done()
  std::size_t idle_workers_ = 0;
  std::deque<TreeTask> tasks_;
  std::deque<TreeTask> slow_;
  std::deque<Staged*> to_prove_;
  std::size_t proving_ = 0;
  Batch batch_;
  std::chrono::steady_clock::time_point batch_begun_;
  std::size_t reserved_ = 0;  ///< files that are being copied, or staged and not finished
  std::size_t copying_ = 0;   ///< by workers, now
  std::size_t open_ = 0;      ///< tasks that are not done
  bool walking_ = false;
  bool closed_ = false;
  bool stopped_ = false;
};

}  // namespace rcopy::engine
