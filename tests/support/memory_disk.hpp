// SPDX-License-Identifier: MIT
//
// A file system in memory that behaves like Linux on ext4 where copying can notice: inode numbers
// are reused, files live while they are open, flock belongs to the open file, direct reads go past
// the cache, and a power cut forgets what was not synced. Any thread, except as noted.
#pragma once

#include "io/file_system.hpp"
#include "support/bytes.hpp"
#include "support/file_data.hpp"
#include "support/power_switch.hpp"

#include <chrono>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace rcopy::test {

/// What a power cut takes.
enum class Loss {
  everything_unsynced,  ///< data and size since the last sync, metadata since sync_all, names since
                        ///< the last sync of their directory
  random_pages,  ///< of these, a random part: pages, size, metadata and name changes one by one,
                 ///< in any order; a rename is still whole or not at all
  names_kept,    ///< data, size and metadata, but no name change
};

/// What makes the name of a new or renamed file durable.
enum class NamesDurableBy {
  directory_sync,  ///< only that: what POSIX promises
  any_sync,        ///< sync of any file too: what the journal of ext4 does
};

enum class DirectIo { allowed, refused_by_open, refused_when_used };  ///< refused: EINVAL
enum class WriteAccess { allowed, refused };  ///< refused: mounted read-only

/// Fixed when the disk is made, except for what MemoryDisk has a setter for.
struct DiskSettings {
  Seed seed{};                                            ///< for Loss::random_pages
  std::uint64_t capacity_bytes = std::uint64_t{1} << 50;  ///< pages of zeros take none of it
  std::uint64_t max_file_bytes = std::numeric_limits<std::int64_t>::max();
  bool disk_sequences = true;  ///< else the kernel is too old to tell one stick from another
  bool stable_inodes = true;  ///< else remount() gives every file another number
  /// Else as vfat that root mounted for all: every file belongs to root with mode 0777, set_owner
  /// is refused, and set_mode is refused to others and without effect for root. Nor are there symlinks or nodes.
  bool has_owners = true;
  bool has_links = true;  ///< else hard links are refused, as on FAT
  bool can_clone = false;  ///< as xfs and btrfs; a file that put_generated() made cannot be cloned
  bool has_holes = true;  ///< else a file is data from end to end, and punching a hole is refused
  bool says_holes = true;  ///< else it says that it has none, as FAT does
  bool syncs_whole = true;  ///< else sync_file_system() makes nothing durable, and says that all is well
  NamesDurableBy names = NamesDurableBy::directory_sync;
  DirectIo direct_io = DirectIo::allowed;
  std::uint32_t umask = 022;
  std::uint32_t user = 1000;  ///< who the process is; 0 may do everything
  std::uint32_t group = 1000;
  std::uint64_t device = 0x801;
  std::chrono::nanoseconds tick{1'000'003};  ///< what the fake clock goes forward with each call
};

struct DiskState;

/// The functions of io::FileSystem, and of the directories and files it opens, are the calls that
/// are counted and that a power cut stops. All others are the test's own hand: they reach into the
/// disk at once, durably, whatever the power or the permissions, and throw std::system_error where
/// the path is wrong. Relative paths start at "/".
class MemoryDisk final : public io::FileSystem {
 public:
  explicit MemoryDisk(DiskSettings settings = {}, std::shared_ptr<PowerSwitch> power = nullptr);
  /// A disk of the same content, names, numbers and time, with a power switch and a seed of its
  /// own, made in no time: pages are shared until one of both writes. `at_rest` must come from
  /// restore_power() or remount(); throws std::logic_error where it holds unsynced changes.
  MemoryDisk(const MemoryDisk& at_rest, Seed seed);
  ~MemoryDisk() override;
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  // --- the seam
  io::Result<std::unique_ptr<io::Directory>> open_directory(
      const std::filesystem::path& path, io::DirectoryUse use) override;
  io::Result<io::Stat> stat(const std::filesystem::path& path, io::Links links) override;
  io::Result<std::filesystem::path> resolve(const std::filesystem::path& path) override;
  [[nodiscard]] std::string device_user(std::uint64_t rdev) const override;
  [[nodiscard]] bool share_blocks(std::uint64_t rdev, std::uint64_t other_rdev) const override;
  [[nodiscard]] std::uint32_t umask() const override;
  [[nodiscard]] std::uint32_t user() const override;

