// SPDX-License-Identifier: MIT
//
// What the file system says about a file, free of system headers. Plain values; any thread.
#pragma once

#include <cstdint>
#include <limits>

namespace rcopy::io {

enum class FileKind { regular, directory, symlink, fifo, socket, block_device, character_device, unknown };

/// One answer of statx(2); of a block device that io::stat() asked, also its size. Times are nanoseconds since 1970.
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
  std::uint64_t rdev = 0;     ///< of a device node: the number of the device it stands for
  /// Of an opened block device: which of all disks since the machine was started is in it; another
  /// stick at the same node has another. 0: the kernel does not say, or it was not asked.
  std::uint64_t disk_sequence = 0;
};

/// Whether both answers are about one file; about devices: one disk, as far as both tell.
[[nodiscard]] inline bool same_file(const Stat& a, const Stat& b) {
  const bool devices = a.kind == FileKind::block_device && b.kind == FileKind::block_device;
  if (!devices) return a.device == b.device && a.inode == b.inode;
  const bool told = a.disk_sequence != 0 && b.disk_sequence != 0;
  return a.rdev == b.rdev && (!told || a.disk_sequence == b.disk_sequence);
}

/// What a mounted file system can do, from statfs(2) and what is known of its type.
struct FsInfo {
  /// For this user; the largest number where the file system does not tell.
  std::uint64_t available_bytes = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max_file_bytes = std::numeric_limits<std::int64_t>::max();
  bool stable_inodes = true;  ///< inode numbers survive a remount (not on FAT, exFAT)
  bool has_holes = true;      ///< what was never written takes no space (not on FAT, exFAT)
  bool tells_dirty = false;   ///< its data waits in the page cache of the file, and nowhere else
  bool allocates_ahead = false;  ///< blocks can be had before they are written, at no cost (ext4, xfs)
  bool has_owners = true;     ///< a new file belongs to who made it (not on FAT, exFAT, FUSE)
  bool reads_past_cache = false;  ///< a direct read is never answered from the page cache (ext4, xfs)
  bool shares_blocks = false; ///< files can share blocks with others on it (xfs, btrfs)
  bool syncs_whole = false;   ///< Directory::sync_file_system() proves as much as a sync of each file would
  std::uint64_t type = 0;     ///< of statfs(2); 0: what it holds is gone once it is unmounted (tmpfs)
  std::uint64_t id = 0;       ///< the same after a remount; 0: it has no such id
  std::uint64_t boot = 0;     ///< which start of the machine this is; 0: not known
};

}  // namespace rcopy::io
