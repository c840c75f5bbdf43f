// SPDX-License-Identifier: MIT
//
// What an open file of the seam promises, on the kernel and on each double alike.
#include "support/aligned.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"
#include "unit/io/worlds.hpp"

#include <algorithm>
#include <array>

namespace rcopy::test {
namespace {

using io::OpenMode;

constexpr std::array kAllModes{OpenMode::source, OpenMode::partial, OpenMode::read_back,
                               OpenMode::read_direct, OpenMode::write_direct};

TEST_CASE("a source and a file read back cannot be written through", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  const auto directory = root_of(world);
  for (const OpenMode mode : {OpenMode::source, OpenMode::read_back}) {
    const auto file = good(directory->open("f", mode));
    CHECK(file->write_at(Bytes{"x"}, 0).error == EBADF);
    CHECK(file->truncate(0) == EINVAL);
    CHECK(read(*file, 100) == Bytes{"content"});
    CHECK(file->close() == 0);
  }
  CHECK(world.get("f") == Bytes{"content"});
}

TEST_CASE("only a block device has a device's size and a disk", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  const auto file = good(root_of(world)->open("f", OpenMode::source));
  CHECK(file->device_size().error == ENOTTY);
  CHECK(file->device_sequence().error == ENOTTY);
  CHECK(good(file->stat()).rdev == 0);
}

TEST_CASE("a created partial is new, empty, private and ours", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::create_partial));
  const io::Stat stat = good(file->stat());
  CHECK(stat.kind == io::FileKind::regular);
  CHECK(stat.size_bytes == 0);
  CHECK(stat.mode == (0600 & ~world.fs().umask()));
  CHECK(stat.uid == world.fs().user());
  CHECK(stat.links == 1);
  CHECK(file->path() == world.root() / "f");
  CHECK(directory->open("f", OpenMode::create_partial).error == EEXIST);

  world.symlink("nowhere", "dangling");
  CHECK(directory->open("dangling", OpenMode::create_partial).error == EEXIST);
  CHECK(world.fs().stat(world.root() / "nowhere", io::Links::nofollow).error == ENOENT);
  world.mkdir("d");
  CHECK(directory->open("d", OpenMode::create_partial).error == EEXIST);
}

TEST_CASE("opening a missing file says so in every mode", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  for (const OpenMode mode : kAllModes) CHECK(directory->open("f", mode).error == ENOENT);
}

TEST_CASE("a symlink is not followed in any mode", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.symlink("f", "link");
  const auto directory = root_of(world);
  for (const OpenMode mode : kAllModes) CHECK(directory->open("link", mode).error == ELOOP);
}

TEST_CASE("what is no regular file is opened without blocking or refused", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.fifo("fifo");
  world.mkdir("directory");
  const auto directory = root_of(world);
  for (const OpenMode mode : {OpenMode::source, OpenMode::partial, OpenMode::read_back}) {
    const auto fifo = good(directory->open("fifo", mode));
    CHECK(good(fifo->stat()).kind == io::FileKind::fifo);
    Bytes buffer(10);
    CHECK(fifo->read_at(buffer, 0).error == ESPIPE);
  }
  CHECK(directory->open("directory", OpenMode::partial).error == EISDIR);
  const auto opened = good(directory->open("directory", OpenMode::source));
  CHECK(good(opened->stat()).kind == io::FileKind::directory);
  Bytes buffer(10);
  CHECK(opened->read_at(buffer, 0).error == EISDIR);
}

