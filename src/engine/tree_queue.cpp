// SPDX-License-Identifier: MIT
#include "engine/tree_queue.hpp"

#include <utility>

namespace rcopy::engine {
namespace {

/// Older files need not wait for more of them.
constexpr std::chrono::milliseconds kBatchAge{100};

}  // namespace

bool TreeQueue::put(TreeTask task) {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return tasks_.size() < limits_.waiting || stopped_; });
  if (stopped_) return false;
  ++open_;
  tasks_.push_back(std::move(task));
  work_.notify_one();
  return true;
}

void TreeQueue::again(TreeTask task) {
  const std::lock_guard lock{mutex_};
  ++open_;
  tasks_.push_back(std::move(task));
  work_.notify_one();
}

void TreeQueue::wait_until_done() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return open_ == 0 || stopped_; });
}

void TreeQueue::close() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
  changed_.notify_all();
  work_.notify_all();
}

void TreeQueue::stop() {
  const std::lock_guard lock{mutex_};
  stopped_ = true;
  changed_.notify_all();
  work_.notify_all();
}

std::optional<TreeQueue::Work> TreeQueue::next() {
  std::unique_lock lock{mutex_};
  work_.wait(lock, [&] { return !to_prove_.empty() || may_begin() || closed_ || stopped_; });
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
  changed_.notify_all();
  return Work{std::move(task)};
}

void TreeQueue::staged(std::unique_ptr<Staged> file) {
  const std::lock_guard lock{mutex_};
  --copying_;
  if (batch_.empty()) batch_begun_ = std::chrono::steady_clock::now();
  batch_.push_back(std::move(file));
  changed_.notify_all();
}

void TreeQueue::ended() {
  const std::lock_guard lock{mutex_};
  --copying_;
  --reserved_;
  work_.notify_one();
  changed_.notify_all();
}

void TreeQueue::put_slow(TreeTask task) {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return slow_.size() < limits_.slow || stopped_; });
  slow_.push_back(std::move(task));
  changed_.notify_all();
}

std::optional<TreeTask> TreeQueue::next_slow() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return !slow_.empty() || closed_ || stopped_; });
  if (slow_.empty() || stopped_) return std::nullopt;
  TreeTask task = std::move(slow_.front());
  slow_.pop_front();
  changed_.notify_all();
  return task;
}

void TreeQueue::done(std::size_t tasks) {
  const std::lock_guard lock{mutex_};
  open_ -= tasks;
  changed_.notify_all();
}

std::optional<Batch> TreeQueue::next_batch(std::size_t unfinished) {
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    const bool large = batch_.size() >= limits_.batch;
    const bool waiting = !batch_.empty() || unfinished != 0;
    if (large || (waiting && nothing_to_copy())) return std::exchange(batch_, {});
    if (closed_ && !waiting) return std::nullopt;
    if (batch_.empty()) {
      changed_.wait(lock);
    } else if (changed_.wait_until(lock, batch_begun_ + kBatchAge) == std::cv_status::timeout) {
      return std::exchange(batch_, {});
    }
  }
  for (const auto& file : batch_) file->discard();
  batch_.clear();
  return std::nullopt;
}

void TreeQueue::prove(const Batch& batch) {
  std::unique_lock lock{mutex_};
  for (const auto& file : batch) to_prove_.push_back(file.get());
  proving_ += batch.size();
  work_.notify_all();
  changed_.wait(lock, [&] { return proving_ == 0; });
}

void TreeQueue::proved() {
  const std::lock_guard lock{mutex_};
  if (--proving_ == 0) changed_.notify_all();
}

void TreeQueue::finished(std::size_t files) {
  const std::lock_guard lock{mutex_};
  reserved_ -= files;
  work_.notify_all();
  changed_.notify_all();
}

}  // namespace rcopy::engine
