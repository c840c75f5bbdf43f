// SPDX-License-Identifier: MIT
//
// The rules are sqlite.org/lockingv3.html and, for shared memory, the comment of
// sqlite3_io_methods.xShmLock in sqlite3.h.
#include "support/vfs_locks.hpp"

#include <sqlite3.h>

namespace rcopy::test {

bool DatabaseLocks::lock(Holder& holder, int level) {
  const std::lock_guard lock{mutex_};
  if (holder.level >= level) return true;
  const bool other_writes = writer_ != nullptr && writer_ != &holder;
  if (level == SQLITE_LOCK_SHARED) {
    if (other_writes && writer_->level >= SQLITE_LOCK_PENDING) return false;
    ++shared_;
    holder.level = level;
    return true;
  }
  if (other_writes) return false;
  writer_ = &holder;
  if (level == SQLITE_LOCK_EXCLUSIVE && shared_ > 1) {
    holder.level = SQLITE_LOCK_PENDING;
    return false;
  }
  holder.level = level;
  return true;
}

void DatabaseLocks::unlock(Holder& holder, int level) {
  const std::lock_guard lock{mutex_};
  if (holder.level <= level) return;
  if (writer_ == &holder) writer_ = nullptr;
  if (level == SQLITE_LOCK_NONE) --shared_;
  holder.level = level;
}

bool DatabaseLocks::reserved() const {
  const std::lock_guard lock{mutex_};
  return writer_ != nullptr;
}

void* DatabaseLocks::shared_memory(std::size_t region, std::size_t size_bytes, bool extend) {
  const std::lock_guard lock{mutex_};
  while (extend && shm_.size() <= region) shm_.push_back(std::make_unique<std::byte[]>(size_bytes));
  return region < shm_.size() ? shm_[region].get() : nullptr;
}

bool DatabaseLocks::lock_shared_memory(Holder& holder, int first, int count, int flags) {
  const std::lock_guard lock{mutex_};
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  const auto begin = static_cast<std::size_t>(first);
  const auto end = begin + static_cast<std::size_t>(count);
  auto& mine = exclusive ? holder.shm_exclusive : holder.shm_shared;
  if ((flags & SQLITE_SHM_LOCK) != 0) {
    for (std::size_t i = begin; i < end; ++i) {
      const ShmLock& now = shm_locks_.at(i);
      const bool others_share = now.shared > (holder.shm_shared.at(i) ? 1U : 0U);
      if (now.exclusive && !holder.shm_exclusive.at(i)) return false;
      if (exclusive && others_share) return false;
    }
  }
  for (std::size_t i = begin; i < end; ++i) {
    const bool locks = (flags & SQLITE_SHM_LOCK) != 0;
    if (mine.at(i) == locks) continue;
    mine.at(i) = locks;
    ShmLock& now = shm_locks_.at(i);
    if (exclusive) {
      now.exclusive = locks;
    } else {
      locks ? ++now.shared : --now.shared;
    }
  }
  return true;
}

void DatabaseLocks::leave_locked(Holder& holder) {
  for (std::size_t i = 0; i < kShmLocks; ++i) {
    if (holder.shm_shared.at(i)) --shm_locks_.at(i).shared;
    if (holder.shm_exclusive.at(i)) shm_locks_.at(i).exclusive = false;
  }
  holder.shm_shared.fill(false);
  holder.shm_exclusive.fill(false);
}

void DatabaseLocks::leave_shared_memory(Holder& holder) {
  const std::lock_guard lock{mutex_};
  leave_locked(holder);
}

void DatabaseLocks::release(Holder& holder) {
  unlock(holder, SQLITE_LOCK_NONE);
  leave_shared_memory(holder);
}

}  // namespace rcopy::test
