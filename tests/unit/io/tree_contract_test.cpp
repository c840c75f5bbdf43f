// SPDX-License-Identifier: MIT
//
// What the calls of the seam that trees are read and made with promise, on the kernel and on each double alike.
#include "support/catch.hpp"
#include "support/results.hpp"
#include "unit/io/worlds.hpp"

#include <algorithm>
#include <array>

namespace rcopy::test {
namespace {

using io::DirectoryUse;
using io::FileKind;
using io::Links;
using io::OpenMode;

constexpr std::array kUses{DirectoryUse::look_up, DirectoryUse::change_names};
const std::string kTooLong(256, 'x');

std::unique_ptr<io::Directory> open(io::Directory& directory, const io::Name& name) {
  return good(directory.open_directory(name, DirectoryUse::change_names));
}

io::Stat stat(io::Directory& directory, const io::Name& name) { return good(directory.stat(name, Links::nofollow)); }

TEST_CASE("a directory is opened in another one, and never through a symlink", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.mkdir("d");
  world.put("d/f", Bytes{"content"});
  world.put("f", Bytes{"content"});
  world.fifo("fifo");
  world.symlink("d", "link");
  const auto root = root_of(world);
  for (const DirectoryUse use : kUses) {
    const auto directory = good(root->open_directory("d", use));
    CHECK(directory->path() == world.root() / "d");
    CHECK(same_file(stat(*directory, "."), stat(*root, "d")));
    CHECK(stat(*directory, "f").size_bytes == 7);
    const auto again = good(directory->open_directory(".", use));
    CHECK(again->path() == world.root() / "d");
    CHECK(same_file(stat(*again, "f"), stat(*directory, "f")));
    const int through_link = root->open_directory("link", use).error;
    CHECK((through_link == ENOTDIR || through_link == ELOOP));
    CHECK(root->open_directory("f", use).error == ENOTDIR);
    CHECK(root->open_directory("fifo", use).error == ENOTDIR);
    CHECK(root->open_directory("missing", use).error == ENOENT);
    CHECK(root->open_directory(kTooLong, use).error == ENAMETOOLONG);
  }
}

TEST_CASE("a directory for looking up shows names, and is not synced", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.mkdir("d");
  world.put("d/f", Bytes{"content"});
  const auto directory = good(root_of(world)->open_directory("d", DirectoryUse::look_up));
  CHECK(read(*good(directory->open("f", OpenMode::source)), 100) == Bytes{"content"});
  CHECK(good(directory->entries()).size() == 1);
  CHECK(good(directory->file_system()).available_bytes > 0);
  CHECK(directory->sync() == EBADF);
  CHECK(directory->sync_file_system() == EBADF);
}

TEST_CASE("only users that may read a directory list it, and those that may search it look into it", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  if (world.fs().user() == 0) {
    WARN("skipped: this user may read everything");
    return;
  }
  world.mkdir("d");
  world.put("d/f", Bytes{"content"});
  const auto root = root_of(world);
  world.set_mode("d", 0100);
  CHECK(root->open_directory("d", DirectoryUse::change_names).error == EACCES);
  const auto directory = good(root->open_directory("d", DirectoryUse::look_up));
  CHECK(stat(*directory, "f").size_bytes == 7);
  CHECK(directory->entries().error == EACCES);
  CHECK(directory->make_directory("e", 0700) == EACCES);
  CHECK(root->link("d", *directory, "e") == EACCES);
  world.set_mode("d", 0400);
  CHECK(directory->read_link("f").error == EACCES);
  CHECK(directory->open("f", OpenMode::attributes).error == EACCES);
  world.set_mode("d", 0700);
}

TEST_CASE("a new directory has the mode asked for, less the umask, and replaces nothing", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.symlink("nowhere", "dangling");
  const auto root = root_of(world);
  CHECK(root->make_directory("d", 0777) == 0);
  CHECK(root->make_directory("private", 0700) == 0);
  const io::Stat found = stat(*root, "d");
  CHECK(found.kind == FileKind::directory);
  CHECK(found.mode == (0777 & ~world.fs().umask()));
  CHECK(found.uid == world.fs().user());
  CHECK(stat(*root, "private").mode == (0700 & ~world.fs().umask()));
  for (const char* const name : {"d", "f", "dangling", "."}) {
    CHECK(root->make_directory(name, 0700) == EEXIST);
  }
  CHECK(root->make_directory("", 0700) == ENOENT);
  CHECK(root->make_directory(kTooLong, 0700) == ENAMETOOLONG);
  const auto below = open(*root, "d");
  CHECK(below->make_directory("e", 0700) == 0);
  const auto file = good(open(*below, "e")->open("f", OpenMode::create_partial));
  write(*file, Bytes{"deep"});
  CHECK(world.get("d/e/f") == Bytes{"deep"});
}

TEST_CASE("nothing is made in a directory that was removed", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.mkdir("d");
  const auto root = root_of(world);
  const auto directory = open(*root, "d");
  world.remove("d");
  CHECK(directory->make_directory("e", 0700) == ENOENT);
  CHECK(directory->make_symlink("x", "e") == ENOENT);
  CHECK(directory->make_node("e", {.kind = FileKind::fifo, .mode = 0600}) == ENOENT);
  CHECK(root->link("f", *directory, "e") == ENOENT);
  CHECK(good(directory->entries()).empty());
}

TEST_CASE("what is made in a set-group-id directory belongs to its group", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.mkdir("d");
  world.set_mode("d", 02755);
  const auto directory = open(*root_of(world), "d");
  CHECK(directory->make_directory("e", 0700) == 0);
  CHECK(stat(*directory, "e").mode == (02000 | (0700 & ~world.fs().umask())));
  CHECK(stat(*directory, "e").gid == stat(*directory, ".").gid);
  CHECK(good(good(directory->open("f", OpenMode::create_partial))->stat()).mode == (0600 & ~world.fs().umask()));
}

TEST_CASE("a symlink holds any bytes, and they are read as they are", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  const auto root = root_of(world);
  int number = 0;
  for (const std::string& target : {std::string{"f"}, std::string{"../a//b/./"}, std::string{"/\xff\n "},
                                    std::string(1000, 'y')}) {
    const std::string name = "link" + std::to_string(++number);
    CHECK(root->make_symlink(target, name) == 0);
    CHECK(good(root->read_link(name)).native() == target);
    CHECK(stat(*root, name).kind == FileKind::symlink);
    CHECK(stat(*root, name).size_bytes == target.size());
    CHECK(stat(*root, name).mode == 0777);
  }
  CHECK(good(root->stat("link1", Links::follow)).kind == FileKind::regular);
  for (const char* const name : {"f", "link1", "."}) CHECK(root->make_symlink("x", name) == EEXIST);
  CHECK(root->make_symlink("", "empty") == ENOENT);
  CHECK(root->make_symlink(std::string(4096, 'y'), "long") == ENAMETOOLONG);
  CHECK(root->make_symlink("x", kTooLong) == ENAMETOOLONG);
  CHECK(root->read_link("f").error == EINVAL);
  CHECK(root->read_link(".").error == EINVAL);
  CHECK(root->read_link("missing").error == ENOENT);
}

TEST_CASE("anybody makes FIFOs and sockets", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto root = root_of(world);
  for (const FileKind kind : {FileKind::fifo, FileKind::socket}) {
    CHECK(root->make_node("node", {.kind = kind, .mode = 0666, .rdev = 77}) == 0);
    CHECK(stat(*root, "node").kind == kind);
    CHECK(stat(*root, "node").mode == (0666 & ~world.fs().umask()));
    CHECK(stat(*root, "node").rdev == 0);
    CHECK(root->make_node("node", {.kind = kind, .mode = 0600}) == EEXIST);
    CHECK(root->unlink("node") == 0);
  }
  CHECK(root->make_node("device", {.kind = FileKind::socket, .mode = 0600}) == 0);
  CHECK(root->open("device", OpenMode::source).error == ENXIO);
}

TEST_CASE("only root makes devices", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  constexpr std::uint64_t kNumber = 0x1'23;  // 1:35
  const auto root = root_of(world);
  for (const FileKind kind : {FileKind::block_device, FileKind::character_device}) {
    const io::Node node{.kind = kind, .mode = 0640, .rdev = kNumber};
    if (world.fs().user() != 0) CHECK(root->make_node("node", node) == EPERM);
  }
  if (!world.become_root()) {
    WARN("skipped: only root makes device nodes");
    return;
  }
  for (const FileKind kind : {FileKind::block_device, FileKind::character_device}) {
    const int error = root->make_node("node", {.kind = kind, .mode = 0640, .rdev = kNumber});
    if (error == EPERM) {
      WARN("skipped: no device nodes for this root");
      return;
    }
    REQUIRE(error == 0);
    CHECK(stat(*root, "node").kind == kind);
    CHECK(stat(*root, "node").mode == (0640 & ~world.fs().umask()));
    CHECK(stat(*root, "node").rdev == kNumber);
    CHECK(root->unlink("node") == 0);
  }
}

TEST_CASE("entries tell the number of each file, and its kind where the file system does", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.hard_link("f", "g");
  world.mkdir("d");
  world.put("d/below", Bytes{"content"});
  world.fifo("fifo");
  world.symlink("d", "link");
  const auto root = root_of(world);
  CHECK(root->make_node("socket", {.kind = FileKind::socket, .mode = 0600}) == 0);
  const auto entries = good(root->entries());
  CHECK(entries.size() == 6);
  for (const io::Entry& entry : entries) {
    CAPTURE(entry.name);
    const io::Stat found = stat(*root, entry.name);
    CHECK(entry.inode == found.inode);
    CHECK((entry.kind == found.kind || entry.kind == FileKind::unknown));
  }
}

TEST_CASE("a file has names in several directories", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.mkdir("d");
  world.mkdir("d/e");
  world.put("d/other", Bytes{"other"});
  const auto root = root_of(world);
  const auto directory = open(*root, "d");
  REQUIRE(root->link("f", *directory, "second") == 0);
  CHECK(same_file(stat(*root, "f"), stat(*directory, "second")));
  CHECK(stat(*root, "f").links == 2);
  CHECK(directory->link("second", *root, "third") == 0);
  CHECK(stat(*root, "f").links == 3);
  CHECK(root->link("f", *directory, "other") == EEXIST);
  CHECK(root->link("f", *directory, ".") == EEXIST);
  CHECK(root->link("d", *root, "f") == EEXIST);
  CHECK(root->link("d", *directory, "d") == EPERM);
  CHECK(directory->link("e", *root, "e") == EPERM);
  CHECK(root->link("missing", *directory, "m") == ENOENT);
  CHECK(root->link("f", *directory, kTooLong) == ENAMETOOLONG);
  CHECK(root->unlink("f") == 0);
  CHECK(directory->unlink("second") == 0);
  CHECK(world.get("third") == Bytes{"content"});
  CHECK(stat(*root, "third").links == 1);
  CHECK(world.get("d/other") == Bytes{"other"});
}

TEST_CASE("a file system is synced as a whole", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto root = root_of(world);
  CHECK(root->make_directory("d", 0700) == 0);
  const auto file = good(open(*root, "d")->open("f", OpenMode::create_partial));
  write(*file, Bytes{"content"});
  CHECK(root->sync_file_system() == 0);
  const auto dirty = file->is_dirty();
  const bool proves = good(root->file_system()).syncs_whole;
  if (!proves) WARN("this proves nothing on this file system: " << world.root());
  if (proves && dirty.error == 0 && good(root->file_system()).type != 0) CHECK_FALSE(dirty.value);
  CHECK(world.get("d/f") == Bytes{"content"});
}

}  // namespace
}  // namespace rcopy::test
