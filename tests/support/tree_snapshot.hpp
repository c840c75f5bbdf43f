// SPDX-License-Identifier: MIT
//
// What a tree on a MemoryDisk holds at one moment, and what must hold between such moments: of a copy that is under
// way, of what was said to be finished, of a copy that is complete. Plain values; one thread.
#pragma once

#include "support/memory_disk.hpp"
#include "support/promises.hpp"

#include <rcopy/events.hpp>

#include <map>
#include <string>

namespace rcopy::test {

/// One name in a tree; of a directory without what is in it.
struct TreeNode {
  io::FileKind kind = io::FileKind::regular;
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;
  std::int64_t mtime_ns = 0;
  Bytes bytes;                                ///< of a regular file
  std::filesystem::path target;               ///< of a symlink
  std::map<std::string, Bytes> xattrs = {};   ///< of a regular file
};

/// By path below the root, which is the empty one. Nothing where there is no root.
using TreeSnapshot = std::map<std::string, TreeNode>;

/// The power must be on.
[[nodiscard]] TreeSnapshot snapshot(MemoryDisk& disk, const std::filesystem::path& root);

/// A name that is only there while rcopy works.
[[nodiscard]] bool is_temporary(const std::filesystem::path& name);

/// The same file, link or node; a directory equals any other.
[[nodiscard]] bool same_content(const TreeNode& a, const TreeNode& b);

/// The source, and what the destination held before, in a copy that is under way.
struct TreeChange {
  TreeSnapshot fresh;
  TreeSnapshot old;
  bool names_keep_attributes = true;  ///< else only a sync of the whole file system would make those of symlinks and nodes durable
};

/// Promise 1: each name holds what it held or what it is to hold.
[[nodiscard]] Broken broken_names(const TreeSnapshot& now, const TreeChange& change);

/// Promise 3: what was said to be finished is there, with its attributes. `root` is the destination.
[[nodiscard]] Broken broken_finished(const TreeSnapshot& now, const TreeChange& change,
                                     const std::vector<TransferFinished>& finished, const std::filesystem::path& root);

/// Everything is there, with attributes and link structure, and nothing else but what was there before.
[[nodiscard]] Broken broken_copy(const TreeSnapshot& now, const TreeChange& change);

}  // namespace rcopy::test
