// SPDX-License-Identifier: MIT
//
// One virtual call, one system call. `off_t` and open flags live here and nowhere else.
#include "io/posix.hpp"

#include "io/device_user.hpp"
#include "io/page_cache.hpp"
#include "io/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <linux/fs.h>
#include <linux/magic.h>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

namespace rcopy::io {
namespace {

constexpr std::uint64_t kFatMaxFileBytes = 0xFFFF'FFFF;  // 4 GiB less one byte: 32-bit size field
constexpr decltype(std::declval<struct statfs>().f_type) kExfatMagic = 0x2011BAB0;
constexpr decltype(std::declval<struct statfs>().f_type) kXfsMagic = 0x58465342;
constexpr unsigned long kGetDiskSequence = _IOR(0x12, 128, std::uint64_t);  // BLKGETDISKSEQ, Linux 5.15

[[nodiscard]] int answer(int returned) { return returned == 0 ? 0 : errno; }

[[nodiscard]] std::int64_t nanoseconds(const statx_timestamp& time) {
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

[[nodiscard]] timespec to_timespec(std::int64_t ns) {
  // tv_nsec must be 0..999999999 also before 1970.
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t rest = ((ns % kSecond) + kSecond) % kSecond;
  return {.tv_sec = (ns - rest) / kSecond, .tv_nsec = rest};
}

[[nodiscard]] FileKind kind_of(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return FileKind::regular;
    case S_IFDIR: return FileKind::directory;
    case S_IFLNK: return FileKind::symlink;
    case S_IFIFO: return FileKind::fifo;
    case S_IFSOCK: return FileKind::socket;
    case S_IFBLK: return FileKind::block_device;
    case S_IFCHR: return FileKind::character_device;
    default: return FileKind::unknown;
  }
}

Result<Stat> stat_at(int directory, const char* name, int flags) {
  struct statx found {};
  if (::statx(directory, name, flags, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) {
    return {.value = {}, .error = errno};
  }
  return {.value = {.kind = kind_of(found.stx_mode),
                    .device = gnu_dev_makedev(found.stx_dev_major, found.stx_dev_minor),
                    .inode = found.stx_ino,
                    .size_bytes = found.stx_size,
                    .allocated_bytes = found.stx_blocks * 512,
                    .links = found.stx_nlink,
                    .mode = found.stx_mode & 07777U,
                    .uid = found.stx_uid,
                    .gid = found.stx_gid,
                    .atime_ns = nanoseconds(found.stx_atime),
                    .mtime_ns = nanoseconds(found.stx_mtime),
                    .ctime_ns = nanoseconds(found.stx_ctime),
                    .birth_ns = (found.stx_mask & STATX_BTIME) != 0 ? nanoseconds(found.stx_btime) : 0,
                    .mount_root = (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0,
                    .rdev = gnu_dev_makedev(found.stx_rdev_major, found.stx_rdev_minor)}};
}

[[nodiscard]] int open_flags(OpenMode mode) {
  constexpr int kAlways = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  switch (mode) {
    case OpenMode::source: return kAlways | O_RDONLY | O_NOFOLLOW;
    case OpenMode::partial: return kAlways | O_RDWR | O_NOFOLLOW;
    case OpenMode::create_partial: return kAlways | O_RDWR | O_NOFOLLOW | O_CREAT | O_EXCL;
    case OpenMode::read_back: return kAlways | O_RDONLY | O_NOFOLLOW;
    case OpenMode::read_direct: return kAlways | O_RDONLY | O_NOFOLLOW | O_DIRECT;
    case OpenMode::device: return kAlways | O_RDWR | O_NOFOLLOW | O_EXCL;
    case OpenMode::write_direct: return kAlways | O_WRONLY | O_NOFOLLOW | O_DIRECT;
    case OpenMode::attributes: return O_CLOEXEC | O_PATH | O_NOFOLLOW;
  }
  return kAlways;
}

[[nodiscard]] int directory_flags(DirectoryUse use) {
  return (use == DirectoryUse::look_up ? O_PATH : O_RDONLY) | O_DIRECTORY | O_CLOEXEC;
}

/// syncfs(2) says nothing of errors before Linux 5.8.
[[nodiscard]] bool syncs_tell_errors() {
  static const bool told = [] {
    struct utsname system {};
    int major = 0, minor = 0;
    if (::uname(&system) != 0 || std::sscanf(system.release, "%d.%d", &major, &minor) != 2) return false;
    return major > 5 || (major == 5 && minor >= 8);
  }();
  return told;
}

/// Whose id is that of the file system. Most others make it of the device number, which is another
/// one after the next plug.
[[nodiscard]] bool id_outlives_plug(std::uint64_t type) {
  return type == EXT4_SUPER_MAGIC || type == BTRFS_SUPER_MAGIC;
}

[[nodiscard]] std::uint64_t id_of(const struct statfs& found) {
  std::uint64_t id = 0;
  static_assert(sizeof found.f_fsid == sizeof id);
  std::memcpy(&id, &found.f_fsid, sizeof id);
  return id;
}

/// Device numbers and disk sequences begin anew with each start of the machine.
[[nodiscard]] std::uint64_t boot_id() {
  static const std::uint64_t id = [] {
    std::ifstream file{"/proc/sys/kernel/random/boot_id"};
    std::string text;
    std::getline(file, text);
    std::erase(text, '-');
    std::uint64_t value = 0;
    constexpr std::size_t kDigits = 16;
    const char* const end = text.data() + std::min(text.size(), kDigits);
    const auto parsed = std::from_chars(text.data(), end, value, 16);
    return parsed.ec == std::errc{} ? value : 0;
  }();
  return id;
}

class PosixFile : public File {
 public:
  PosixFile(UniqueFd fd, std::filesystem::path path) : fd_{std::move(fd)}, path_{std::move(path)} {}

  const std::filesystem::path& path() const override { return path_; }

  Result<std::size_t> read_at(std::span<std::byte> buffer, std::uint64_t offset_bytes) override {
    return count(::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset_bytes)));
  }

  Result<std::size_t> write_at(std::span<const std::byte> data, std::uint64_t offset_bytes) override {
    return count(::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset_bytes)));
  }

