// SPDX-License-Identifier: MIT
//
// What a MemoryDisk does beyond the contract of the seam (tests/unit/io): limits, permissions, the
// difference between cache and medium, the reuse of inode numbers, threads.
#include "support/memory_disk.hpp"

#include "support/aligned.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

#include <stdexcept>
#include <thread>

namespace rcopy::test {
namespace {

using io::Links;
using io::OpenMode;

constexpr std::uint64_t kPage = FileData::kPageBytes;

std::unique_ptr<io::File> open(MemoryDisk& disk, const char* name, OpenMode mode) {
  return good(good(disk.open_directory("/", io::DirectoryUse::change_names))->open(name, mode));
}

Bytes read_direct(MemoryDisk& disk, const char* name) {
  const auto file = open(disk, name, OpenMode::read_direct);
  const std::uint64_t size = good(file->stat()).size_bytes;
  AlignedBuffer buffer{(size / kPage + 1) * kPage};
  return Bytes{buffer.bytes().first(good(file->read_at(buffer.bytes(), 0)))};
}

Bytes read_cached(MemoryDisk& disk, const char* name) {
  const auto file = open(disk, name, OpenMode::read_back);
  Bytes bytes(good(file->stat()).size_bytes);
  REQUIRE(good(file->read_at(bytes, 0)) == bytes.size());
  return bytes;
}

TEST_CASE("the number of a dead file goes to the next one of its directory", "[support]") {
  MemoryDisk disk;
  disk.put("/a", Bytes{"a"});
  disk.put("/b", Bytes{"b"});
  const std::uint64_t number = disk.look("/a").inode;
  const auto directory = good(disk.open_directory("/", io::DirectoryUse::change_names));
  CHECK(directory->unlink("a") == 0);
  const auto file = good(directory->open("c", OpenMode::create_partial));
  CHECK(good(file->stat()).inode == number);
  CHECK(good(file->stat()).birth_ns > disk.look("/b").birth_ns);

  SECTION("but not while the dead file is open") {
    const auto reader = good(directory->open("c", OpenMode::read_back));
    CHECK(directory->unlink("c") == 0);
    CHECK(good(good(directory->open("d", OpenMode::create_partial))->stat()).inode != number);
  }
  SECTION("and not in another directory before the unlink is durable") {
    disk.mkdir("/other");
    CHECK(file->close() == 0);
    CHECK(directory->unlink("c") == 0);
    disk.put("/other/x", Bytes{"x"});
    CHECK(disk.look("/other/x").inode != number);
    CHECK(directory->sync() == 0);
    disk.put("/other/y", Bytes{"y"});
    CHECK(disk.look("/other/y").inode == number);
  }
}

TEST_CASE("the clock goes forward with each call and nothing is older than the root", "[support]") {
  MemoryDisk disk;
  disk.put("/a", Bytes{"a"});
  const auto file = open(disk, "b", OpenMode::create_partial);
  const io::Stat root = disk.look("/");
  CHECK(root.inode == 2);
  CHECK(root.birth_ns > 1'600'000'000'000'000'000);
  CHECK(disk.look("/a").birth_ns > root.birth_ns);
  CHECK(disk.look("/b").birth_ns > disk.look("/a").ctime_ns);
  CHECK(root.mtime_ns == disk.look("/b").birth_ns);
}

TEST_CASE("put keeps the file, remove and put make another, move replaces", "[support]") {
  MemoryDisk disk;
  disk.put("/a", Bytes{"one"});
  const io::Stat one = disk.look("/a");
  disk.put("/a", Bytes{"other"});
  CHECK(disk.look("/a").inode == one.inode);
  CHECK(disk.look("/a").birth_ns == one.birth_ns);
  CHECK(disk.look("/a").mtime_ns > one.mtime_ns);
  disk.put("/b", Bytes{"b"});
  const std::uint64_t inode = disk.look("/b").inode;
  disk.move("/b", "/a");
  CHECK(disk.look("/a").inode == inode);
  CHECK_FALSE(disk.exists("/b"));
  CHECK(disk.list("/") == std::vector<std::string>{"a"});
  CHECK_THROWS(disk.get("/b"));
  CHECK_THROWS(disk.put("/missing/b", Bytes{}));
}

TEST_CASE("a full disk takes what fits, then says ENOSPC", "[support]") {
  MemoryDisk disk{{.capacity_bytes = 10 * kPage}};
  const auto file = open(disk, "f", OpenMode::create_partial);
  const Bytes bytes = content(Seed{1}, 12 * kPage);
  CHECK(good(file->write_at(bytes, 0)) == 10 * kPage);
  CHECK(file->write_at(bytes, 10 * kPage).error == ENOSPC);
  CHECK(file->write_at(bytes, 20 * kPage).error == ENOSPC);
  CHECK(good(file->write_at(std::span{bytes}.last(2 * kPage), 0)) == 2 * kPage);  // in place
  const auto directory = good(disk.open_directory("/", io::DirectoryUse::change_names));
  CHECK(good(directory->file_system()).available_bytes == 0);
  CHECK(file->truncate(100 * kPage) == 0);  // holes cost nothing
  CHECK(file->truncate(kPage + 1) == 0);
  CHECK(good(directory->file_system()).available_bytes == 8 * kPage);
  CHECK(directory->unlink("f") == 0);
  CHECK(good(directory->file_system()).available_bytes == 8 * kPage);  // it is still open
  CHECK(file->close() == 0);
  CHECK(good(directory->file_system()).available_bytes == 10 * kPage);
  disk.set_capacity(3 * kPage);
  CHECK(good(directory->file_system()).available_bytes == 3 * kPage);
}

TEST_CASE("a file cannot grow beyond what the file system can hold", "[support]") {
  MemoryDisk disk{{.max_file_bytes = 10'000}};
  const auto file = open(disk, "f", OpenMode::create_partial);
  CHECK(good(file->write_at(content(Seed{1}, 100), 9'950)) == 50);
  CHECK(file->write_at(Bytes{"x"}, 10'000).error == EFBIG);
  CHECK(file->truncate(10'001) == EFBIG);
  CHECK(file->truncate(10'000) == 0);
}

TEST_CASE("a sparse file of any size takes no memory, nor does a generated one", "[support]") {
  constexpr std::uint64_t kHuge = std::uint64_t{5} << 30;
  MemoryDisk disk{{.capacity_bytes = 4 * kPage}};
  const auto file = open(disk, "f", OpenMode::create_partial);
  const Bytes zeros(1 << 20);
  for (std::uint64_t at = 0; at < kHuge; at += 512 << 20) {
    CHECK(good(file->write_at(zeros, at)) == zeros.size());
  }
  CHECK(good(file->write_at(Bytes{"end"}, kHuge)) == 3);
  CHECK(good(file->stat()).size_bytes == kHuge + 3);
  CHECK(good(file->stat()).allocated_bytes == kPage);

  disk.put_generated("/g", kHuge + 100, [](std::uint64_t offset, std::span<std::byte> out) {
    fill_content(Seed{9}, offset, out);
  });
  Bytes expected(1'000);
  fill_content(Seed{9}, kHuge - 900, expected);
  const auto source = open(disk, "g", OpenMode::partial);
  Bytes got(2'000);
  REQUIRE(good(source->read_at(got, kHuge - 900)) == 1'000);
  CHECK(Bytes{std::span{got}.first(1'000)} == expected);
  CHECK(good(source->write_at(Bytes{"X"}, kHuge)) == 1);
  expected[900] = std::byte{'X'};
  REQUIRE(good(source->read_at(got, kHuge - 900)) == 1'000);
  CHECK(Bytes{std::span{got}.first(1'000)} == expected);
}

TEST_CASE("holes of a huge file are found in no time, and zeros are a hole in a generated one", "[support]") {
  constexpr std::uint64_t kHuge = std::uint64_t{64} << 30;
  MemoryDisk disk;
  const auto file = open(disk, "f", OpenMode::create_partial);
  CHECK(good(file->write_at(Bytes{"end"}, kHuge)) == 3);
  CHECK(good(file->seek_data(1)) == kHuge);
  CHECK(good(file->seek_hole(kHuge)) == kHuge + 3);

  disk.put_generated("/g", kHuge + 100, [](std::uint64_t offset, std::span<std::byte> out) {
    fill_content(Seed{9}, offset, out);
  });
  const auto source = open(disk, "g", OpenMode::partial);
  CHECK(good(source->seek_data(kPage)) == kPage);
  CHECK(good(source->seek_hole(0)) == kHuge + 100);
  CHECK(source->punch_hole({.offset_bytes = 3 * kPage + 1, .length_bytes = 3 * kPage}) == 0);
  CHECK(good(source->seek_hole(0)) == 4 * kPage);
  CHECK(good(source->seek_data(4 * kPage)) == 6 * kPage);
  CHECK(source->truncate(kHuge + 10 * kPage) == 0);
  CHECK(good(source->seek_hole(7 * kPage)) == kHuge + kPage);
  CHECK(source->seek_data(kHuge + kPage).error == ENXIO);
}

TEST_CASE("a clone takes no space until one of both is written to", "[support]") {
  MemoryDisk disk{{.capacity_bytes = 10 * kPage, .can_clone = true}};
  disk.put("/f", content(Seed{1}, 8 * kPage + 100));
  const auto root = good(disk.open_directory("/", io::DirectoryUse::change_names));
  const auto free_pages = [&] { return good(root->file_system()).available_bytes / kPage; };
  const auto source = open(disk, "f", OpenMode::source);
  const auto clone = open(disk, "clone", OpenMode::create_partial);
  CHECK(clone->clone_from(*source) == 0);
  CHECK(free_pages() == 1);
  CHECK(clone->sync_all() == 0);
  CHECK(clone->drop_cache({}) == 0);
  CHECK(free_pages() == 1);
  CHECK(disk.get("/clone") == disk.get("/f"));
  CHECK(good(clone->write_at(Bytes{"x"}, 0)) == 1);
  CHECK(free_pages() == 0);
  CHECK(clone->write_at(Bytes{"x"}, kPage).error == ENOSPC);
  CHECK(root->unlink("clone") == 0);
  CHECK(clone->close() == 0);
  CHECK(free_pages() == 1);

  MemoryDisk other{{.can_clone = true}};
  const auto elsewhere = open(other, "f", OpenMode::create_partial);
  CHECK(elsewhere->clone_from(*source) == EXDEV);
}

TEST_CASE("a direct read refuses what is not aligned", "[support]") {
  MemoryDisk disk;
  disk.put("/f", content(Seed{1}, 20'000));
  const auto file = open(disk, "f", OpenMode::read_direct);
  AlignedBuffer buffer{4 * kPage};
  CHECK(file->read_at(buffer.bytes().subspan(1, kPage), 0).error == EINVAL);
  CHECK(file->read_at(buffer.bytes().subspan(512, kPage), 0).error == EINVAL);
  CHECK(file->read_at(buffer.bytes().first(kPage - 512), 0).error == EINVAL);
  CHECK(file->read_at(buffer.bytes(), 512).error == EINVAL);
  CHECK(good(file->read_at(buffer.bytes(), kPage)) == 4 * kPage - (5 * kPage - 20'000));
}

TEST_CASE("direct reads can be refused when opened or when read", "[support]") {
  MemoryDisk disk;
  disk.put("/f", content(Seed{1}, kPage));
  disk.set_direct_io(DirectIo::refused_by_open);
  CHECK(good(disk.open_directory("/", io::DirectoryUse::change_names))->open("f", OpenMode::read_direct).error == EINVAL);
  disk.set_direct_io(DirectIo::refused_when_used);
  const auto file = open(disk, "f", OpenMode::read_direct);
  AlignedBuffer buffer{kPage};
  CHECK(file->read_at(buffer.bytes(), 0).error == EINVAL);
}

TEST_CASE("the cache hides what the medium spoiled until it is dropped", "[support]") {
  MemoryDisk disk;
  const Bytes bytes = content(Seed{1}, 3 * kPage);
  const auto file = open(disk, "f", OpenMode::create_partial);
  CHECK(good(file->write_at(bytes, 0)) == bytes.size());
  CHECK(file->sync_all() == 0);
  disk.flip_on_medium("/f", kPage + 7);
  Bytes spoiled = bytes;
  spoiled[kPage + 7] ^= std::byte{1};
  CHECK(read_cached(disk, "f") == bytes);
  CHECK(read_direct(disk, "f") == spoiled);
  CHECK(read_cached(disk, "f") == bytes);
  CHECK(disk.get("/f") == bytes);
  CHECK(disk.get("/f", View::medium) == spoiled);
  CHECK(file->drop_cache({}) == 0);
  CHECK(read_cached(disk, "f") == spoiled);
}

TEST_CASE("dropping the cache does not drop what is still to be written", "[support]") {
  MemoryDisk disk;
  const Bytes bytes = content(Seed{1}, 3 * kPage);
  const auto file = open(disk, "f", OpenMode::create_partial);
  CHECK(good(file->write_at(bytes, 0)) == bytes.size());
  CHECK(file->drop_cache({}) == 0);
  CHECK(read_cached(disk, "f") == bytes);
}

TEST_CASE("a bad spot spoils what is written back so many times", "[support]") {
  MemoryDisk disk;
  disk.spoil_write_back("/f", 5'000, 2);
  const Bytes bytes = content(Seed{1}, 3 * kPage);
  Bytes spoiled = bytes;
  spoiled[5'000] ^= std::byte{1};
  const auto directory = good(disk.open_directory("/", io::DirectoryUse::change_names));
  for (int round = 1; round <= 3; ++round) {
    CAPTURE(round);
    const auto file = good(directory->open("f", OpenMode::create_partial));
    CHECK(good(file->write_at(bytes, 0)) == bytes.size());
    if (round == 1) CHECK(file->sync_data() == 0);
    CHECK(read_direct(disk, "f") == (round <= 2 ? spoiled : bytes));
    CHECK(read_cached(disk, "f") == bytes);
    CHECK(directory->unlink("f") == 0);
  }
}

TEST_CASE("a flipped byte is flipped wherever it is kept, and no time shows it", "[support]") {
  MemoryDisk disk;
  Bytes bytes = content(Seed{1}, 3 * kPage);
  disk.put("/f", bytes);
  const io::Stat before = disk.look("/f");
  disk.flip("/f", 5'000);
  bytes[5'000] ^= std::byte{1};
  for (const View view : {View::cached, View::medium, View::durable}) {
    CHECK(disk.get("/f", view) == bytes);
  }
  CHECK(disk.look("/f").mtime_ns == before.mtime_ns);
  CHECK(disk.look("/f").ctime_ns == before.ctime_ns);
}

TEST_CASE("permissions hold for users and not for root", "[support]") {
  MemoryDisk disk;
  disk.mkdir("/d");
  disk.put("/d/f", Bytes{"content"});
  disk.put("/d/private", Bytes{"content"});
  disk.set_owner("/d/private", {.uid = 7, .gid = 7});
  disk.set_mode("/d/private", 0600);
  const auto directory = good(disk.open_directory("/d", io::DirectoryUse::change_names));
  CHECK(directory->open("private", OpenMode::source).error == EACCES);
  const auto file = good(directory->open("f", OpenMode::partial));
  CHECK(file->set_owner({.uid = 7, .gid = 7}) == EPERM);
  disk.set_mode("/d", 0555);
  CHECK(directory->open("g", OpenMode::create_partial).error == EACCES);
  CHECK(directory->rename("f", "g") == EACCES);
  CHECK(directory->unlink("f") == EACCES);
  disk.set_mode("/d", 0666);
  CHECK(directory->stat("f", Links::nofollow).error == EACCES);
  disk.set_user({.uid = 0, .gid = 0});
  CHECK(directory->open("private", OpenMode::partial).error == 0);
  CHECK(directory->rename("f", "g") == 0);
  CHECK(file->set_owner({.uid = 7, .gid = 7}) == 0);
}

TEST_CASE("in a sticky directory a stranger's file cannot be removed or replaced", "[support]") {
  MemoryDisk disk;
  disk.mkdir("/tmp");
  disk.set_mode("/tmp", 01777);
  disk.set_owner("/tmp", {.uid = 0, .gid = 0});
  disk.put("/tmp/planted", Bytes{"x"});
  disk.set_owner("/tmp/planted", {.uid = 7, .gid = 7});
  disk.put("/tmp/own", Bytes{"x"});
  const auto directory = good(disk.open_directory("/tmp", io::DirectoryUse::change_names));
  CHECK(directory->unlink("planted") == EPERM);
  CHECK(directory->rename("own", "planted") == EPERM);
  CHECK(directory->rename("planted", "mine") == EPERM);
  CHECK(directory->unlink("own") == 0);
}

TEST_CASE("set-id bits go when a user writes or the owner changes", "[support]") {
  MemoryDisk disk;
  const auto file = open(disk, "f", OpenMode::create_partial);
  CHECK(file->set_mode(06755) == 0);
  CHECK(good(file->write_at(Bytes{"x"}, 0)) == 1);
  CHECK(good(file->stat()).mode == 0755);
  CHECK(file->set_mode(06755) == 0);
  disk.set_user({.uid = 0, .gid = 0});
  CHECK(file->set_owner({.uid = 7, .gid = 7}) == 0);
  CHECK(good(file->stat()).mode == 0755);
}

TEST_CASE("a read-only mount refuses every change and still reads", "[support]") {
  MemoryDisk disk;
  disk.put("/f", Bytes{"content"});
  const auto directory = good(disk.open_directory("/", io::DirectoryUse::change_names));
  const auto file = good(directory->open("f", OpenMode::partial));
  disk.set_writing(WriteAccess::refused);
  CHECK(file->write_at(Bytes{"x"}, 0).error == EROFS);
  CHECK(file->truncate(0) == EROFS);
  CHECK(file->set_mode(0600) == EROFS);
  CHECK(directory->open("g", OpenMode::create_partial).error == EROFS);
  CHECK(directory->open("f", OpenMode::partial).error == EROFS);
  CHECK(directory->rename("f", "g") == EROFS);
  CHECK(directory->unlink("f") == EROFS);
  CHECK(directory->check_writable("f") == EROFS);
  CHECK(read_cached(disk, "f") == Bytes{"content"});
}

TEST_CASE("a file system without owners gives every file to root and keeps it so", "[support]") {
  MemoryDisk disk{{.has_owners = false}};
  const auto file = open(disk, "f", OpenMode::create_partial);
  CHECK(good(file->stat()).uid == 0);
  CHECK(good(file->stat()).mode == 0777);
  CHECK(file->set_owner({.uid = 1000, .gid = 1000}) == EPERM);
  CHECK(file->set_mode(0600) == EPERM);
  CHECK(file->set_times({.atime_ns = 1, .mtime_ns = 2}) == 0);
  disk.set_user({.uid = 0, .gid = 0});
  CHECK(file->set_owner({.uid = 1000, .gid = 1000}) == EPERM);
  CHECK(file->set_owner({.uid = 0, .gid = 0}) == 0);
  CHECK(file->set_mode(0600) == 0);
  CHECK(good(file->stat()).mode == 0777);
}

TEST_CASE("a seam name with a slash in it is a bug and is found", "[support]") {
  MemoryDisk disk;
  disk.mkdir("/d");
  const auto directory = good(disk.open_directory("/", io::DirectoryUse::change_names));
  CHECK(directory->open("d/f", OpenMode::create_partial).error == EINVAL);
}

TEST_CASE("many threads may use one disk and one file at once", "[support]") {
  constexpr std::uint64_t kBlock = 64 * 1024;
  constexpr std::uint64_t kBlocks = 64;
  MemoryDisk disk;
  const Bytes bytes = content(Seed{1}, kBlocks * kBlock);
  const auto file = open(disk, "f", OpenMode::create_partial);
  const auto write_every_fourth = [&](std::uint64_t first) {
    for (std::uint64_t block = first; block < kBlocks; block += 4) {
      (void)file->write_at(std::span{bytes}.subspan(block * kBlock, kBlock), block * kBlock);
      (void)file->stat();
      (void)disk.stat("/f", Links::follow);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t first = 0; first < 4; ++first) {
      threads.emplace_back([&, first] { write_every_fourth(first); });
    }
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        (void)file->sync_data();
        (void)file->drop_cache({});
        (void)disk.get("/f");
      }
    });
  }
  CHECK(disk.get("/f") == bytes);
}

TEST_CASE("a twin has everything, and nothing that happens to one reaches the other", "[support]") {
  MemoryDisk disk;
  disk.mkdir("/d");
  disk.put("/d/f", Bytes{"content"});
  disk.hard_link("/d/f", "/g");
  MemoryDisk twin{disk, Seed{2}};
  CHECK(twin.get("/d/f", View::durable) == Bytes{"content"});
  CHECK(twin.look("/d/f").inode == disk.look("/d/f").inode);
  CHECK(twin.look("/g").links == 2);
  twin.put("/g", Bytes{"other"});
  CHECK(twin.get("/d/f") == Bytes{"other"});
  CHECK(disk.get("/d/f") == Bytes{"content"});
  disk.remove("/d");
  CHECK(twin.exists("/d/f"));
  twin.cut_power_after(0);
  CHECK(disk.power_on());

  const auto root = good(disk.open_directory("/", io::DirectoryUse::change_names));
  CHECK_THROWS_AS((MemoryDisk{disk, Seed{3}}), std::logic_error);  // open, so not at rest
}

}  // namespace
}  // namespace rcopy::test