  // --- files by hand. What is made is owned by the user; files 0644, directories 0755.
  /// Replaces the content of an existing file in place, as `>` does, or makes one.
  void put(const std::filesystem::path& path, const Bytes& bytes);
  /// A file of any size that takes no memory.
  void put_generated(const std::filesystem::path& path, std::uint64_t size_bytes,
                     Generator generator);
  void mkdir(const std::filesystem::path& path);
  void symlink(const std::filesystem::path& target, const std::filesystem::path& path);
  void hard_link(const std::filesystem::path& existing, const std::filesystem::path& path);
  /// A block device of zeros; putting one where one was puts another disk into the node.
  void put_device(const std::filesystem::path& path, std::uint64_t size_bytes);
  void set_xattr(const std::filesystem::path& path, const std::string& name, const Bytes& value);
  [[nodiscard]] std::map<std::string, Bytes> xattrs(const std::filesystem::path& path) const;
  /// The node stays, as on a card reader; whoever has it open finds a device of 0 bytes.
  void pull_disk(const std::filesystem::path& device);
  /// A fifo, socket or device: only its kind.
  void put_special(const std::filesystem::path& path, io::FileKind kind);
  void move(const std::filesystem::path& from, const std::filesystem::path& to);
  /// Directories with everything in them.
  void remove(const std::filesystem::path& path);
  void set_mode(const std::filesystem::path& path, std::uint32_t mode);
  void set_owner(const std::filesystem::path& path, io::Owner owner);
  /// Sets mtime; ctime is now.
  void set_mtime(const std::filesystem::path& path, std::int64_t mtime_ns);
  /// Inverts the lowest bit of one byte, wherever that byte is kept; times stay.
  void flip(const std::filesystem::path& path, std::uint64_t offset_bytes);
  /// The same on the medium only: where the cache holds the page (it was written or read since the
  /// last drop), it goes on showing the old byte. Without effect on a page yet to be written back.
  void flip_on_medium(const std::filesystem::path& path, std::uint64_t offset_bytes);
  /// A bad spot of the medium: the next `times` times that a file opened as `path` has this byte
  /// written back, the medium keeps it inverted and nobody is told.
  void spoil_write_back(const std::filesystem::path& path, std::uint64_t offset_bytes,
                        std::uint64_t times);
  /// A directory with everything in it, or a file, is durable now: so early may the kernel's own
  /// write-back come.
  void write_back(const std::filesystem::path& path);
  /// The next sync of a file with unsynced changes fails with `error`, and its dirty pages count as
  /// clean although the medium never got them; the sync after it is fine (Linux since 4.13). Of the
  /// file system each directory that was open at that time tells it once more.
  void fail_write_back(int error);

  // --- looking. Follows symlinks, except exists().
  [[nodiscard]] Bytes get(const std::filesystem::path& path, View view = View::cached) const;
  /// Whether the file is at least as long as `bytes` and begins with them.
  [[nodiscard]] bool begins_with(const std::filesystem::path& path, std::span<const std::byte> bytes,
                                 View view) const;
  [[nodiscard]] std::uint64_t size_of(const std::filesystem::path& path, View view) const;
  [[nodiscard]] bool exists(const std::filesystem::path& path) const;
  [[nodiscard]] io::Stat look(const std::filesystem::path& path,
                              io::Links links = io::Links::follow) const;
  [[nodiscard]] std::vector<std::string> list(
      const std::filesystem::path& directory) const;  ///< sorted

  // --- the machine
  void set_capacity(std::uint64_t capacity_bytes);
  void set_direct_io(DirectIo direct_io);
  void set_writing(WriteAccess writing);
  void set_user(io::Owner user);
  /// `calls` more calls work; every one after that fails with EIO until restore_power().
  void cut_power_after(std::uint64_t calls);
  /// Cuts the power if it is still on, loses what a cut loses, and boots: no file is open any more
  /// (EIO), no lock is held. For a test that uses no other thread at that moment.
  void restore_power(Loss loss);
  [[nodiscard]] bool power_on() const;
  [[nodiscard]] std::uint64_t calls() const;  ///< made with the power on, ever
  /// A clean unmount and mount: all is durable, the cache is empty, no file is open any more (EIO).
  void remount();

 private:
  std::shared_ptr<DiskState> state_;
};

}  // namespace rcopy::test