  int sync_data() override { return answer(::fdatasync(fd_.get())); }
  int sync_all() override { return answer(::fsync(fd_.get())); }
  int truncate(std::uint64_t size_bytes) override {
    return answer(::ftruncate(fd_.get(), static_cast<off_t>(size_bytes)));
  }
  int allocate(Extent extent) override {
    return answer(::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(extent.offset_bytes),
                              static_cast<off_t>(extent.length_bytes)));
  }
  int clone_from(File& source) override {
    const auto* const from = dynamic_cast<const PosixFile*>(&source);
    if (from == nullptr) return EXDEV;
    return answer(::ioctl(fd_.get(), FICLONE, from->fd_.get()));
  }
  Result<std::uint64_t> seek_data(std::uint64_t offset_bytes) override { return seek(offset_bytes, SEEK_DATA); }
  Result<std::uint64_t> seek_hole(std::uint64_t offset_bytes) override { return seek(offset_bytes, SEEK_HOLE); }
  int punch_hole(Extent extent) override {
    return answer(::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                              static_cast<off_t>(extent.offset_bytes), static_cast<off_t>(extent.length_bytes)));
  }
  Result<Stat> stat() override { return stat_at(fd_.get(), "", AT_EMPTY_PATH); }
  Result<std::uint64_t> device_size() override { return ask_device(BLKGETSIZE64); }
  Result<std::uint64_t> device_sequence() override { return ask_device(kGetDiskSequence); }
  int try_lock() override { return answer(::flock(fd_.get(), LOCK_EX | LOCK_NB)); }
  int try_share() override { return answer(::flock(fd_.get(), LOCK_SH | LOCK_NB)); }
  int drop_cache(Extent extent) override {
    return ::posix_fadvise(fd_.get(), static_cast<off_t>(extent.offset_bytes), static_cast<off_t>(extent.length_bytes),
                           POSIX_FADV_DONTNEED);
  }
  Result<bool> is_cached(Extent extent) override { return cached_pages(fd_.get(), extent); }
  Result<bool> is_dirty() override { return dirty_pages(fd_.get()); }
  int expect_random() override { return ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_RANDOM); }
  int set_owner(Owner owner) override { return answer(::fchown(fd_.get(), owner.uid, owner.gid)); }
  int set_mode(std::uint32_t mode) override { return answer(::fchmod(fd_.get(), mode)); }
  int set_times(Times times) override {
    const timespec both[2] = {to_timespec(times.atime_ns), to_timespec(times.mtime_ns)};
    return answer(::futimens(fd_.get(), both));
  }
  Result<std::vector<std::string>> xattr_names() override {
    return split(sized<char>([&](char* data, std::size_t size) { return ::flistxattr(fd_.get(), data, size); }));
  }
  Result<std::vector<std::byte>> xattr(const std::string& name) override {
    return sized<std::byte>(
        [&](std::byte* data, std::size_t size) { return ::fgetxattr(fd_.get(), name.c_str(), data, size); });
  }
  int set_xattr(const std::string& name, std::span<const std::byte> value) override {
    return answer(::fsetxattr(fd_.get(), name.c_str(), value.data(), value.size(), 0));
  }
  int remove_xattr(const std::string& name) override { return answer(::fremovexattr(fd_.get(), name.c_str())); }
  int close() override { return fd_.close(); }

 protected:
  /// What a call gives that tells its size when asked without a buffer. ERANGE: it grew in between.
  template <class Element, class Call>
  static Result<std::vector<Element>> sized(Call call) {
    const ssize_t size = call(nullptr, 0);
    if (size < 0) return {.value = {}, .error = errno};
    std::vector<Element> value(static_cast<std::size_t>(size));
    if (size == 0) return {.value = {}};
    const ssize_t got = call(value.data(), value.size());
    if (got < 0) return {.value = {}, .error = errno};
    value.resize(static_cast<std::size_t>(got));
    return {.value = std::move(value)};
  }

  static Result<std::vector<std::string>> split(const Result<std::vector<char>>& list) {
    std::vector<std::string> names;
    for (auto at = list.value.begin(); at != list.value.end();) {
      const auto end = std::find(at, list.value.end(), '\0');
      names.emplace_back(at, end);
      at = end == list.value.end() ? end : end + 1;
    }
    return {.value = std::move(names), .error = list.error};
  }

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  static Result<std::size_t> count(ssize_t returned) {
    if (returned < 0) return {.value = 0, .error = errno};
    return {.value = static_cast<std::size_t>(returned)};
  }

  /// The position of the descriptor, which this moves, is used by nobody.
  Result<std::uint64_t> seek(std::uint64_t offset_bytes, int whence) {
    const off_t found = ::lseek(fd_.get(), static_cast<off_t>(offset_bytes), whence);
    if (found < 0) return {.value = 0, .error = errno};
    return {.value = static_cast<std::uint64_t>(found)};
  }

  /// Both kinds of question are answered with 64 bits.
  Result<std::uint64_t> ask_device(unsigned long question) {
    std::uint64_t value = 0;
    if (::ioctl(fd_.get(), question, &value) != 0) return {.value = 0, .error = errno};
    return {.value = value};
  }

  UniqueFd fd_;
  std::filesystem::path path_;
};

