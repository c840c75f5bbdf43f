// SPDX-License-Identifier: MIT
//
// The seam to the disk: one virtual call is one system call on a whole buffer. No call here
// retries, loops or throws; that is done once, above, in io/calls.hpp, so that test doubles stand
// below it. A File may be used by several threads at once except for close().
#pragma once

#include "io/stat.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace rcopy::io {

/// A value, or the errno that came instead (`error` 0 means the value counts).
template <class T>
struct [[nodiscard]] Result {
  T value{};
  int error = 0;
};

/// The name of a directory entry: raw bytes, no slash.
using Name = std::filesystem::path;

enum class OpenMode {
  source,         ///< read only; symlinks were resolved before; never blocks on a FIFO
  partial,        ///< read and write an existing file; a symlink is an error (ELOOP)
  create_partial, ///< O_EXCL, read and write, mode 0600
  read_back,      ///< read only, through the page cache; a symlink is an error
  read_direct,    ///< read only, O_DIRECT: offset, length and address in multiples of kDirectAlignment
  device,         ///< read and write a block device, O_EXCL: EBUSY where it is mounted or otherwise in use
  write_direct,   ///< write only, O_DIRECT as above; a symlink is an error
  attributes,     ///< whatever it is, also a symlink itself, is not opened (O_PATH): stat, owner, mode, times
                  ///< and extended attributes only
};

inline constexpr std::size_t kDirectAlignment = 4096;

/// What a direct read of so many bytes asks for.
[[nodiscard]] constexpr std::size_t whole_sectors(std::size_t bytes) {
  return (bytes + kDirectAlignment - 1) / kDirectAlignment * kDirectAlignment;
}

struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// What the name of a directory entry is said to be, without looking at the file itself.
struct Entry {
  Name name;
  std::uint64_t inode = 0;
  FileKind kind = FileKind::unknown;  ///< unknown where the file system does not say
};

/// A file that is no regular file, directory or symlink.
struct Node {
  FileKind kind = FileKind::fifo;  ///< or a socket, block or character device
  std::uint32_t mode = 0;          ///< less the umask
  std::uint64_t rdev = 0;          ///< of a device
};

struct Times {
  std::int64_t atime_ns = 0;
  std::int64_t mtime_ns = 0;
};

/// A part of a file.
struct Extent {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;  ///< 0, for the page cache: to the end of the file
};

/// One open file. The destructor closes and forgets, which is right for what was only read or is
/// abandoned; a file that was written ends with close(), whose answer counts.
/// Calls that return int give 0 or an errno.
class File {
 public:
  virtual ~File() = default;

  [[nodiscard]] virtual const std::filesystem::path& path() const = 0;  ///< for messages
  virtual Result<std::size_t> read_at(std::span<std::byte> buffer, std::uint64_t offset_bytes) = 0;
  virtual Result<std::size_t> write_at(std::span<const std::byte> data, std::uint64_t offset_bytes) = 0;
  [[nodiscard]] virtual int sync_data() = 0;  ///< fdatasync
  [[nodiscard]] virtual int sync_all() = 0;   ///< fsync
  [[nodiscard]] virtual int truncate(std::uint64_t size_bytes) = 0;
  /// Blocks for what will be written there, near each other; the size of the file stays.
  [[nodiscard]] virtual int allocate(Extent extent) = 0;
  /// ioctl(2) with FICLONE: this file, empty before, shares all blocks of `source` until one of both
  /// is written to. The errno of a pair of files that cannot depends on the file systems.
  [[nodiscard]] virtual int clone_from(File& source) = 0;
  /// lseek(2) with SEEK_DATA: where data begins at or after `offset_bytes`; ENXIO: there is none.
  virtual Result<std::uint64_t> seek_data(std::uint64_t offset_bytes) = 0;
  /// Likewise SEEK_HOLE; the end of the file counts as one. ENXIO: `offset_bytes` is not before it.
  virtual Result<std::uint64_t> seek_hole(std::uint64_t offset_bytes) = 0;
  /// fallocate(2): the bytes read as zeros and take no space; the size stays. EOPNOTSUPP: no holes here.
  [[nodiscard]] virtual int punch_hole(Extent extent) = 0;
  virtual Result<Stat> stat() = 0;
  virtual Result<std::uint64_t> device_size() = 0;      ///< bytes of a block device; ENOTTY: it is none
  virtual Result<std::uint64_t> device_sequence() = 0;  ///< see Stat::disk_sequence; ENOTTY: it has none
  [[nodiscard]] virtual int try_lock() = 0;    ///< flock, exclusive; EWOULDBLOCK: somebody has it
  [[nodiscard]] virtual int try_share() = 0;   ///< flock, shared; EWOULDBLOCK: somebody has it for himself
  [[nodiscard]] virtual int drop_cache(Extent extent) = 0;  ///< its clean pages leave the page cache
  /// Whether all of it is in the page cache; EPERM where that is none of this user's business.
  virtual Result<bool> is_cached(Extent extent) = 0;
  /// Whether data waits in its page cache to be written back; an errno before Linux 6.5.
  virtual Result<bool> is_dirty() = 0;
  [[nodiscard]] virtual int expect_random() = 0;  ///< nothing is read ahead through this descriptor
  [[nodiscard]] virtual int set_owner(Owner owner) = 0;
  [[nodiscard]] virtual int set_mode(std::uint32_t mode) = 0;
  [[nodiscard]] virtual int set_times(Times times) = 0;
  /// Of all extended attributes that this user may know of; ENOTSUP: the file system has none.
  virtual Result<std::vector<std::string>> xattr_names() = 0;
  virtual Result<std::vector<std::byte>> xattr(const std::string& name) = 0;  ///< ENODATA: there is none
  [[nodiscard]] virtual int set_xattr(const std::string& name, std::span<const std::byte> value) = 0;
  [[nodiscard]] virtual int remove_xattr(const std::string& name) = 0;
  [[nodiscard]] virtual int close() = 0;  ///< the descriptor is gone whatever this returns
};

