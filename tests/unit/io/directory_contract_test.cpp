// SPDX-License-Identifier: MIT
//
// What names, directories and paths of the seam promise, on the kernel and on each double alike.
#include "support/catch.hpp"
#include "support/results.hpp"
#include "unit/io/worlds.hpp"

#include <algorithm>

namespace rcopy::test {
namespace {

using io::FileKind;
using io::Links;
using io::OpenMode;

TEST_CASE("a rename replaces the target and takes the file with it", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("from", Bytes{"new"});
  world.put("to", Bytes{"old"});
  const auto directory = root_of(world);
  const auto replaced = good(directory->open("to", OpenMode::source));
  const std::uint64_t inode = good(directory->stat("from", Links::nofollow)).inode;
  CHECK(directory->rename("from", "to") == 0);
  CHECK(directory->stat("from", Links::nofollow).error == ENOENT);
  CHECK(good(directory->stat("to", Links::nofollow)).inode == inode);
  CHECK(world.get("to") == Bytes{"new"});
  Bytes old(3);
  CHECK(good(replaced->read_at(old, 0)) == 3);
  CHECK(old == Bytes{"old"});
  CHECK(good(replaced->stat()).links == 0);
}

TEST_CASE("a rename that cannot be leaves both names alone", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.mkdir("d");
  const auto directory = root_of(world);
  CHECK(directory->rename("missing", "f") == ENOENT);
  CHECK(directory->rename("f", "d") == EISDIR);
  CHECK(directory->rename("d", "f") == ENOTDIR);
  CHECK(directory->rename("f", std::string(256, 'x')) == ENAMETOOLONG);
  CHECK(directory->rename("f", "f") == 0);
  CHECK(world.get("f") == Bytes{"content"});
  CHECK(good(directory->stat("d", Links::nofollow)).kind == FileKind::directory);
}

TEST_CASE("a rename between two names of one file keeps both", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("a", Bytes{"content"});
  world.hard_link("a", "b");
  const auto directory = root_of(world);
  CHECK(directory->rename("a", "b") == 0);
  CHECK(good(directory->stat("a", Links::nofollow)).links == 2);
  CHECK(good(directory->stat("b", Links::nofollow)).links == 2);
}

TEST_CASE("a rename replaces a symlink and not what it points to", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("victim", Bytes{"old"});
  world.put("f", Bytes{"new"});
  world.symlink("victim", "link");
  const auto directory = root_of(world);
  CHECK(directory->rename("f", "link") == 0);
  CHECK(world.get("victim") == Bytes{"old"});
  CHECK(world.get("link") == Bytes{"new"});
  CHECK(good(directory->stat("link", Links::nofollow)).kind == FileKind::regular);
}

TEST_CASE("unlink removes a name and nothing else", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("a", Bytes{"content"});
  world.hard_link("a", "b");
  world.symlink("a", "link");
  world.mkdir("d");
  const auto directory = root_of(world);
  CHECK(directory->unlink("link") == 0);
  CHECK(directory->unlink("b") == 0);
  CHECK(directory->unlink("b") == ENOENT);
  CHECK(directory->unlink("d") == EISDIR);
  CHECK(good(directory->stat("a", Links::nofollow)).links == 1);
  CHECK(world.get("a") == Bytes{"content"});
}

TEST_CASE("stat tells kinds, and follows links only when asked", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.mkdir("d");
  world.fifo("fifo");
  world.symlink("f", "link");
  world.symlink("d", "dlink");
  world.symlink("missing", "dangling");
  world.symlink("loop", "loop");
  const auto directory = root_of(world);
  const auto kind = [&](const char* name, Links links) {
    return good(directory->stat(name, links)).kind;
  };
  CHECK(kind("f", Links::nofollow) == FileKind::regular);
  CHECK(kind("d", Links::nofollow) == FileKind::directory);
  CHECK(kind("fifo", Links::follow) == FileKind::fifo);
  CHECK(kind("link", Links::nofollow) == FileKind::symlink);
  CHECK(kind("link", Links::follow) == FileKind::regular);
  CHECK(kind("dlink", Links::follow) == FileKind::directory);
  CHECK(kind("dangling", Links::nofollow) == FileKind::symlink);
  CHECK(good(directory->stat("link", Links::nofollow)).size_bytes == 1);
  CHECK(directory->stat("dangling", Links::follow).error == ENOENT);
  CHECK(directory->stat("loop", Links::follow).error == ELOOP);
  CHECK(directory->stat("missing", Links::nofollow).error == ENOENT);
  CHECK(world.fs().stat(world.root() / "f" / "x", Links::follow).error == ENOTDIR);
  CHECK(world.fs().stat(world.root() / "f/", Links::nofollow).error == ENOTDIR);
  CHECK(world.fs().stat("", Links::follow).error == ENOENT);
}

TEST_CASE("path, name and open file give the same stat", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", content(Seed{1}, 5'000));
  world.hard_link("f", "g");
  const auto directory = root_of(world);
  const io::Stat by_path = good(world.fs().stat(world.root() / "f", Links::follow));
  const io::Stat by_name = good(directory->stat("g", Links::nofollow));
  const io::Stat by_file = good(good(directory->open("f", OpenMode::source))->stat());
  for (const io::Stat& stat : {by_name, by_file}) {
    CHECK(stat.device == by_path.device);
    CHECK(stat.inode == by_path.inode);
    CHECK(stat.size_bytes == 5'000);
    CHECK(stat.links == 2);
    CHECK(stat.mode == by_path.mode);
    CHECK(stat.uid == by_path.uid);
    CHECK(stat.gid == by_path.gid);
    CHECK(stat.mtime_ns == by_path.mtime_ns);
    CHECK(stat.ctime_ns == by_path.ctime_ns);
    CHECK(stat.birth_ns == by_path.birth_ns);
  }
  CHECK(by_path.inode != good(world.fs().stat(world.root(), Links::follow)).inode);
}

TEST_CASE("resolve gives the absolute path without links and dots", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.mkdir("d");
  world.mkdir("d/e");
  world.put("d/e/f", Bytes{"content"});
  world.symlink("d/e", "relative");
  world.symlink(world.root() / "d", "absolute");
  world.symlink("../e/f", "d/e/up");
  world.symlink("absolute/e/up", "chain");
  world.symlink("loop", "loop");
  const auto resolve = [&](const char* name) {
    return good(world.fs().resolve(world.root() / name));
  };
  const std::filesystem::path f = world.root() / "d/e/f";
  CHECK(resolve("d/e/f") == f);
  CHECK(resolve("d/./e//../e/f") == f);
  CHECK(resolve("relative/f") == f);
  CHECK(resolve("absolute/e/f") == f);
  CHECK(resolve("relative/../e/f") == f);
  CHECK(resolve("d/e/up") == f);
  CHECK(resolve("chain") == f);
  CHECK(resolve("absolute/") == world.root() / "d");
  CHECK(good(world.fs().resolve("/")) == "/");
  CHECK(world.fs().resolve(world.root() / "d/e/f/").error == ENOTDIR);
  CHECK(world.fs().resolve(world.root() / "d/missing").error == ENOENT);
  CHECK(world.fs().resolve(world.root() / "missing/..").error == ENOENT);
  CHECK(world.fs().resolve(world.root() / "loop").error == ELOOP);
}

TEST_CASE("only directories are opened as such", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.mkdir("d");
  world.symlink("d", "link");
  CHECK(world.fs().open_directory(world.root() / "missing", io::DirectoryUse::change_names).error == ENOENT);
  CHECK(world.fs().open_directory(world.root() / "f", io::DirectoryUse::change_names).error == ENOTDIR);
  const auto directory = good(world.fs().open_directory(world.root() / "link", io::DirectoryUse::change_names));
  CHECK(directory->path() == world.root() / "link");
  CHECK(directory->sync() == 0);
}

TEST_CASE("an open directory stays the same one when its path changes", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.mkdir("d");
  world.mkdir("other");
  const auto directory = good(world.fs().open_directory(world.root() / "d", io::DirectoryUse::change_names));
  world.move("d", "moved");
  world.move("other", "d");
  const auto file = good(directory->open("f", OpenMode::create_partial));
  CHECK(world.get("moved/f").empty());
  CHECK(world.fs().stat(world.root() / "d/f", Links::nofollow).error == ENOENT);
}

TEST_CASE("check_writable asks the permission bits for this user", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.put("fixed", Bytes{"content"});
  world.set_mode("fixed", 0444);
  const auto directory = root_of(world);
  CHECK(directory->check_writable("f") == 0);
  CHECK(directory->check_writable("missing") == ENOENT);
  const bool root = world.fs().user() == 0;
  CHECK(directory->check_writable("fixed") == (root ? 0 : EACCES));
  CHECK(directory->open("fixed", OpenMode::partial).error == (root ? 0 : EACCES));
}

TEST_CASE("a name is any bytes up to 255 of them", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  const std::string longest(255, 'x');
  for (const std::string& name :
       {std::string{"new\nline"}, std::string{"\xff\xfe latin \xe9"}, std::string{" \t\x01\x7f"},
        std::string{"-rf"}, std::string{"*?[$'\"\\"}, longest}) {
    CAPTURE(name);
    const auto file = good(directory->open(name, OpenMode::create_partial));
    CHECK(good(file->write_at(Bytes{"content"}, 0)) == 7);
    CHECK(file->path() == world.root() / name);
    CHECK(good(world.fs().resolve(world.root() / name)) == world.root() / name);
    CHECK(directory->rename(name, "short") == 0);
    CHECK(directory->rename("short", name) == 0);
    CHECK(world.get(name) == Bytes{"content"});
    CHECK(directory->unlink(name) == 0);
  }
  const std::string too_long(256, 'x');
  CHECK(directory->open(too_long, OpenMode::create_partial).error == ENAMETOOLONG);
  CHECK(directory->open(too_long, OpenMode::source).error == ENAMETOOLONG);
  CHECK(directory->stat(too_long, Links::nofollow).error == ENAMETOOLONG);
  CHECK(directory->unlink(too_long) == ENAMETOOLONG);
  CHECK(directory->open("", OpenMode::source).error == ENOENT);
}

TEST_CASE("the file system says how much fits", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const io::FsInfo info = good(root_of(world)->file_system());
  CHECK(info.available_bytes > 0);
  CHECK(info.max_file_bytes >= 0xFFFF'FFFF);
}

TEST_CASE("a link is a second name of the same file, and replaces nothing", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.put("other", Bytes{"other"});
  world.symlink("f", "link");
  const auto directory = root_of(world);
  REQUIRE(directory->link("f", *directory, "second") == 0);
  CHECK(same_file(good(directory->stat("f", Links::nofollow)), good(directory->stat("second", Links::nofollow))));
  CHECK(good(directory->stat("f", Links::nofollow)).links == 2);
  CHECK(directory->link("f", *directory, "other") == EEXIST);
  CHECK(directory->link("missing", *directory, "third") == ENOENT);
  CHECK(world.get("other") == Bytes{"other"});
  REQUIRE(directory->link("link", *directory, "link-2") == 0);  // the link itself
  CHECK(good(directory->stat("link-2", Links::nofollow)).kind == FileKind::symlink);
  // One of two names of a file renamed to the other changes nothing.
  CHECK(directory->rename("f", "second") == 0);
  CHECK(good(directory->stat("f", Links::nofollow)).links == 2);
  CHECK(directory->unlink("f") == 0);
  CHECK(world.get("second") == Bytes{"content"});
}

TEST_CASE("a rename to a new name replaces nothing", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.put("other", Bytes{"other"});
  const auto directory = root_of(world);
  const int refused = directory->rename_new("f", "other");
  if (refused == EINVAL) {
    WARN("skipped: the file system cannot rename so");
    return;
  }
  CHECK(refused == EEXIST);
  CHECK(world.get("other") == Bytes{"other"});
  CHECK(directory->rename_new("f", "new") == 0);
  CHECK(world.get("new") == Bytes{"content"});
  CHECK(directory->stat("f", Links::nofollow).error == ENOENT);
  CHECK(directory->rename_new("missing", "newer") == ENOENT);
}

TEST_CASE("all names of a directory are listed, each time", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  CHECK(good(directory->entries()).empty());
  std::vector<io::Name> wanted;
  for (int i = 0; i < 300; ++i) wanted.emplace_back("a rather long name of file number " + std::to_string(i));
  wanted.emplace_back(".hidden");
  for (const io::Name& name : wanted) world.put(name, Bytes{"x"});
  world.mkdir("below");
  wanted.emplace_back("below");
  std::ranges::sort(wanted);
  for (int times = 0; times < 2; ++times) {
    std::vector<io::Name> found;
    for (const io::Entry& entry : good(directory->entries())) found.push_back(entry.name);
    std::ranges::sort(found);
    CHECK(found == wanted);
  }
}

}  // namespace
}  // namespace rcopy::test