/// A file that was not opened (O_PATH). What has no call of its own for that goes by the name that /proc has of
/// the descriptor, which leads to a symlink itself.
class UnopenedFile final : public PosixFile {
 public:
  UnopenedFile(UniqueFd opened, std::filesystem::path path) : PosixFile{std::move(opened), std::move(path)} {}

  int set_owner(Owner owner) override { return answer(::fchownat(fd(), "", owner.uid, owner.gid, AT_EMPTY_PATH)); }
  int set_mode(std::uint32_t mode) override { return answer(::chmod(proc_.c_str(), mode)); }
  int set_times(Times times) override {
    const timespec both[2] = {to_timespec(times.atime_ns), to_timespec(times.mtime_ns)};
    return answer(::utimensat(AT_FDCWD, proc_.c_str(), both, 0));
  }
  Result<std::vector<std::string>> xattr_names() override {
    return split(sized<char>([&](char* data, std::size_t size) { return ::listxattr(proc_.c_str(), data, size); }));
  }
  Result<std::vector<std::byte>> xattr(const std::string& name) override {
    return sized<std::byte>(
        [&](std::byte* data, std::size_t size) { return ::getxattr(proc_.c_str(), name.c_str(), data, size); });
  }
  int set_xattr(const std::string& name, std::span<const std::byte> value) override {
    return answer(::setxattr(proc_.c_str(), name.c_str(), value.data(), value.size(), 0));
  }
  int remove_xattr(const std::string& name) override { return answer(::removexattr(proc_.c_str(), name.c_str())); }

 private:
  std::string proc_ = "/proc/self/fd/" + std::to_string(fd());
};

