// SPDX-License-Identifier: MIT
//
// What a stick loses when it is pulled: how to undo every change since the sync that would have kept it.
// For stick_fs, which calls it under one lock. A write is kept by an fsync of its file, a name by an
// fsync of its directory, and the name of a new file also by an fsync of that file, as on ext4, xfs and
// btrfs. Attributes and new directories are kept at once.
#pragma once

#include "io/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rcopy::test {

class Unsynced {
 public:
  /// `removed` is a directory on the same file system as the files, for those that lost their name.
  explicit Unsynced(std::filesystem::path removed) : removed_{std::move(removed)} {}

  /// Before `bytes` at `offset_bytes` of an open file are written or cut off. Gives an errno.
  [[nodiscard]] int before_write(int fd, std::uint64_t offset_bytes, std::uint64_t bytes);

  void created(const std::filesystem::path& path, std::uint64_t inode);
  /// These do what they say, so that it can be undone, and give an errno.
  [[nodiscard]] int remove(const std::filesystem::path& path);
  [[nodiscard]] int rename(const std::filesystem::path& from, const std::filesystem::path& to);

  void synced_file(std::uint64_t inode);
  void synced_directory(const std::filesystem::path& directory);

  /// Undoes everything; gives how many bytes and names were lost.
  struct Lost {
    std::uint64_t bytes = 0;
    std::uint64_t names = 0;
  };
  Lost undo();

 private:
  struct OldBytes {
    std::uint64_t offset_bytes;
    std::vector<std::byte> bytes;
  };
  struct File {
    io::UniqueFd fd;  ///< keeps the inode number from being given to another file
    std::uint64_t size_bytes;
    std::vector<OldBytes> old;
  };
  /// `now` becomes `before` again; a file without an earlier name is deleted.
  struct Name {
    std::filesystem::path now;
    std::filesystem::path before;
    std::uint64_t inode = 0;  ///< of a new file
  };

  [[nodiscard]] File* file_of(int fd);
  [[nodiscard]] bool is_removed(const std::filesystem::path& path) const { return path.parent_path() == removed_; }

  std::filesystem::path removed_;
  std::uint64_t removed_count_ = 0;
  std::map<std::uint64_t, File> files_;
  std::vector<Name> names_;
};

}  // namespace rcopy::test
