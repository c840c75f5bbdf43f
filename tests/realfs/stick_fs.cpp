// SPDX-License-Identifier: MIT
//
// The double of a USB stick: a FUSE file system that shows the directory STICK/files, with its inode
// numbers, so that a stick that is mounted again is known again. For stick_test.sh, which writes lines
// to the FIFO:
//
//   fail ERRNO CALL   from now on these calls fail with this number; CALL is all, or write, fsync ...
//   hang CALL         from now on these calls wait
//   work              all is well again, and what waits goes on
//   pull              what was not synced is lost, the mount is gone, and this program ends
//
//   stick_fs STICK DIRECTORY FIFO KIB_PER_SECOND    the last is how fast it takes writes
#define FUSE_USE_VERSION 314

#include "realfs/unsynced.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <fuse.h>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <thread>
#include <unistd.h>

namespace {

using rcopy::test::Unsynced;
namespace stdfs = std::filesystem;

int answer(int returned) { return returned == 0 ? 0 : -errno; }

class Stick {
 public:
  Stick(const stdfs::path& stick, stdfs::path mount_point, std::uint64_t kib_per_second)
      : files_{stick / "files"},
        mount_point_{std::move(mount_point)},
        kib_per_second_{kib_per_second},
        unsynced_{stick / "removed"} {}

  [[nodiscard]] stdfs::path real(const char* path) const { return files_ / stdfs::path{path}.relative_path(); }

  /// Does `action` as the state of the stick wants it. Gives what it gives, or a negative errno.
  template <class Action>
  int call(const char* name, Action action) {
    std::unique_lock lock{mutex_};
    if (hangs(name)) {
      std::printf("%s hangs\n", name);
      changed_.wait(lock, [&] { return !hangs(name); });
    }
    if (fails(name)) return -error_;
    return action(unsynced_);
  }

  void take_time_for(std::size_t bytes) const {
    std::this_thread::sleep_for(std::chrono::microseconds{bytes * 1'000'000 / 1024 / kib_per_second_});
  }

  void obey(const std::string& line) {
    std::istringstream words{line};
    std::string order;
    words >> order;
    const std::lock_guard lock{mutex_};
    if (order == "pull") pull();
    error_ = 0;
    afflicted_.clear();
    if (order == "fail") words >> error_;
    if (order == "fail" || order == "hang") words >> afflicted_;
    std::printf("%s\n", line.c_str());
    changed_.notify_all();
  }

 private:
  [[nodiscard]] bool afflicts(const char* name) const { return afflicted_ == "all" || afflicted_ == name; }
  [[nodiscard]] bool hangs(const char* name) const { return error_ == 0 && afflicts(name); }
  [[nodiscard]] bool fails(const char* name) const { return error_ != 0 && afflicts(name); }

