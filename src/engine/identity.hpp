// SPDX-License-Identifier: MIT
//
// From what the file system says about a file to the identities the journal keeps and the plan
// compares. The node of a block device says nothing about the disk behind it; its inode and times
// are left out.
#pragma once

#include "engine/plan.hpp"
#include "io/stat.hpp"
#include "journal/row.hpp"

namespace rcopy::engine {

/// Stands for the inode of a block device that io::stat() asked: the same as long as the same disk is
/// in it and the machine runs. 0 where the kernel does not tell.
[[nodiscard]] std::uint64_t disk_identity(const io::Stat& device, const io::FsInfo& fs);

[[nodiscard]] inline bool is_device(const io::Stat& stat) { return stat.kind == io::FileKind::block_device; }

[[nodiscard]] inline std::uint64_t inode_identity(const io::Stat& stat, const io::FsInfo& fs) {
  if (is_device(stat)) return disk_identity(stat, fs);
  return fs.stable_inodes ? stat.inode : 0;
}

[[nodiscard]] inline journal::SourceIdentity source_identity(const io::Stat& stat, const io::FsInfo& fs) {
  return {.device = is_device(stat) ? stat.rdev : stat.device,
          .inode = inode_identity(stat, fs),
          .size_bytes = stat.size_bytes,
          .mtime_ns = is_device(stat) ? 0 : stat.mtime_ns,
          .ctime_ns = is_device(stat) ? 0 : stat.ctime_ns};
}

[[nodiscard]] inline journal::PartialIdentity partial_identity(const io::Stat& stat, const io::FsInfo& fs) {
  return {.device = is_device(stat) ? stat.rdev : stat.device,
          .inode = inode_identity(stat, fs),
          .birth_ns = is_device(stat) ? 0 : stat.birth_ns};
}

/// Without a ctime where it does not survive a remount (exFAT gives the mtime instead).
[[nodiscard]] inline journal::ContentTimes content_times(const io::Stat& stat, const io::FsInfo& fs) {
  if (is_device(stat)) return {};
  return {.mtime_ns = stat.mtime_ns, .ctime_ns = fs.stable_inodes ? stat.ctime_ns : 0};
}

[[nodiscard]] inline FoundFile found_file(const io::Stat& stat, const io::FsInfo& fs) {
  return {.kind = stat.kind,
          .identity = partial_identity(stat, fs),
          .times = content_times(stat, fs),
          .size_bytes = stat.size_bytes};
}

}  // namespace rcopy::engine
