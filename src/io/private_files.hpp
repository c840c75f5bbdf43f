// SPDX-License-Identifier: MIT
//
// Files that belong to rcopy itself and to nobody else: the journal and what lies beside it. Linux
// calls outside the seam of io/file_system.hpp, because SQLite opens and reads the journal by
// itself. EINTR is repeated; failures are thrown as Error. No state; any thread.
#pragma once

#include "io/unique_fd.hpp"

#include <filesystem>
#include <optional>
#include <utility>

namespace rcopy::io {

/// `mkdir -p`. What this creates gets mode 0700 and survives a power cut; what exists stays as is.
void make_private_directories(const std::filesystem::path& path);

/// Creates an empty file of mode 0600 where nothing has that name; an existing one stays as is.
/// Opens nothing: to close a descriptor of a file drops every POSIX lock that this process holds
/// on it, also those that SQLite took in other threads.
void create_private_file(const std::filesystem::path& path);

/// Whether other machines may write to the file system that holds `path`. There memory shared
/// through a file is not shared with them. FUSE counts as local.
[[nodiscard]] bool on_network_file_system(const std::filesystem::path& path);

/// The same for a type of statfs(2).
[[nodiscard]] bool is_network_file_system(unsigned long type);

/// Gives a file another name in its directory. A missing one is fine.
void rename_if_there(const std::filesystem::path& from, const std::filesystem::path& to);

/// A flock(2) of a directory, dropped by the destructor. It excludes other DirectoryLocks, in this
/// process and others, and nothing else. On a network file system it may work within one machine
/// only; where there is no such lock, or the directory cannot be read, it is a lock of nothing.
class DirectoryLock {
 public:
  enum class Mode { shared, exclusive };

  /// Nothing where another lock is in the way.
  [[nodiscard]] static std::optional<DirectoryLock> try_take(const std::filesystem::path& directory,
                                                             Mode mode);

 private:
  explicit DirectoryLock(UniqueFd fd) : fd_{std::move(fd)} {}

  UniqueFd fd_;
};

}  // namespace rcopy::io
