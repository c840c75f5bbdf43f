// SPDX-License-Identifier: MIT
//
// A SQLite VFS whose files are those of an io::FileSystem double: a database on a MemoryDisk loses
// what SQLite did not sync, at the same call as the copy beside it. Locks and the shared memory of
// a WAL are in this object. Does what os_unix.c of SQLite 3.40 does on Linux, call for call, and
// can fail the n-th call with any result code. Any thread.
#pragma once

#include "support/faulty.hpp"

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>

namespace rcopy::test {

// clang-format off
enum class VfsCall {
  open, remove, access, read, write, truncate, sync, file_size, lock, shm_map, shm_lock,
};
// clang-format on

inline constexpr std::size_t kVfsCalls = static_cast<std::size_t>(VfsCall::shm_lock) + 1;

[[nodiscard]] const char* name_of(VfsCall kind);
std::ostream& operator<<(std::ostream& out, VfsCall kind);

/// A failure to come: the n-th call of its kind, from now on, gives `result`, a SQLite code.
struct VfsFault {
  VfsCall kind = VfsCall::open;
  std::uint64_t nth = 1;
  int result = 0;
  Repeat repeat = Repeat::once;
  Effect effect = Effect::none;
};

class SeamVfs {
 public:
  /// The files of a database at any path are the ones with their names in `directory` of `below`.
  SeamVfs(io::FileSystem& below, std::filesystem::path directory);
  ~SeamVfs();
  SeamVfs(const SeamVfs&) = delete;
  SeamVfs& operator=(const SeamVfs&) = delete;

  [[nodiscard]] const char* name() const;

  /// Replaces the one before; nothing: no call fails by itself any more.
  void set_fault(std::optional<VfsFault> fault);
  [[nodiscard]] std::uint64_t injected() const;  ///< calls that failed by the present fault

  /// The machine was off: no file is open any more, locks and shared memory are gone. For a test
  /// that has no connection open.
  void reboot();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace rcopy::test
