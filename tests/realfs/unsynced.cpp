// SPDX-License-Identifier: MIT
//
// Old bytes are kept with the file, old names in the order of the changes; both are undone
// backwards.
#include "realfs/unsynced.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace rcopy::test {
namespace {

/// A failure while changes are undone would keep what must be lost: then nothing is proven.
void must(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  ::_exit(1);
}

std::vector<std::byte> read_some(int fd, std::uint64_t offset_bytes, std::uint64_t bytes) {
  std::vector<std::byte> content(bytes);
  const ssize_t count =
      ::pread(fd, content.data(), content.size(), static_cast<off_t>(offset_bytes));
  must(count == static_cast<ssize_t>(bytes), "read old bytes");
  return content;
}

}  // namespace

Unsynced::File* Unsynced::file_of(int fd) {
  struct stat found {};
  if (::fstat(fd, &found) != 0) return nullptr;
  if (const auto known = files_.find(found.st_ino); known != files_.end()) return &known->second;
  const std::string path = "/proc/self/fd/" + std::to_string(fd);  // the caller's may be write-only
  io::UniqueFd own{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
  if (!own.valid()) return nullptr;
  File file{
      .fd = std::move(own), .size_bytes = static_cast<std::uint64_t>(found.st_size), .old = {}};
  return &files_.emplace(found.st_ino, std::move(file)).first->second;
}

int Unsynced::before_write(int fd, std::uint64_t offset_bytes, std::uint64_t bytes) {
  File* const file = file_of(fd);
  struct stat now {};
  if (file == nullptr || ::fstat(fd, &now) != 0) return errno;
  const auto size = static_cast<std::uint64_t>(now.st_size);
  if (offset_bytes >= size) return 0;  // the old size says it
  const std::uint64_t end = std::min(size, offset_bytes + bytes);
  file->old.push_back(
      {.offset_bytes = offset_bytes, .bytes = read_some(file->fd.get(), offset_bytes, end - offset_bytes)});
  return 0;
}

void Unsynced::created(const std::filesystem::path& path, std::uint64_t inode) {
  names_.push_back({.now = path, .before = {}, .inode = inode});
}

int Unsynced::remove(const std::filesystem::path& path) {
  const auto grave = removed_ / std::to_string(removed_count_++);
  if (::rename(path.c_str(), grave.c_str()) != 0) return errno;
  names_.push_back({.now = grave, .before = path});
  return 0;
}

int Unsynced::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::access(from.c_str(), F_OK) != 0) return errno;
  // Nobody sees the moment without the name: the caller's lock is held.
  if (const int error = remove(to); error != 0 && error != ENOENT) return error;
  must(::rename(from.c_str(), to.c_str()) == 0, "rename");
  names_.push_back({.now = to, .before = from});
  return 0;
}

void Unsynced::synced_file(std::uint64_t inode) {
  files_.erase(inode);
  std::erase_if(names_, [inode](const Name& name) { return name.inode == inode; });
}

void Unsynced::synced_directory(const std::filesystem::path& directory) {
  const auto kept = [&](const Name& name) {
    return (is_removed(name.now) ? name.before : name.now).parent_path() == directory;
  };
  for (const Name& name : names_) {
    if (kept(name) && is_removed(name.now)) must(::unlink(name.now.c_str()) == 0, "unlink");
  }
  std::erase_if(names_, kept);
}

Unsynced::Lost Unsynced::undo() {
  Lost lost{.bytes = 0, .names = names_.size()};
  for (auto& [inode, file] : files_) {
    struct stat now {};
    must(::fstat(file.fd.get(), &now) == 0, "stat");
    const auto size = static_cast<std::uint64_t>(now.st_size);
    lost.bytes += size > file.size_bytes ? size - file.size_bytes : 0;
    for (auto old = file.old.rbegin(); old != file.old.rend(); ++old) {
      const auto count = static_cast<ssize_t>(old->bytes.size());
      must(::pwrite(file.fd.get(), old->bytes.data(), old->bytes.size(),
                    static_cast<off_t>(old->offset_bytes)) == count,
           "write old bytes");
      lost.bytes += old->bytes.size();
    }
    must(::ftruncate(file.fd.get(), static_cast<off_t>(file.size_bytes)) == 0, "truncate");
  }
  for (auto name = names_.rbegin(); name != names_.rend(); ++name) {
    const bool is_new = name->before.empty();
    must((is_new ? ::unlink(name->now.c_str())
                 : ::rename(name->now.c_str(), name->before.c_str())) == 0,
         "rename back");
  }
  return lost;
}

}  // namespace rcopy::test