  /// The lock is held until the end, so no call comes between. Those that wait end with an error of
  /// the kernel, like all later ones on what was open.
  [[noreturn]] void pull() {
    const auto lost = unsynced_.undo();
    std::printf("pulled: %llu bytes and %llu names lost\n", static_cast<unsigned long long>(lost.bytes),
                static_cast<unsigned long long>(lost.names));
    const int error = answer(::umount2(mount_point_.c_str(), MNT_DETACH));
    ::_exit(error == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
  }

  stdfs::path files_;
  stdfs::path mount_point_;
  std::uint64_t kib_per_second_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Unsynced unsynced_;
  int error_ = 0;
  std::string afflicted_;  ///< the call that fails or hangs
};

Stick& stick() { return *static_cast<Stick*>(fuse_get_context()->private_data); }

int fd_of(const fuse_file_info* file) { return static_cast<int>(file->fh); }

std::uint64_t inode_of(int fd) {
  struct stat found {};
  return ::fstat(fd, &found) == 0 ? found.st_ino : 0;
}

// --- calls on open files ----------------------------------------------------------------------

int read_file(const char* /*path*/, char* buffer, std::size_t bytes, off_t offset, fuse_file_info* file) {
  return stick().call("read", [&](Unsynced&) {
    const ssize_t count = ::pread(fd_of(file), buffer, bytes, offset);
    return count < 0 ? -errno : static_cast<int>(count);
  });
}

int write_file(const char* /*path*/, const char* data, std::size_t bytes, off_t offset, fuse_file_info* file) {
  stick().take_time_for(bytes);
  return stick().call("write", [&](Unsynced& unsynced) {
    const int error = unsynced.before_write(fd_of(file), static_cast<std::uint64_t>(offset), bytes);
    if (error != 0) return -error;
    const ssize_t count = ::pwrite(fd_of(file), data, bytes, offset);
    return count < 0 ? -errno : static_cast<int>(count);
  });
}

int sync_file(const char* /*path*/, int /*data_only*/, fuse_file_info* file) {
  return stick().call("fsync", [&](Unsynced& unsynced) {
    unsynced.synced_file(inode_of(fd_of(file)));
    return 0;
  });
}

int release_file(const char* /*path*/, fuse_file_info* file) { return answer(::close(fd_of(file))); }

// --- calls on names ---------------------------------------------------------------------------

int get_attributes(const char* path, struct stat* found, fuse_file_info* file) {
  return stick().call("getattr", [&](Unsynced&) {
    return answer(file != nullptr ? ::fstat(fd_of(file), found) : ::lstat(stick().real(path).c_str(), found));
  });
}

int open_as(const char* path, fuse_file_info* file, int flags) {
  const int fd = ::open(stick().real(path).c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) return -errno;
  file->fh = static_cast<std::uint64_t>(fd);
  return 0;
}

/// O_DIRECT is for the kernel; the directory behind may not be able to.
int open_file(const char* path, fuse_file_info* file) {
  return stick().call("open", [&](Unsynced&) { return open_as(path, file, file->flags & O_ACCMODE); });
}

int create_file(const char* path, mode_t mode, fuse_file_info* file) {
  return stick().call("create", [&](Unsynced& unsynced) {
    const int error = open_as(path, file, O_RDWR | O_CREAT | O_EXCL);
    if (error != 0) return error;
    unsynced.created(stick().real(path), inode_of(fd_of(file)));
    return answer(::fchmod(fd_of(file), mode));
  });
}

int truncate_file(const char* path, off_t size, fuse_file_info* /*file*/) {
  return stick().call("truncate", [&](Unsynced& unsynced) {
    const rcopy::io::UniqueFd fd{::open(stick().real(path).c_str(), O_RDWR | O_CLOEXEC)};
    if (!fd.valid()) return -errno;
    const int error = unsynced.before_write(fd.get(), static_cast<std::uint64_t>(size), SIZE_MAX / 2);
    return error != 0 ? -error : answer(::ftruncate(fd.get(), size));
  });
}

int remove_file(const char* path) {
  return stick().call("unlink", [&](Unsynced& unsynced) { return -unsynced.remove(stick().real(path)); });
}

int rename_file(const char* from, const char* to, unsigned flags) {
  if (flags != 0) return -EINVAL;
  return stick().call("rename", [&](Unsynced& unsynced) {
    return -unsynced.rename(stick().real(from), stick().real(to));
  });
}

int set_mode(const char* path, mode_t mode, fuse_file_info* /*file*/) {
  return stick().call("chmod", [&](Unsynced&) { return answer(::chmod(stick().real(path).c_str(), mode)); });
}

int set_owner(const char* path, uid_t user, gid_t group, fuse_file_info* /*file*/) {
  return stick().call("chown", [&](Unsynced&) { return answer(::lchown(stick().real(path).c_str(), user, group)); });
}

int set_times(const char* path, const timespec times[2], fuse_file_info* /*file*/) {
  return stick().call("utimens", [&](Unsynced&) {
    return answer(::utimensat(AT_FDCWD, stick().real(path).c_str(), times, AT_SYMLINK_NOFOLLOW));
  });
}

// --- calls on directories and on all of it ----------------------------------------------------

int read_directory(const char* path, void* buffer, fuse_fill_dir_t fill, off_t /*offset*/, fuse_file_info* /*file*/,
                   fuse_readdir_flags /*flags*/) {
  return stick().call("readdir", [&](Unsynced&) {
    DIR* const directory = ::opendir(stick().real(path).c_str());
    if (directory == nullptr) return -errno;
    while (const dirent* const entry = ::readdir(directory)) {
      struct stat found {};
      found.st_ino = entry->d_ino;
      fill(buffer, entry->d_name, &found, 0, fuse_fill_dir_flags{});
    }
    return answer(::closedir(directory));
  });
}

int sync_directory(const char* path, int /*data_only*/, fuse_file_info* /*file*/) {
  return stick().call("fsyncdir", [&](Unsynced& unsynced) {
    unsynced.synced_directory((stick().real(path) / "").parent_path());
    return 0;
  });
}

int file_system(const char* path, struct statvfs* found) {
  return stick().call("statfs", [&](Unsynced&) { return answer(::statvfs(stick().real(path).c_str(), found)); });
}

void* initialise(fuse_conn_info* /*connection*/, fuse_config* config) {
  config->use_ino = 1;
  config->readdir_ino = 1;
  config->hard_remove = 1;
  // Nothing about a file is known without asking the stick.
  config->entry_timeout = 0;
  config->attr_timeout = 0;
  config->negative_timeout = 0;
  return fuse_get_context()->private_data;
}

fuse_operations operations() {
  fuse_operations operations{};
  operations.getattr = get_attributes;
  operations.unlink = remove_file;
  operations.rename = rename_file;
  operations.chmod = set_mode;
  operations.chown = set_owner;
  operations.truncate = truncate_file;
  operations.open = open_file;
  operations.read = read_file;
  operations.write = write_file;
  operations.statfs = file_system;
  operations.release = release_file;
  operations.fsync = sync_file;
  operations.readdir = read_directory;
  operations.fsyncdir = sync_directory;
  operations.init = initialise;
  operations.create = create_file;
  operations.utimens = set_times;
  return operations;
}

int serve(const std::string& directory, Stick& stick) {
  std::array options{std::string{"stick_fs"}, std::string{"-f"}, std::string{"-o"}, std::string{"default_permissions"},
                     directory};
  std::array<char*, options.size()> arguments{};
  std::transform(options.begin(), options.end(), arguments.begin(), [](std::string& one) { return one.data(); });
  const fuse_operations calls = operations();
  return fuse_main(static_cast<int>(arguments.size()), arguments.data(), &calls, &stick);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count != 5) throw std::invalid_argument{"usage: see the head of its source"};
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    Stick stick{arguments[1], arguments[2], std::stoull(arguments[4])};
    // Opened for both, so that it does not end when a writer does.
    std::fstream fifo{arguments[3], std::ios::in | std::ios::out};
    if (!fifo) throw std::runtime_error{std::string{"cannot open "} + arguments[3]};
    std::thread{[&] {
      for (std::string line; std::getline(fifo, line);) stick.obey(line);
    }}.detach();
    const int status = serve(arguments[2], stick);
    std::fflush(stdout);
    ::_exit(status);  // the thread that reads orders waits for ever
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stick_fs: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
