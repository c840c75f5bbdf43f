// SPDX-License-Identifier: MIT
//
// What the file system says about a file, free of system headers. Plain values; any thread.
#pragma once

#include <cstdint>
#include <limits>

namespace rcopy::io {

enum class FileKind { regular, directory, symlink, fifo, socket, block_device, character_device, unknown };

/// One answer of statx(2). Times are nanoseconds since 1970.
struct Stat {
  FileKind kind = FileKind::unknown;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t links = 0;
  std::uint32_t mode = 0;  ///< permission and set-id bits, 07777
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t atime_ns = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::int64_t birth_ns = 0;  ///< 0: the file system does not say
  bool mount_root = false;    ///< where a file system, or a part of one, is mounted
};

/// What a mounted file system can do, from statfs(2) and what is known of its type.
struct FsInfo {
  /// For this user; the largest number where the file system does not tell.
  std::uint64_t available_bytes = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max_file_bytes = std::numeric_limits<std::int64_t>::max();
  bool stable_inodes = true;  ///< inode numbers survive a remount (not on FAT, exFAT)
  bool has_owners = true;     ///< a new file belongs to who made it (not on FAT, exFAT, FUSE)
  std::uint64_t type = 0;     ///< of statfs(2); 0: what it holds is gone once it is unmounted (tmpfs)
  std::uint64_t id = 0;       ///< the same after a remount; 0: it has no such id
};

}  // namespace rcopy::io
