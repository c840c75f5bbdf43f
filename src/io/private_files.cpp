// SPDX-License-Identifier: MIT
//
// mkdir, mknod, rename and statfs, as the journal needs them.
#include "io/private_files.hpp"

#include "io/calls.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <system_error>

namespace rcopy::io {
namespace {

/// Runs a call that answers 0 or -1 and errno; gives 0 or the errno.
template <class Call>
int repeat(Call call) {
  while (call() != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

/// Makes a new name in `directory` durable. A directory that may be written but not read cannot
/// be synced, and some file systems have no such sync; then theirs is the best there is.
void sync_names(const std::filesystem::path& directory) {
  UniqueFd fd;
  int error = repeat([&] {
    fd = UniqueFd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return fd.valid() ? 0 : -1;
  });
  if (error == 0) error = repeat([&] { return ::fsync(fd.get()); });
  if (error != 0 && error != EACCES && error != EINVAL)
    fail("sync the directory", directory, error);
}

[[nodiscard]] bool is_there(const std::filesystem::path& directory) {
  std::error_code unknown;
  return std::filesystem::is_directory(directory, unknown);
}

/// For file systems that refuse mknod(2) for regular files (CIFS, some FUSE).
[[nodiscard]] int create_by_open(const std::filesystem::path& path) {
  int fd = -1;
  const int error = repeat([&] {
    fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    return fd < 0 ? -1 : 0;
  });
  return error != 0 ? error : UniqueFd{fd}.close();
}

}  // namespace

void make_private_directories(const std::filesystem::path& path) {
  if (path.empty() || is_there(path)) return;
  const auto parent = path.parent_path();
  if (parent != path) make_private_directories(parent);
  const int error = repeat([&] { return ::mkdir(path.c_str(), S_IRWXU); });
  if (error == EEXIST) {
    std::error_code unknown;
    if (std::filesystem::is_directory(path, unknown)) return;  // another process was faster
    fail("create the directory", path, unknown ? unknown.value() : ENOTDIR);
  }
  if (error != 0) fail("create the directory", path, error);
  sync_names(parent.empty() ? "." : parent);
}

void create_private_file(const std::filesystem::path& path) {
  int error = repeat([&] { return ::mknod(path.c_str(), S_IFREG | S_IRUSR | S_IWUSR, 0); });
  if (error == EPERM || error == EOPNOTSUPP || error == ENOSYS || error == EINVAL) {
    error = create_by_open(path);
  }
  if (error != 0 && error != EEXIST) fail("create", path, error);
}

bool is_network_file_system(unsigned long type) {
  // From linux/magic.h and, where it lacks them, from the file systems' own sources.
  constexpr std::array kTypes{
      0x6969UL,      // NFS
      0x517BUL,      // SMB
      0xFF534D42UL,  // CIFS
      0xFE534D42UL,  // SMB2
      0x564CUL,      // NCP
      0x01021997UL,  // 9P
      0x5346414FUL,  // AFS of OpenAFS
      0x6B414653UL,  // AFS of the kernel
      0x73757245UL,  // Coda
      0x00C36400UL,  // Ceph
      0x0BD00BD0UL,  // Lustre
      0x47504653UL,  // GPFS
      0x01161970UL,  // GFS2
      0x7461636FUL,  // OCFS2
      0x19830326UL,  // BeeGFS
      0x20030528UL,  // OrangeFS
      0x786F4256UL,  // VirtualBox shared folder
  };
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

bool on_network_file_system(const std::filesystem::path& path) {
  struct statfs found {};
  const int error = repeat([&] { return ::statfs(path.c_str(), &found); });
  if (error != 0) fail("stat the file system of", path, error);
  // f_type is signed and 32 bits wide on some machines.
  return is_network_file_system(static_cast<unsigned long>(found.f_type) & 0xFFFFFFFFUL);
}

void rename_if_there(const std::filesystem::path& from, const std::filesystem::path& to) {
  const int error = repeat([&] { return ::rename(from.c_str(), to.c_str()); });
  if (error != 0 && error != ENOENT) fail("rename", from, error);
}

std::optional<DirectoryLock> DirectoryLock::try_take(const std::filesystem::path& directory,
                                                     Mode mode) {
  UniqueFd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  const int operation = (mode == Mode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  const int error = fd.valid() ? repeat([&] { return ::flock(fd.get(), operation); }) : 0;
  if (error == EWOULDBLOCK) return std::nullopt;
  return DirectoryLock{std::move(fd)};
}

}  // namespace rcopy::io