enum class Links { follow, nofollow };

/// What an open directory is for; it decides which permissions opening it needs.
enum class DirectoryUse {
  look_up,       ///< names are opened in it: search permission
  change_names,  ///< names are listed or made durable in it as well: read permission
};

/// One open directory; names are looked up below it whatever its path has become meanwhile.
class Directory {
 public:
  virtual ~Directory() = default;

  [[nodiscard]] virtual const std::filesystem::path& path() const = 0;  ///< for messages
  virtual Result<std::unique_ptr<File>> open(const Name& name, OpenMode mode) = 0;
  /// A directory in this one, or "." for another handle of this one; a symlink is an error (ELOOP or ENOTDIR).
  virtual Result<std::unique_ptr<Directory>> open_directory(const Name& name, DirectoryUse use) = 0;
  virtual Result<Stat> stat(const Name& name, Links links) = 0;
  [[nodiscard]] virtual int check_writable(const Name& name) = 0;  ///< may this process write it?
  [[nodiscard]] virtual int rename(const Name& from, const Name& to) = 0;
  /// renameat2(2) with RENAME_NOREPLACE: EEXIST where there is a `to`; EINVAL: the file system cannot.
  [[nodiscard]] virtual int rename_new(const Name& from, const Name& to) = 0;
  /// linkat(2): `to` in `to_directory` is another name of `from`, which is not followed; EEXIST: there is one.
  /// EPERM: no hard links here, or none to a file of somebody else.
  [[nodiscard]] virtual int link(const Name& from, Directory& to_directory, const Name& to) = 0;
  /// mkdirat(2), symlinkat(2) and mknodat(2): EEXIST where the name exists. EPERM: none of this kind here.
  [[nodiscard]] virtual int make_directory(const Name& name, std::uint32_t mode) = 0;  ///< less the umask
  [[nodiscard]] virtual int make_symlink(const std::filesystem::path& target, const Name& name) = 0;
  [[nodiscard]] virtual int make_node(const Name& name, const Node& node) = 0;
  virtual Result<std::filesystem::path> read_link(const Name& name) = 0;  ///< EINVAL: it is no symlink
  [[nodiscard]] virtual int unlink(const Name& name) = 0;
  /// All but "." and "..", in no order.
  virtual Result<std::vector<Entry>> entries() = 0;
  [[nodiscard]] virtual int sync() = 0;  ///< fsync of the directory: its names are durable
  /// syncfs(2): all of the file system that holds it is durable, names and attributes too, where
  /// FsInfo::syncs_whole. An error of anybody's write-back since this handle was opened is told once.
  /// EROFS: it is, or became, read-only, and nothing was synced.
  [[nodiscard]] virtual int sync_file_system() = 0;
  virtual Result<FsInfo> file_system() = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<Directory>> open_directory(const std::filesystem::path& path,
                                                            DirectoryUse use) = 0;
  virtual Result<Stat> stat(const std::filesystem::path& path, Links links) = 0;
  /// realpath(3): absolute, no symlinks, no dots; the file must exist.
  virtual Result<std::filesystem::path> resolve(const std::filesystem::path& path) = 0;
  /// Who uses the block device of this number, or a part of it, in words; empty where nobody is found.
  /// For messages: what the kernel answers to OpenMode::device decides.
  [[nodiscard]] virtual std::string device_user(std::uint64_t rdev) const = 0;
  /// Whether of the block devices of these numbers one is a partition of the other.
  [[nodiscard]] virtual bool share_blocks(std::uint64_t rdev, std::uint64_t other_rdev) const = 0;
  [[nodiscard]] virtual std::uint32_t umask() const = 0;
  [[nodiscard]] virtual std::uint32_t user() const = 0;  ///< effective user id
};

}  // namespace rcopy::io
