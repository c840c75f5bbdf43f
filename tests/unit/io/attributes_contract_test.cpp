// SPDX-License-Identifier: MIT
//
// What can be done to files that were only found, and to directories opened as files, on the kernel and on each
// double alike.
#include "support/catch.hpp"
#include "support/results.hpp"
#include "unit/io/worlds.hpp"

#include <algorithm>
#include <array>

namespace rcopy::test {
namespace {

using io::FileKind;
using io::Links;
using io::OpenMode;

constexpr io::Times kTimes{.atime_ns = 1'234'567'890'123'456'789, .mtime_ns = 987'654'321'000'000'001};

io::Stat stat(io::Directory& directory, const io::Name& name) { return good(directory.stat(name, Links::nofollow)); }

/// One of each kind that everybody can make.
std::unique_ptr<io::Directory> filled(World& world) {
  world.put("f", Bytes{"content"});
  world.mkdir("d");
  world.fifo("fifo");
  world.symlink("f", "link");
  world.symlink("nowhere", "dangling");
  auto root = root_of(world);
  REQUIRE(root->make_node("socket", {.kind = FileKind::socket, .mode = 0600}) == 0);
  return root;
}

constexpr std::array kAll{"f", "d", "fifo", "link", "dangling", "socket"};

TEST_CASE("a file of any kind is found without being opened, and keeps owner and times as set", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto root = filled(world);
  for (const char* const name : kAll) {
    CAPTURE(name);
    const io::Stat before = stat(*root, name);
    const auto file = good(root->open(name, OpenMode::attributes));
    CHECK(file->path() == world.root() / name);
    CHECK(same_file(good(file->stat()), before));
    CHECK(good(file->stat()).kind == before.kind);
    CHECK(file->set_owner({.uid = before.uid, .gid = before.gid}) == 0);
    CHECK(file->set_times(kTimes) == 0);
    CHECK(file->set_mode(0751) == (before.kind == FileKind::symlink ? EOPNOTSUPP : 0));
    CHECK(file->close() == 0);
    const io::Stat after = stat(*root, name);
    CHECK(after.atime_ns == kTimes.atime_ns);
    CHECK(after.mtime_ns == kTimes.mtime_ns);
    CHECK(after.ctime_ns >= before.ctime_ns);
    CHECK(after.mode == (before.kind == FileKind::symlink ? 0777 : 0751));
  }
  CHECK(root->open("missing", OpenMode::attributes).error == ENOENT);
  CHECK(root->open(std::string(256, 'x'), OpenMode::attributes).error == ENAMETOOLONG);
}

TEST_CASE("the attributes of a symlink are its own", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto root = filled(world);
  const io::Stat target = stat(*root, "f");
  const auto link = good(root->open("link", OpenMode::attributes));
  CHECK(link->set_times(kTimes) == 0);
  CHECK(link->set_mode(0700) == EOPNOTSUPP);
  if (const int error = link->set_xattr("user.a", Bytes{"1"}); error != ENOTSUP) {
    CHECK(error == EPERM);
    CHECK(link->xattr("user.a").error == ENODATA);
    CHECK(std::ranges::count(good(link->xattr_names()), "user.a") == 0);
  }
  const io::Stat after = stat(*root, "f");
  CHECK(after.mtime_ns == target.mtime_ns);
  CHECK(after.ctime_ns == target.ctime_ns);
  CHECK(after.mode == target.mode);
  // What it leads to is set through it nowhere: a name that becomes a symlink is harmless.
  CHECK(good(root->read_link("link")) == "f");
}

TEST_CASE("root gives a symlink away, and not its target", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto root = filled(world);
  const io::Owner owner{.uid = 12, .gid = 34};
  const io::Stat target = stat(*root, "f");
  const auto link = good(root->open("link", OpenMode::attributes));
  if (world.fs().user() != 0) CHECK(link->set_owner(owner) == EPERM);
  if (!world.become_root()) {
    WARN("skipped: only root gives files away");
    return;
  }
  for (const char* const name : {"link", "dangling", "fifo", "d"}) {
    CAPTURE(name);
    CHECK(good(root->open(name, OpenMode::attributes))->set_owner(owner) == 0);
    CHECK(stat(*root, name).uid == owner.uid);
    CHECK(stat(*root, name).gid == owner.gid);
  }
  CHECK(stat(*root, "f").uid == target.uid);
  CHECK(stat(*root, "f").gid == target.gid);
}

TEST_CASE("set-id bits go with the owner, except of directories", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto root = filled(world);
  for (const char* const name : {"f", "d", "fifo"}) {
    CAPTURE(name);
    const auto file = good(root->open(name, OpenMode::attributes));
    const io::Stat before = good(file->stat());
    CHECK(file->set_mode(06755) == 0);
    CHECK(file->set_owner({.uid = before.uid, .gid = before.gid}) == 0);
    CHECK(good(file->stat()).mode == (before.kind == FileKind::directory ? 06755 : 0755));
  }
}

TEST_CASE("what was only found is neither read nor written nor synced", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto root = filled(world);
  for (const char* const name : {"f", "d", "link"}) {
    CAPTURE(name);
    const auto file = good(root->open(name, OpenMode::attributes));
    Bytes buffer(10);
    CHECK(file->read_at(buffer, 0).error == EBADF);
    CHECK(file->write_at(buffer, 0).error == EBADF);
    CHECK(file->sync_data() == EBADF);
    CHECK(file->sync_all() == EBADF);
    CHECK(file->truncate(0) == EBADF);
    CHECK(file->allocate({.offset_bytes = 0, .length_bytes = 1}) == EBADF);
    CHECK(file->punch_hole({.offset_bytes = 0, .length_bytes = 1}) == EBADF);
    CHECK(file->seek_data(0).error == EBADF);
    CHECK(file->seek_hole(0).error == EBADF);
    CHECK(file->try_lock() == EBADF);
    CHECK(file->drop_cache({}) == EBADF);
    CHECK(file->expect_random() == EBADF);
    CHECK(file->device_size().error == EBADF);
    CHECK(file->clone_from(*file) == EBADF);
  }
  CHECK(world.get("f") == Bytes{"content"});
}

TEST_CASE("extended attributes of directories and of files that were only found are kept", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto root = filled(world);
  for (const char* const name : {"f", "d"}) {
    CAPTURE(name);
    const auto file = good(root->open(name, OpenMode::attributes));
    if (file->set_xattr("user.a", Bytes{"1"}) == ENOTSUP) {
      WARN("skipped: no extended attributes here");
      return;
    }
    const auto opened = good(root->open(name, OpenMode::read_back));
    CHECK(Bytes{good(opened->xattr("user.a"))} == Bytes{"1"});
    CHECK(opened->set_xattr("user.a", Bytes{"another value"}) == 0);
    CHECK(Bytes{good(file->xattr("user.a"))} == Bytes{"another value"});
    CHECK(std::ranges::count(good(file->xattr_names()), "user.a") == 1);
    CHECK(file->remove_xattr("user.a") == 0);
    CHECK(file->remove_xattr("user.a") == ENODATA);
    CHECK(file->xattr("user.a").error == ENODATA);
  }
}

TEST_CASE("a directory opened as a file keeps mode and times, until a name changes in it", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.mkdir("d");
  const auto directory = good(root_of(world)->open_directory("d", io::DirectoryUse::change_names));
  for (const bool itself : {false, true}) {
    const auto parent = root_of(world);
    const auto file = good(itself ? directory->open(".", OpenMode::read_back) : parent->open("d", OpenMode::read_back));
    CHECK(same_file(good(file->stat()), stat(*parent, "d")));
    CHECK(file->set_mode(01751) == 0);
    CHECK(file->set_times(kTimes) == 0);
    CHECK(file->sync_all() == 0);
    CHECK(stat(*parent, "d").mode == 01751);
    CHECK(stat(*parent, "d").mtime_ns == kTimes.mtime_ns);
    CHECK(directory->make_directory("e", 0700) == 0);
    CHECK(stat(*parent, "d").mtime_ns > kTimes.mtime_ns);
    CHECK(file->set_times(kTimes) == 0);
    CHECK(directory->rename("e", itself ? "g" : "f") == 0);
    CHECK(stat(*parent, "d").mtime_ns > kTimes.mtime_ns);
    CHECK(file->set_mode(0700) == 0);
  }
}

}  // namespace
}  // namespace rcopy::test