TEST_CASE("a read is short only at the end of the file", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const Bytes bytes = content(Seed{1}, 10'000);
  world.put("f", bytes);
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::source));
  CHECK(read(*file, 10'000) == bytes);
  CHECK(read(*file, 10'001) == bytes);
  CHECK(read(*file, 100, 9'990) == Bytes{std::span{bytes}.subspan(9'990)});
  CHECK(read(*file, 5'000, 4'000) == Bytes{std::span{bytes}.subspan(4'000, 5'000)});
  CHECK(read(*file, 100, 10'000).empty());
  CHECK(read(*file, 100, 1'000'000).empty());
  CHECK(read(*file, 0).empty());
}

TEST_CASE("a write beyond the end leaves a hole of zeros", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::create_partial));
  write(*file, Bytes{"begin"});
  write(*file, Bytes{"end"}, 20'000);
  CHECK(good(file->write_at({}, 30'000)) == 0);
  Bytes expected(20'003);
  std::ranges::copy(Bytes{"begin"}, expected.begin());
  std::ranges::copy(Bytes{"end"}, expected.begin() + 20'000);
  CHECK(good(file->stat()).size_bytes == 20'003);
  CHECK(read(*file, 30'000) == expected);
  CHECK(world.get("f") == expected);
}

TEST_CASE("a write changes only its own bytes", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  Bytes bytes = content(Seed{2}, 20'000);
  world.put("f", bytes);
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::partial));
  const Bytes other = content(Seed{3}, 9'000);
  write(*file, other, 3'500);
  std::ranges::copy(other, bytes.begin() + 3'500);
  CHECK(world.get("f") == bytes);
}

TEST_CASE("what truncate cut off never comes back", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  Bytes bytes = content(Seed{4}, 20'000);
  world.put("f", bytes);
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::partial));
  CHECK(file->truncate(5'000) == 0);
  CHECK(good(file->stat()).size_bytes == 5'000);
  CHECK(read(*file, 20'000) == Bytes{std::span{bytes}.first(5'000)});
  CHECK(file->truncate(15'000) == 0);
  write(*file, Bytes{"x"}, 16'000);
  std::fill(bytes.begin() + 5'000, bytes.end(), std::byte{0});
  bytes.resize(16'001);
  bytes[16'000] = std::byte{'x'};
  CHECK(world.get("f") == bytes);
  CHECK(file->truncate(0) == 0);
  CHECK(world.get("f").empty());
}

TEST_CASE("two open files of one name show the same bytes", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  const auto writer = good(directory->open("f", OpenMode::create_partial));
  const auto reader = good(directory->open("f", OpenMode::read_back));
  write(*writer, Bytes{"one"});
  CHECK(read(*reader, 10) == Bytes{"one"});
  write(*writer, Bytes{"two"});
  CHECK(read(*reader, 10) == Bytes{"two"});
}

TEST_CASE("a lock is exclusive between open files and ends with them", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  auto first = good(directory->open("f", OpenMode::create_partial));
  const auto second = good(directory->open("f", OpenMode::partial));
  CHECK(first->try_lock() == 0);
  CHECK(first->try_lock() == 0);  // ours already
  CHECK(second->try_lock() == EWOULDBLOCK);
  write(*second, Bytes{"x"});  // advisory
  CHECK(first->close() == 0);
  CHECK(second->try_lock() == 0);
  first = good(directory->open("f", OpenMode::partial));
  CHECK(first->try_lock() == EWOULDBLOCK);
}

TEST_CASE("a shared lock keeps out only who wants the file for himself", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  auto first = good(directory->open("f", OpenMode::create_partial));
  auto second = good(directory->open("f", OpenMode::read_back));
  CHECK(first->try_lock() == 0);
  CHECK(second->try_share() == EWOULDBLOCK);
  CHECK(first->try_share() == 0);  // not for itself any more
  CHECK(second->try_share() == 0);
  CHECK(first->try_lock() == EWOULDBLOCK);
  second.reset();
  CHECK(first->try_lock() == 0);
}

TEST_CASE("a lock goes with the file and not with its name", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  auto first = good(directory->open("f", OpenMode::create_partial));
  CHECK(first->try_lock() == 0);
  CHECK(directory->rename("f", "g") == 0);
  const auto second = good(directory->open("g", OpenMode::partial));
  CHECK(second->try_lock() == EWOULDBLOCK);
  const auto other = good(directory->open("f", OpenMode::create_partial));
  CHECK(other->try_lock() == 0);
  first.reset();
  CHECK(second->try_lock() == 0);
}

TEST_CASE("an unlinked file lives while it is open", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"old"});
  const auto directory = root_of(world);
  const auto old = good(directory->open("f", OpenMode::partial));
  CHECK(directory->unlink("f") == 0);
  const auto fresh = good(directory->open("f", OpenMode::create_partial));
  write(*fresh, Bytes{"fresh"});
  write(*old, Bytes{"er"}, 3);
  CHECK(read(*old, 10) == Bytes{"older"});
  CHECK(read(*fresh, 10) == Bytes{"fresh"});
  CHECK(good(old->stat()).links == 0);
  CHECK(good(old->stat()).inode != good(fresh->stat()).inode);
  CHECK(old->sync_all() == 0);
}

TEST_CASE("syncs and dropping the cache change no content", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const Bytes bytes = content(Seed{5}, 100'000);
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::create_partial));
  write(*file, bytes);
  CHECK(file->drop_cache({}) == 0);
  CHECK(read(*file, 100'000) == bytes);
  CHECK(file->sync_data() == 0);
  CHECK(file->sync_all() == 0);
  CHECK(directory->sync() == 0);
  CHECK(file->drop_cache({}) == 0);
  CHECK(read(*file, 100'000) == bytes);
  CHECK(file->close() == 0);
  CHECK(good(directory->open("f", OpenMode::source))->sync_all() == 0);
}

TEST_CASE("a direct read gives what was written, synced or not", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const Bytes bytes = content(Seed{6}, 3 * io::kDirectAlignment + 100);
  const auto directory = root_of(world);
  const auto writer = good(directory->open("f", OpenMode::create_partial));
  write(*writer, bytes);
  auto opened = directory->open("f", OpenMode::read_direct);
  if (opened.error == EINVAL) {
    WARN("no direct reads here: " << world.root());
    return;
  }
  const auto file = good(std::move(opened));
  AlignedBuffer buffer{4 * io::kDirectAlignment};
  REQUIRE(good(file->read_at(buffer.bytes(), 0)) == bytes.size());
  CHECK(Bytes{buffer.bytes().first(bytes.size())} == bytes);
  // The last, incomplete unit.
  const std::uint64_t last = 3 * io::kDirectAlignment;
  REQUIRE(good(file->read_at(buffer.bytes().first(io::kDirectAlignment), last)) == 100);
  CHECK(Bytes{buffer.bytes().first(100)} == Bytes{std::span{bytes}.last(100)});
  CHECK(good(file->read_at(buffer.bytes(), 4 * io::kDirectAlignment)) == 0);
}

TEST_CASE("direct writes are of whole sectors, and every other descriptor sees them", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::create_partial));
  write(*file, content(Seed{7}, io::kDirectAlignment));
  auto opened = directory->open("f", OpenMode::write_direct);
  if (opened.error == EINVAL) {
    WARN("no direct writes here: " << world.root());
    return;
  }
  const auto direct = good(std::move(opened));
  AlignedBuffer buffer{2 * io::kDirectAlignment};
  const Bytes bytes = content(Seed{8}, buffer.bytes().size());
  std::ranges::copy(bytes, buffer.bytes().begin());
  REQUIRE(good(direct->write_at(buffer.bytes(), io::kDirectAlignment)) == bytes.size());
  CHECK(read(*file, bytes.size(), io::kDirectAlignment) == bytes);
  CHECK(direct->read_at(buffer.bytes(), 0).error == EBADF);
  // The end of a file that is no whole sector goes through the cache.
  write(*file, Bytes{"end"}, 3 * io::kDirectAlignment);
  CHECK(file->sync_data() == 0);
  CHECK(read(*file, 100, 3 * io::kDirectAlignment) == Bytes{"end"});
}

TEST_CASE("what is written is cached, until it is dropped", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::create_partial));
  const std::uint64_t half = std::uint64_t{4} << 20U;  // more than a page of any size
  const io::Extent first{.offset_bytes = 0, .length_bytes = half};
  const io::Extent second{.offset_bytes = half, .length_bytes = half};
  write(*file, content(Seed{9}, 2 * half));
  CHECK(file->sync_data() == 0);
  CHECK(file->expect_random() == 0);
  CHECK(file->drop_cache(second) == 0);
  if (good(file->is_cached(second))) {
    WARN("this file system keeps its pages: " << world.root());  // tmpfs has nowhere else for them
    return;
  }
  CHECK_FALSE(good(file->is_cached({})));
  // What is cached the kernel may take back at any time, when memory is short.
  const auto is_cached_when_read = [&](io::Extent extent) {
    for (int i = 0; i < 100; ++i) {
      REQUIRE(read(*file, half, extent.offset_bytes).size() == half);
      if (good(file->is_cached(extent))) return true;
    }
    return false;
  };
  CHECK(is_cached_when_read(first));
  CHECK(is_cached_when_read(second));
}

TEST_CASE("mode, owner and times are kept as set, to the nanosecond", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::create_partial));
  const io::Stat before = good(file->stat());
  CHECK(file->set_owner({.uid = before.uid, .gid = before.gid}) == 0);
  CHECK(file->set_mode(0751) == 0);
  const io::Times times{.atime_ns = 1'234'567'890'123'456'789, .mtime_ns = 987'654'321'000'000'001};
  CHECK(file->set_times(times) == 0);
  const io::Stat stat = good(file->stat());
  CHECK(stat.mode == 0751);
  CHECK(stat.uid == before.uid);
  CHECK(stat.gid == before.gid);
  CHECK(stat.atime_ns == times.atime_ns);
  CHECK(stat.mtime_ns == times.mtime_ns);
  CHECK(stat.ctime_ns >= before.ctime_ns);
  CHECK(file->set_times({.atime_ns = -1, .mtime_ns = -1'500'000'000}) == 0);
  CHECK(good(file->stat()).mtime_ns == -1'500'000'000);
}

TEST_CASE("writing and truncating give the file a new mtime", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::partial));
  const io::Times old{.atime_ns = 1'000'000'000, .mtime_ns = 1'000'000'000};
  CHECK(file->set_times(old) == 0);
  CHECK(read(*file, 10).size() == 7);
  CHECK(good(file->stat()).mtime_ns == old.mtime_ns);
  write(*file, Bytes{"C"});
  CHECK(good(file->stat()).mtime_ns > old.mtime_ns);
  CHECK(file->set_times(old) == 0);
  CHECK(file->truncate(7) == 0);
  CHECK(good(file->stat()).mtime_ns > old.mtime_ns);
}

TEST_CASE("a closed file answers nothing any more", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::create_partial));
  CHECK(file->close() == 0);
  Bytes buffer(1);
  CHECK(file->read_at(buffer, 0).error == EBADF);
  CHECK(file->write_at(buffer, 0).error == EBADF);
  CHECK(file->sync_all() == EBADF);
  CHECK(file->stat().error == EBADF);
  CHECK(file->seek_data(0).error == EBADF);
  CHECK(file->seek_hole(0).error == EBADF);
  CHECK(file->punch_hole({.offset_bytes = 0, .length_bytes = 1}) == EBADF);
  CHECK(file->allocate({.offset_bytes = 0, .length_bytes = 1}) == EBADF);
}

TEST_CASE("extended attributes are listed, read, replaced and removed", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  const auto file = good(root_of(world)->open("f", OpenMode::read_back));
  if (file->set_xattr("user.a", Bytes{"1"}) == ENOTSUP) {
    WARN("skipped: no extended attributes here");
    return;
  }
  REQUIRE(file->set_xattr("user.b", Bytes{}) == 0);
  const auto names = good(file->xattr_names());
  for (const char* name : {"user.a", "user.b"}) CHECK(std::ranges::count(names, name) == 1);
  CHECK(Bytes{good(file->xattr("user.a"))} == Bytes{"1"});
  CHECK(good(file->xattr("user.b")).empty());
  CHECK(file->xattr("user.c").error == ENODATA);
  CHECK(file->set_xattr("user.a", Bytes{"another value"}) == 0);
  CHECK(Bytes{good(file->xattr("user.a"))} == Bytes{"another value"});
  CHECK(file->remove_xattr("user.a") == 0);
  CHECK(file->remove_xattr("user.a") == ENODATA);
  CHECK(file->xattr("user.a").error == ENODATA);
}

}  // namespace
}  // namespace rcopy::test
