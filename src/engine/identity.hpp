// SPDX-License-Identifier: MIT
//
// From what the file system says about a file to the identities the journal keeps and the plan
// compares.
#pragma once

#include "engine/plan.hpp"
#include "io/stat.hpp"
#include "journal/row.hpp"

namespace rcopy::engine {

[[nodiscard]] inline journal::SourceIdentity source_identity(const io::Stat& stat, const io::FsInfo& fs) {
  return {.device = stat.device,
          .inode = fs.stable_inodes ? stat.inode : 0,
          .size_bytes = stat.size_bytes,
          .mtime_ns = stat.mtime_ns,
          .ctime_ns = stat.ctime_ns};
}

[[nodiscard]] inline journal::PartialIdentity partial_identity(const io::Stat& stat, const io::FsInfo& fs) {
  return {.device = stat.device, .inode = fs.stable_inodes ? stat.inode : 0, .birth_ns = stat.birth_ns};
}

/// Without a ctime where it does not survive a remount (exFAT gives the mtime instead).
[[nodiscard]] inline journal::ContentTimes content_times(const io::Stat& stat, const io::FsInfo& fs) {
  return {.mtime_ns = stat.mtime_ns, .ctime_ns = fs.stable_inodes ? stat.ctime_ns : 0};
}

[[nodiscard]] inline FoundFile found_file(const io::Stat& stat, const io::FsInfo& fs) {
  return {.identity = partial_identity(stat, fs), .times = content_times(stat, fs), .size_bytes = stat.size_bytes};
}

}  // namespace rcopy::engine
