// SPDX-License-Identifier: MIT
//
// The locks of one SQLite database and the shared memory of its WAL, for the connections of one
// process: what os_unix.c keeps in fcntl(2) locks and in the -shm file. For seam_vfs.cpp only. Any
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace rcopy::test {

class DatabaseLocks {
 public:
  static constexpr std::size_t kShmLocks = 8;

  /// What one connection holds.
  struct Holder {
    int level = 0;  ///< SQLITE_LOCK_NONE ... SQLITE_LOCK_EXCLUSIVE
    std::array<bool, kShmLocks> shm_shared{};
    std::array<bool, kShmLocks> shm_exclusive{};
  };

  /// False: another connection is in the way. As SQLite has it, a writer that waits for readers
  /// keeps new ones out meanwhile.
  [[nodiscard]] bool lock(Holder& holder, int level);
  void unlock(Holder& holder, int level);
  [[nodiscard]] bool reserved() const;

  /// Nothing where it is not there and `extend` is not asked for.
  [[nodiscard]] void* shared_memory(std::size_t region, std::size_t size_bytes, bool extend);
  [[nodiscard]] bool lock_shared_memory(Holder& holder, int first, int count, int flags);
  void leave_shared_memory(Holder& holder);

  /// Everything, when a connection closes its file.
  void release(Holder& holder);

 private:
  struct ShmLock {
    unsigned shared = 0;
    bool exclusive = false;
  };

  void leave_locked(Holder& holder);

  mutable std::mutex mutex_;
  unsigned shared_ = 0;               ///< connections with SHARED or more
  const Holder* writer_ = nullptr;    ///< the one with RESERVED or more
  std::array<ShmLock, kShmLocks> shm_locks_{};
  std::vector<std::unique_ptr<std::byte[]>> shm_;
};

}  // namespace rcopy::test
