// SPDX-License-Identifier: MIT
//
// Open directories and files of a MemoryDisk. For memory_disk.cpp and each other only. Each call takes the disk's
// lock, so any thread may make it.
#pragma once

#include "support/disk_state.hpp"

namespace rcopy::test {

/// One counted call: holds the disk's lock while it lives.
class CountedCall {
 public:
  explicit CountedCall(DiskState& disk) : lock_{disk.mutex}, error_{disk.enter(disk.epoch)} {}
  CountedCall(DiskState& disk, std::uint64_t handle_epoch)
      : lock_{disk.mutex}, error_{disk.enter(handle_epoch)} {}
  [[nodiscard]] int error() const { return error_; }

 private:
  std::lock_guard<std::mutex> lock_;
  int error_;
};

/// With the disk's lock held.
[[nodiscard]] std::unique_ptr<io::Directory> open_memory_directory(std::shared_ptr<DiskState> disk, InodePtr inode,
                                                                   std::filesystem::path path, io::DirectoryUse use);

/// Likewise.
[[nodiscard]] std::unique_ptr<io::File> open_memory_file(std::shared_ptr<DiskState> disk, InodePtr inode,
                                                         std::filesystem::path path, io::OpenMode mode);

}  // namespace rcopy::test
