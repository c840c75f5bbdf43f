// SPDX-License-Identifier: MIT
#include "engine/tree_queue.hpp"

#include <algorithm>
#include <utility>

namespace rcopy::engine {
namespace {

/// Older files need not wait for more of them.
constexpr std::chrono::milliseconds kBatchAge{100};

/// For one of several that wait for `changed`: glibc before 2.41 can lose a wake-up of theirs (sourceware bug 25847),
/// so they look again.
template <class Ready>
void wait_among_others(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, Ready ready) {
  constexpr std::chrono::seconds kLookAgain{1};
  while (!changed.wait_for(lock, kLookAgain, ready)) {
  }
}

}  // namespace

bool TreeQueue::put(TreeTask task) {
  std::unique_lock lock{mutex_};
  // Woken when half is gone, so that it does not come back for each.
  if (tasks_.size() >= limits_.waiting) {
    room_.wait(lock, [&] { return tasks_.size() <= limits_.waiting / 2 || stopped_; });
  }
  if (stopped_) return false;
  ++open_;
  tasks_.push_back(std::move(task));
  wake_workers(1);
  return true;
}

void TreeQueue::walk_begins() {
  const std::lock_guard lock{mutex_};
  walking_ = true;
}

void TreeQueue::walk_ends() {
  const std::lock_guard lock{mutex_};
  walking_ = false;
  wake_committer();
}

void TreeQueue::again(TreeTask task) {
  const std::lock_guard lock{mutex_};
  ++open_;
  tasks_.push_back(std::move(task));
  wake_workers(1);
}

void TreeQueue::wait_until_done() {
  std::unique_lock lock{mutex_};
  over_.wait(lock, [&] { return open_ == 0 || stopped_; });
}

void TreeQueue::close() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  wake_all();
}

void TreeQueue::stop() {
  const std::lock_guard lock{mutex_};
  stopped_ = true;
  wake_all();
}

void TreeQueue::wake_all() {
  for (auto* const waiting : {&room_, &work_, &commit_, &large_, &fewer_, &over_}) waiting->notify_all();
}

void TreeQueue::wake_workers(std::size_t works) {
  for (std::size_t i = 0; i < std::min(works, idle_workers_); ++i) work_.notify_one();
}

/// Where next_batch() would give one, or has to look at the clock.
void TreeQueue::wake_committer() {
  if (batch_.size() == 1 || batch_.size() >= limits_.batch || nothing_to_copy()) commit_.notify_one();
}

std::optional<TreeQueue::Work> TreeQueue::next() {
  std::unique_lock lock{mutex_};
  ++idle_workers_;
  wait_among_others(work_, lock, [&] { return !to_prove_.empty() || may_begin() || closed_ || stopped_; });
  --idle_workers_;
  if (!to_prove_.empty()) {  // also after a stop: who asked for it waits
    Staged* const file = to_prove_.front();
    to_prove_.pop_front();
    return Work{file};
  }
  if (stopped_ || !may_begin()) return std::nullopt;
  TreeTask task = std::move(tasks_.front());
  tasks_.pop_front();
  ++reserved_;
  ++copying_;
  if (tasks_.size() == limits_.waiting / 2) room_.notify_one();
  return Work{std::move(task)};
}

void TreeQueue::staged(std::unique_ptr<Staged> file) {
  const std::lock_guard lock{mutex_};
  --copying_;
  if (stopped_) return file->discard();  // nobody takes it any more
  if (batch_.empty()) batch_begun_ = std::chrono::steady_clock::now();
  batch_.push_back(std::move(file));
  wake_committer();
}

void TreeQueue::ended() {
  const std::lock_guard lock{mutex_};
  --copying_;
  --reserved_;
  if (may_begin()) wake_workers(1);
  wake_committer();
}

void TreeQueue::put_slow(TreeTask task) {
  std::unique_lock lock{mutex_};
  wait_among_others(fewer_, lock, [&] { return slow_.size() < limits_.slow || stopped_; });
  slow_.push_back(std::move(task));
  large_.notify_one();
}

std::optional<TreeTask> TreeQueue::next_slow() {
  std::unique_lock lock{mutex_};
  large_.wait(lock, [&] { return !slow_.empty() || closed_ || stopped_; });
  if (slow_.empty() || stopped_) return std::nullopt;
  TreeTask task = std::move(slow_.front());
  slow_.pop_front();
  fewer_.notify_one();
  return task;
}

void TreeQueue::done(std::size_t tasks) {
  const std::lock_guard lock{mutex_};
  open_ -= tasks;
  if (open_ == 0) over_.notify_all();
}

std::optional<Batch> TreeQueue::next_batch(std::size_t unfinished) {
  std::unique_lock lock{mutex_};
  // The walk may wait for the directories of those that only need a sync.
  const auto begun = std::chrono::steady_clock::now();
  while (!stopped_) {
    const bool large = batch_.size() >= limits_.batch;
    const bool waiting = !batch_.empty() || unfinished != 0;
    if (large || (waiting && nothing_to_copy())) return std::exchange(batch_, {});
    if (closed_ && !waiting) return std::nullopt;
    const auto since = unfinished != 0 ? begun : batch_begun_;
    if (!waiting) commit_.wait(lock);
    else if (commit_.wait_until(lock, since + kBatchAge) == std::cv_status::timeout) return std::exchange(batch_, {});
  }
  // What is staged from now on is discarded by whoever brings it.
  for (const auto& file : batch_) file->discard();
  batch_.clear();
  return std::nullopt;
}

void TreeQueue::prove(const Batch& batch) {
  std::unique_lock lock{mutex_};
  std::size_t works = 0;
  for (const auto& file : batch) {
    if (file->stage == Staged::Stage::given_up) continue;  // without any, the workers may have ended
    if (stopped_) {  // so they may have
      file->discard();
      continue;
    }
    to_prove_.push_back(file.get());
    ++works;
  }
  proving_ += works;
  wake_workers(works);
  proven_.wait(lock, [&] { return proving_ == 0; });
}

void TreeQueue::proved() {
  const std::lock_guard lock{mutex_};
  if (--proving_ == 0) proven_.notify_one();
}

void TreeQueue::finished(std::size_t files) {
  const std::lock_guard lock{mutex_};
  reserved_ -= files;
  if (may_begin()) wake_workers(files);
  wake_committer();
}

}  // namespace rcopy::engine