[[nodiscard]] FileKind kind_of_entry(unsigned char type) {
  constexpr unsigned kTypeShift = 12;  // DTTOIF
  return kind_of(static_cast<std::uint32_t>(type) << kTypeShift);
}

[[nodiscard]] mode_t type_of(FileKind kind) {
  switch (kind) {
    case FileKind::fifo: return S_IFIFO;
    case FileKind::socket: return S_IFSOCK;
    case FileKind::block_device: return S_IFBLK;
    case FileKind::character_device: return S_IFCHR;
    default: return 0;
  }
}

class PosixDirectory final : public Directory {
 public:
  PosixDirectory(UniqueFd fd, std::filesystem::path path) : fd_{std::move(fd)}, path_{std::move(path)} {}

  const std::filesystem::path& path() const override { return path_; }

  Result<std::unique_ptr<File>> open(const Name& name, OpenMode mode) override {
    constexpr mode_t kPrivate = 0600;
    UniqueFd fd{::openat(fd_.get(), name.c_str(), open_flags(mode), kPrivate)};
    if (!fd.valid()) return {.value = nullptr, .error = errno};
    std::unique_ptr<File> file;
    if (mode == OpenMode::attributes) file = std::make_unique<UnopenedFile>(std::move(fd), path_ / name);
    else file = std::make_unique<PosixFile>(std::move(fd), path_ / name);
    return {.value = std::move(file)};
  }

  Result<std::unique_ptr<Directory>> open_directory(const Name& name, DirectoryUse use) override {
    UniqueFd fd{::openat(fd_.get(), name.c_str(), directory_flags(use) | O_NOFOLLOW)};
    if (!fd.valid()) return {.value = nullptr, .error = errno};
    return {.value = std::make_unique<PosixDirectory>(std::move(fd), name == "." ? path_ : path_ / name)};
  }

  Result<Stat> stat(const Name& name, Links links) override {
    return stat_at(fd_.get(), name.c_str(), links == Links::follow ? 0 : AT_SYMLINK_NOFOLLOW);
  }

  int check_writable(const Name& name) override {
    return answer(::faccessat(fd_.get(), name.c_str(), W_OK, AT_EACCESS));
  }

  int rename(const Name& from, const Name& to) override {
    return answer(::renameat(fd_.get(), from.c_str(), fd_.get(), to.c_str()));
  }

  int rename_new(const Name& from, const Name& to) override {
    return answer(::renameat2(fd_.get(), from.c_str(), fd_.get(), to.c_str(), RENAME_NOREPLACE));
  }

  int link(const Name& from, Directory& to_directory, const Name& to) override {
    const auto* const there = dynamic_cast<const PosixDirectory*>(&to_directory);
    if (there == nullptr) return EXDEV;
    return answer(::linkat(fd_.get(), from.c_str(), there->fd_.get(), to.c_str(), 0));
  }

  int make_directory(const Name& name, std::uint32_t mode) override {
    return answer(::mkdirat(fd_.get(), name.c_str(), mode));
  }

  int make_symlink(const std::filesystem::path& target, const Name& name) override {
    return answer(::symlinkat(target.c_str(), fd_.get(), name.c_str()));
  }

  int make_node(const Name& name, const Node& node) override {
    return answer(::mknodat(fd_.get(), name.c_str(), type_of(node.kind) | node.mode, node.rdev));
  }

  Result<std::filesystem::path> read_link(const Name& name) override {
    std::array<char, PATH_MAX> text{};  // no target is longer
    const ssize_t size = ::readlinkat(fd_.get(), name.c_str(), text.data(), text.size());
    if (size < 0) return {.value = {}, .error = errno};
    return {.value = std::string{text.data(), static_cast<std::size_t>(size)}};
  }

  Result<std::vector<Entry>> entries() override {
    // A descriptor of its own: the position of this one is shared.
    UniqueFd fd{::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd.valid()) return {.value = {}, .error = errno};
    const auto close = [](DIR* stream) { ::closedir(stream); };
    const std::unique_ptr<DIR, decltype(close)> stream{::fdopendir(fd.get()), close};
    if (!stream) return {.value = {}, .error = errno};
    (void)fd.release();  // the stream has it
    std::vector<Entry> found;
    for (;;) {
      errno = 0;
      const dirent* const entry = ::readdir(stream.get());
      if (entry == nullptr) return {.value = std::move(found), .error = errno};
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      found.push_back({.name = name, .inode = entry->d_ino, .kind = kind_of_entry(entry->d_type)});
    }
  }

