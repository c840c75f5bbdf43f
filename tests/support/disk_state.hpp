// SPDX-License-Identifier: MIT
//
// The inside of MemoryDisk: inodes, names, the walk along a path. For memory_disk.cpp and
// memory_file.cpp, memory_directory.cpp only. Every member needs `mutex`.
#pragma once

#include "support/memory_disk.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>

namespace rcopy::test {

struct Inode;
using InodePtr = std::shared_ptr<Inode>;

/// A change of one directory that its sync makes durable.
struct NameChange {
  enum class Kind { create, unlink, rename } kind;
  std::string name;
  InodePtr inode;
  std::int64_t time_ns = 0;  ///< the ctime that it gave the inode, durable with it
  std::string from = {};     ///< for rename
};

/// What becomes durable with `change` besides the name.
void settle_time(const NameChange& change);

using Names = std::map<std::string, InodePtr>;

struct Metadata {
  std::uint32_t mode = 0;
  io::Owner owner;
  std::int64_t atime_ns = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::map<std::string, Bytes> xattrs = {};
};

struct Inode {
  std::uint64_t number = 0;
  std::uint64_t serial = 0;  ///< never reused: tells the younger of two
  io::FileKind kind = io::FileKind::regular;
  std::uint64_t links = 0;  ///< names now
  std::uint64_t open_files = 0;
  std::uint64_t lock_holder = 0;  ///< id of the open file that has the flock, 0: nobody
  std::set<std::uint64_t> lock_sharers;  ///< likewise of those that have it shared
  std::uint64_t exclusive_holder = 0;  ///< of a device: id of the open file that has it to itself
  std::int64_t birth_ns = 0;
  Metadata metadata;
  Metadata durable_metadata;

  FileData data;            // regular, block device
  std::string link_target;  // symlink
  std::uint64_t rdev = 0;   // device; 0 where it is made of the number
  /// Of a directory "..". Of others the only directory that ever named it; nothing for several.
  std::weak_ptr<Inode> up;
  Names names;  // directory
  Names durable_names;
  std::vector<NameChange> unsynced_names;

  [[nodiscard]] bool has_data() const {
    return kind == io::FileKind::regular || kind == io::FileKind::block_device;
  }
  /// What a device holds is not on this disk.
  [[nodiscard]] std::uint64_t stored_pages() const {
    return kind == io::FileKind::regular ? data.stored_pages() : 0;
  }
};

struct Walked {
  int error = 0;
  InodePtr inode = {};      ///< nothing with an error
  InodePtr directory = {};  ///< of the last component; with ENOENT: only that is missing
  std::string name = {};
  std::filesystem::path real = {};
};

struct BadSpot {
  std::uint64_t offset_bytes = 0;
  std::uint64_t times = 0;
};

enum class Access : std::uint32_t { execute = 1, write = 2, read = 4 };

struct DiskState {
  DiskState(DiskSettings settings, std::shared_ptr<PowerSwitch> power);
  /// See MemoryDisk.
  DiskState(const DiskState& at_rest, Seed seed);
  ~DiskState();
  DiskState(const DiskState&) = delete;
  DiskState& operator=(const DiskState&) = delete;

  // --- calls
  /// Counts one call of a handle opened in `epoch`: 0, or EIO.
  [[nodiscard]] int enter(std::uint64_t handle_epoch);
  std::int64_t now();  ///< the clock ticks

  // --- names (disk_names.cpp)
  [[nodiscard]] Walked walk(InodePtr directory, const std::filesystem::path& path,
                            io::Links links) const;
  [[nodiscard]] bool may(const Inode& inode, Access access) const;
  [[nodiscard]] int may_remove(const Inode& directory, const Inode& inode) const;
  InodePtr make(const InodePtr& directory, const std::string& name, io::FileKind kind,
                std::uint32_t mode);
  void add_name(const InodePtr& directory, const std::string& name, const InodePtr& inode);
  void remove_name(Inode& directory, const std::string& name);
  void rename(Inode& directory, const std::string& from, const std::string& to);
  void sync_names(Inode& directory);
  void sync_all_names(Inode& directory);  ///< and of all directories below
  /// Makes the present state of one name durable and takes it out of the unsynced changes.
  void settle_name(Inode& directory, const std::string& name);
  void settle_number(Inode& directory, const Inode& owner);  ///< nobody else comes back with its number
  void opened(Inode& inode);
  void closed(const InodePtr& inode);

  // --- data
  [[nodiscard]] io::Stat stat_of(const Inode& inode) const;
  [[nodiscard]] std::uint64_t free_pages() const;
  /// Runs `change` and counts the pages that it took or gave back.
  template <class Change>
  void change_data(Inode& inode, Change change) {
    used_pages -= inode.stored_pages();
    change(inode.data);
    used_pages += inode.stored_pages();
  }
  void touch_content(Inode& inode);  ///< mtime and ctime are now
  int sync_file(Inode& inode, const std::filesystem::path& path);
  int sync_directory(Inode& inode);
  int sync_everything();  ///< syncfs(2), less what its handle has to say of errors before
  void write_back(Inode& inode, const std::filesystem::path& path, std::uint64_t offset_bytes,
                  std::uint64_t length);

  // --- power
  void lose(Loss loss);
  void settle(const InodePtr& inode);  ///< what it is and all below is durable, and not in the cache
  void reboot();             ///< what was open is dead; links, numbers and space are counted anew

  mutable std::mutex mutex;
  DiskSettings settings;
  std::shared_ptr<PowerSwitch> power;
  WriteAccess writing = WriteAccess::allowed;
  std::mt19937_64 random;
  InodePtr root;
  std::uint64_t epoch = 1;
  std::uint64_t next_open_file = 1;
  std::int64_t clock_ns = 1'700'000'000'000'000'000;
  std::uint64_t used_pages = 0;
  int next_write_back_error = 0;
  std::uint64_t write_back_errors = 0;  ///< that happened, ever
  int last_write_back_error = 0;
  std::multimap<std::string, BadSpot> bad_spots;  ///< by absolute normal path

 private:
  int write_back_fails(Inode& inode);  ///< the error that was ordered, or 0
  void release_if_dead(const InodePtr& inode);
  [[nodiscard]] std::uint64_t take_number(const InodePtr& directory);
  [[nodiscard]] Names names_after_cut(const Inode& directory, Loss loss);

  static constexpr std::uint64_t kRootNumber = 2;  // as on ext4
  static constexpr std::uint64_t kFirstNumber = 12;

  std::uint64_t next_number_ = kFirstNumber;
  std::uint64_t next_serial_ = 1;
  std::map<std::uint64_t, std::weak_ptr<Inode>> freed_numbers_;
};

}  // namespace rcopy::test
