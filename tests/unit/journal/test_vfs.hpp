// SPDX-License-Identifier: MIT
//
// SQLite's own VFS with ears: counts what a journal asks of the disk and of other processes.
// Registered for as long as it lives. Counters may be read from any thread.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace rcopy::test {

class TestVfs {
 public:
  TestVfs() : base_{sqlite3_vfs_find(nullptr)} {
    static std::atomic<unsigned> made{0};
    name_ = "rcopy-test-" + std::to_string(++made);
    // The functions that are not replaced do not look at pAppData; xOpen of the base gets the base.
    vfs_ = *base_;
    vfs_.zName = name_.c_str();
    vfs_.pAppData = this;
    vfs_.xOpen = &TestVfs::open;
    if (sqlite3_vfs_register(&vfs_, 0) != SQLITE_OK) throw std::runtime_error{"no test VFS"};
  }
  ~TestVfs() { sqlite3_vfs_unregister(&vfs_); }
  TestVfs(const TestVfs&) = delete;
  TestVfs& operator=(const TestVfs&) = delete;

  [[nodiscard]] const char* name() const { return name_.c_str(); }
  [[nodiscard]] unsigned syncs() const { return syncs_; }
  /// How often a lock in the shared memory of a WAL was not to be had.
  [[nodiscard]] unsigned refused_locks() const { return refused_locks_; }

 private:
  /// A table of methods in which some are ours. Files point to `methods`, which comes first.
  struct Patched {
    sqlite3_io_methods methods;
    const sqlite3_io_methods* original;
    TestVfs* owner;
  };

  static const Patched& patched(sqlite3_file* file) {
    return *reinterpret_cast<const Patched*>(file->pMethods);
  }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    auto* self = static_cast<TestVfs*>(vfs->pAppData);
    const int result = self->base_->xOpen(self->base_, name, file, flags, out);
    if (file->pMethods != nullptr) file->pMethods = &self->patch(file->pMethods).methods;
    return result;
  }

  const Patched& patch(const sqlite3_io_methods* original) {
    const std::lock_guard lock{mutex_};
    for (const auto& known : tables_) {
      if (known->original == original) return *known;
    }
    auto table = std::make_unique<Patched>(Patched{*original, original, this});
    table->methods.xSync = &TestVfs::sync;
    table->methods.xShmLock = &TestVfs::shm_lock;
    tables_.push_back(std::move(table));
    return *tables_.back();
  }

  static int sync(sqlite3_file* file, int flags) {
    const Patched& table = patched(file);
    ++table.owner->syncs_;
    return table.original->xSync(file, flags);
  }

  static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    const Patched& table = patched(file);
    const int result = table.original->xShmLock(file, offset, count, flags);
    if (result == SQLITE_BUSY) ++table.owner->refused_locks_;
    return result;
  }

  sqlite3_vfs* base_;
  sqlite3_vfs vfs_{};
  std::string name_;
  std::atomic<unsigned> syncs_{0};
  std::atomic<unsigned> refused_locks_{0};
  std::mutex mutex_;
  std::vector<std::unique_ptr<Patched>> tables_;
};

}  // namespace rcopy::test