  int unlink(const Name& name) override { return answer(::unlinkat(fd_.get(), name.c_str(), 0)); }

  int sync() override { return answer(::fsync(fd_.get())); }
  int sync_file_system() override {
    if (::syncfs(fd_.get()) != 0) return errno;
    // Where an error has made the file system read-only, the kernel syncs nothing and says that all is well.
    struct statfs found {};
    if (::fstatfs(fd_.get(), &found) != 0) return errno;
    return (static_cast<unsigned long>(found.f_flags) & ST_RDONLY) != 0 ? EROFS : 0;
  }

  Result<FsInfo> file_system() override {
    struct statfs found {};
    if (::fstatfs(fd_.get(), &found) != 0) return {.value = {}, .error = errno};
    const auto type = found.f_type;
    const bool fat = type == MSDOS_SUPER_MAGIC;
    const bool exfat = type == kExfatMagic;
    FsInfo info;
    const auto unit = static_cast<std::uint64_t>(found.f_frsize != 0 ? found.f_frsize : found.f_bsize);
    // A FUSE file system that cannot tell answers with zeros.
    if (found.f_blocks != 0) info.available_bytes = static_cast<std::uint64_t>(found.f_bavail) * unit;
    info.stable_inodes = info.has_holes = !fat && !exfat;
    info.allocates_ahead = type == EXT4_SUPER_MAGIC || type == kXfsMagic;
    info.syncs_whole = syncs_tell_errors() && (info.allocates_ahead || type == BTRFS_SUPER_MAGIC || type == TMPFS_MAGIC);
    info.reads_past_cache = info.allocates_ahead;
    info.shares_blocks = type == kXfsMagic || type == BTRFS_SUPER_MAGIC;
    info.tells_dirty = info.allocates_ahead || type == BTRFS_SUPER_MAGIC || type == TMPFS_MAGIC;
    info.has_owners = !fat && !exfat && type != FUSE_SUPER_MAGIC;
    if (fat) info.max_file_bytes = kFatMaxFileBytes;
    // What a container writes goes with the container.
    const bool passing = type == TMPFS_MAGIC || type == RAMFS_MAGIC || type == OVERLAYFS_SUPER_MAGIC;
    info.type = passing ? 0 : static_cast<std::uint64_t>(type);
    info.id = id_outlives_plug(info.type) ? id_of(found) : 0;
    info.boot = boot_id();
    return {.value = info};
  }

 private:
  UniqueFd fd_;
  std::filesystem::path path_;
};

/// From /proc, because umask(2) reads only by setting, and another thread that creates a file
/// in between would get the wrong mode. Where /proc is missing there is no other way.
[[nodiscard]] std::uint32_t read_umask() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kKey = "Umask:";
    if (line.starts_with(kKey)) return static_cast<std::uint32_t>(std::stoul(line.substr(kKey.size()), nullptr, 8));
  }
  const mode_t mask = ::umask(077);
  ::umask(mask);
  return mask;
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<Directory>> open_directory(const std::filesystem::path& path, DirectoryUse use) override {
    UniqueFd fd{::open(path.c_str(), directory_flags(use))};
    if (!fd.valid()) return {.value = nullptr, .error = errno};
    return {.value = std::make_unique<PosixDirectory>(std::move(fd), path)};
  }

  Result<Stat> stat(const std::filesystem::path& path, Links links) override {
    return stat_at(AT_FDCWD, path.c_str(), links == Links::follow ? 0 : AT_SYMLINK_NOFOLLOW);
  }

  Result<std::filesystem::path> resolve(const std::filesystem::path& path) override {
    const std::unique_ptr<char, decltype(&std::free)> real{::realpath(path.c_str(), nullptr), &std::free};
    if (!real) return {.value = {}, .error = errno};
    return {.value = real.get()};
  }

  std::string device_user(std::uint64_t rdev) const override { return user_of_device(rdev); }
  bool share_blocks(std::uint64_t rdev, std::uint64_t other_rdev) const override {
    return devices_share_blocks(rdev, other_rdev);
  }
  std::uint32_t umask() const override { return umask_; }
  std::uint32_t user() const override { return ::geteuid(); }

 private:
  std::uint32_t umask_ = read_umask();
};

}  // namespace

std::unique_ptr<FileSystem> posix_file_system() { return std::make_unique<PosixFileSystem>(); }

}  // namespace rcopy::io
