// SPDX-License-Identifier: MIT
//
// A disk whose write cache is lost at a power cut: a FUSE file system with one file, `disk`, to be
// mounted through a loop device, which passes on every write, and every flush as an fsync. While it is
// mounted it records them; afterwards it says what a power cut at any moment leaves. For
// power_cut_test.sh. One thread, so the log has the order in which the disk answered.
//
//   lossy_disk record IMAGE LOG DIRECTORY   serves the disk, which is IMAGE, until it is unmounted
//   lossy_disk length LOG                   prints how many writes and flushes there were
//   lossy_disk cut LOG MOMENT SEED IMAGE    makes the first IMAGE what a cut behind MOMENT of them leaves
#define FUSE_USE_VERSION 314

#include "realfs/write_log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fuse.h>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace {

using rcopy::test::Image;
using rcopy::test::LogWriter;

constexpr std::string_view kFile = "/disk";

struct Disk {
  Image image;
  LogWriter log;
};

Disk& disk() { return *static_cast<Disk*>(fuse_get_context()->private_data); }

/// How many of `bytes` from `offset` on are on the disk.
std::size_t within(std::size_t bytes, off_t offset) {
  const auto at = static_cast<std::uint64_t>(offset);
  const std::uint64_t size = disk().image.size_bytes();
  return at >= size ? 0 : std::min<std::uint64_t>(bytes, size - at);
}

/// A disk or a log that fails shows as an I/O error of the block device, and the test fails with it.
template <class Action>
int answer(Action action) {
  try {
    return static_cast<int>(action());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lossy_disk: %s\n", error.what());
    return -EIO;
  }
}

int get_attributes(const char* path, struct stat* found, fuse_file_info* /*file*/) {
  *found = {};
  if (path == std::string_view{"/"}) {
    found->st_mode = S_IFDIR | 0700U;
    found->st_nlink = 2;
    return 0;
  }
  if (path != kFile) return -ENOENT;
  found->st_mode = S_IFREG | 0600U;
  found->st_nlink = 1;
  found->st_size = static_cast<off_t>(disk().image.size_bytes());
  return 0;
}

int open_disk(const char* path, fuse_file_info* file) {
  if (path != kFile) return -ENOENT;
  file->direct_io = 1;  // no page cache between the block device and the log
  return 0;
}

int read_disk(const char* /*path*/, char* buffer, std::size_t bytes, off_t offset, fuse_file_info* /*file*/) {
  return answer([&] {
    const std::size_t count = within(bytes, offset);
    disk().image.read(std::as_writable_bytes(std::span{buffer, count}), static_cast<std::uint64_t>(offset));
    return count;
  });
}

int write_disk(const char* /*path*/, const char* data, std::size_t bytes, off_t offset, fuse_file_info* /*file*/) {
  if (bytes == 0 || within(bytes, offset) != bytes) return -ENOSPC;
  return answer([&] {
    const auto content = std::as_bytes(std::span{data, bytes});
    disk().log.write(content, static_cast<std::uint64_t>(offset));
    disk().image.write(content, static_cast<std::uint64_t>(offset));
    return bytes;
  });
}

int flush_disk(const char* /*path*/, int /*data_only*/, fuse_file_info* /*file*/) {
  return answer([] {
    disk().log.flush();
    return 0;
  });
}

fuse_operations operations() {
  fuse_operations operations{};
  operations.getattr = get_attributes;
  operations.open = open_disk;
  operations.read = read_disk;
  operations.write = write_disk;
  operations.fsync = flush_disk;
  return operations;
}

int record(const std::vector<std::string>& words) {
  Disk disk{.image = Image{words.at(0)}, .log = LogWriter{words.at(1)}};
  std::string directory = words.at(2);
  std::array options{std::string{"lossy_disk"}, std::string{"-f"}, std::string{"-s"}, directory};
  std::array<char*, options.size()> arguments{};
  std::transform(options.begin(), options.end(), arguments.begin(), [](std::string& one) { return one.data(); });
  const fuse_operations calls = operations();
  return fuse_main(static_cast<int>(arguments.size()), arguments.data(), &calls, &disk);
}

int length(const std::vector<std::string>& words) {
  std::printf("%zu\n", rcopy::test::read_log(words.at(0)).size());
  return 0;
}

int cut(const std::vector<std::string>& words) {
  Image image{words.at(3)};
  const auto log = rcopy::test::read_log(words.at(0));
  rcopy::test::apply_cut(log, {.moment = std::stoull(words.at(1)), .seed = std::stoull(words.at(2))}, image);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const std::vector<std::string> words{arguments + std::min(count, 2), arguments + count};
    const std::string_view wanted = count > 1 ? arguments[1] : "";
    if (wanted == "record" && words.size() == 3) return record(words);
    if (wanted == "length" && words.size() == 1) return length(words);
    if (wanted == "cut" && words.size() == 4) return cut(words);
    throw std::invalid_argument{"usage: see the head of its source"};
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lossy_disk: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
