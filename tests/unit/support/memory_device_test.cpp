// SPDX-License-Identifier: MIT
//
// The block devices of MemoryDisk behave as loop devices do.
#include "io/calls.hpp"
#include "support/catch.hpp"
#include "support/memory_disk.hpp"
#include "support/results.hpp"

#include <cerrno>

namespace rcopy::test {
namespace {

using io::OpenMode;

constexpr std::uint64_t kDeviceBytes = 64 * 1024;

std::unique_ptr<io::File> open(MemoryDisk& disk, OpenMode mode) {
  return good(good(disk.open_directory("/", io::DirectoryUse::look_up))->open("d", mode));
}

TEST_CASE("a device has the size it was made with, told by a question and not by its node", "[support]") {
  MemoryDisk disk;
  disk.put_device("/d", kDeviceBytes);
  const auto file = open(disk, OpenMode::source);
  CHECK(good(file->stat()).size_bytes == 0);
  CHECK(io::stat(*file).size_bytes == kDeviceBytes);
  CHECK(io::stat(*file).kind == io::FileKind::block_device);
}

TEST_CASE("another disk in the same node has another number, and an old kernel tells none", "[support]") {
  const bool told = GENERATE(true, false);
  MemoryDisk disk{{.disk_sequences = told}};
  disk.put_device("/d", kDeviceBytes);
  const auto first = io::stat(*open(disk, OpenMode::source));
  CHECK((first.disk_sequence != 0) == told);
  CHECK(io::stat(*open(disk, OpenMode::source)).disk_sequence == first.disk_sequence);
  disk.put_device("/d", kDeviceBytes);
  CHECK((io::stat(*open(disk, OpenMode::source)).disk_sequence == first.disk_sequence) == !told);
}

}  // namespace
}  // namespace rcopy::test
