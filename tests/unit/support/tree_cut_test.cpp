// SPDX-License-Identifier: MIT
//
// What a MemoryDisk forgets of directories when the power goes, and what a sync of the whole file system keeps.
#include "support/catch.hpp"
#include "support/faulty.hpp"
#include "support/memory_disk.hpp"
#include "support/results.hpp"

#include <set>

namespace rcopy::test {
namespace {

using io::DirectoryUse;
using io::FileKind;
using io::Links;
using io::OpenMode;

/// A disk with the directories /a and /b, and all three of them open.
struct Forest {
  explicit Forest(DiskSettings settings = {}) : disk{settings} {
    disk.mkdir("/a");
    disk.mkdir("/b");
    reopen();
  }

  void reopen() {
    root = good(disk.open_directory("/", DirectoryUse::change_names));
    a = good(root->open_directory("a", DirectoryUse::change_names));
    b = good(root->open_directory("b", DirectoryUse::change_names));
  }

  /// /a/new with a file in it, of which data and name there are durable.
  void grow() {
    REQUIRE(a->make_directory("new", 0700) == 0);
    const auto below = good(a->open_directory("new", DirectoryUse::change_names));
    create(*below, "f", Bytes{"content"});
    REQUIRE(good(below->open("f", OpenMode::partial))->sync_all() == 0);
    REQUIRE(below->sync() == 0);
  }

  static void create(io::Directory& directory, const char* name, const Bytes& bytes) {
    const auto file = good(directory.open(name, OpenMode::create_partial));
    REQUIRE(good(file->write_at(bytes, 0)) == bytes.size());
  }

  MemoryDisk disk;
  std::unique_ptr<io::Directory> root, a, b;
};

TEST_CASE("a new directory is lost with all in it, until its parent is synced", "[support]") {
  Forest forest;
  forest.grow();
  const bool synced = GENERATE(false, true);
  if (synced) CHECK(forest.a->sync() == 0);
  forest.disk.restore_power(Loss::everything_unsynced);
  CHECK(forest.disk.exists("/a/new/f") == synced);
  CHECK(forest.disk.exists("/a/new") == synced);
}

TEST_CASE("a directory whose name is durable has only the names in it that are", "[support]") {
  Forest forest;
  CHECK(forest.a->make_directory("new", 0750) == 0);
  const auto below = good(forest.a->open_directory("new", DirectoryUse::change_names));
  Forest::create(*below, "f", Bytes{"content"});
  CHECK(below->make_symlink("f", "link") == 0);
  CHECK(forest.a->sync() == 0);
  forest.disk.restore_power(Loss::everything_unsynced);
  CHECK(forest.disk.list("/a/new").empty());
  CHECK(forest.disk.look("/a/new").mode == 0750);
}

TEST_CASE("a random loss keeps a new directory or not, and never what is in it alone", "[support]") {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    Forest forest{{.seed = Seed{seed}}};
    CHECK(forest.a->make_directory("new", 0700) == 0);
    const auto below = good(forest.a->open_directory("new", DirectoryUse::change_names));
    CHECK(below->make_directory("deep", 0700) == 0);
    CHECK(below->make_symlink("f", "link") == 0);
    forest.disk.restore_power(Loss::random_pages);
    std::string outcome;
    for (const char* const path : {"/a/new", "/a/new/deep", "/a/new/link"}) {
      if (forest.disk.exists(path)) outcome += path;
    }
    outcomes.insert(outcome);
  }
  CHECK(outcomes == std::set<std::string>{"", "/a/new", "/a/new/a/new/deep", "/a/new/a/new/link",
                                          "/a/new/a/new/deep/a/new/link"});
}

TEST_CASE("attributes of a directory are durable with its sync and not before", "[support]") {
  Forest forest;
  const io::Stat before = forest.disk.look("/a");
  const auto file = good(forest.a->open(".", OpenMode::read_back));
  CHECK(file->set_mode(0711) == 0);
  CHECK(file->set_times({.atime_ns = 1, .mtime_ns = 2}) == 0);
  CHECK(file->set_xattr("user.a", Bytes{"1"}) == 0);
  enum class Synced { no, as_file, as_directory };
  const Synced synced = GENERATE(Synced::no, Synced::as_file, Synced::as_directory);
  if (synced == Synced::as_file) CHECK(file->sync_all() == 0);
  if (synced == Synced::as_directory) CHECK(forest.a->sync() == 0);
  forest.disk.restore_power(Loss::everything_unsynced);
  const bool kept = synced != Synced::no;
  CHECK(forest.disk.look("/a").mode == (kept ? 0711 : before.mode));
  CHECK(forest.disk.look("/a").mtime_ns == (kept ? 2 : before.mtime_ns));
  CHECK(forest.disk.xattrs("/a").contains("user.a") == kept);
}

TEST_CASE("a link in another directory is durable with that one", "[support]") {
  Forest forest;
  forest.disk.put("/a/f", Bytes{"content"});
  CHECK(forest.a->link("f", *forest.b, "g") == 0);
  const bool synced = GENERATE(false, true);
  if (synced) CHECK(forest.b->sync() == 0);
  else CHECK(forest.a->sync() == 0);
  forest.disk.restore_power(Loss::everything_unsynced);
  CHECK(forest.disk.exists("/b/g") == synced);
  CHECK(forest.disk.look("/a/f").links == (synced ? 2 : 1));
}

TEST_CASE("after a cut no two files have one number, whatever was linked where", "[support]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Forest forest{{.seed = Seed{seed}}};
    forest.disk.put("/a/old", Bytes{"old"});
    const std::uint64_t number = forest.disk.look("/a/old").inode;
    CHECK(forest.a->unlink("old") == 0);
    Forest::create(*forest.a, "young", Bytes{"young"});
    REQUIRE(forest.disk.look("/a/young").inode == number);
    CHECK(forest.a->link("young", *forest.b, "young") == 0);
    if (seed % 2 == 0) CHECK(forest.b->sync() == 0);
    forest.disk.restore_power(Loss::random_pages);
    CHECK_FALSE((forest.disk.exists("/a/old") && forest.disk.exists("/b/young")));
    CHECK(forest.disk.exists("/b/young") >= (seed % 2 == 0));
  }
}

TEST_CASE("a sync of the file system keeps all names, data and attributes", "[support]") {
  Forest forest;
  forest.grow();
  forest.disk.put("/b/old", Bytes{"old"});
  const Bytes bytes = content(Seed{1}, 100'000);
  const auto below = good(forest.a->open_directory("new", DirectoryUse::change_names));
  Forest::create(*below, "g", bytes);
  const auto file = good(below->open("g", OpenMode::partial));
  CHECK(file->set_mode(0640) == 0);
  CHECK(file->set_xattr("user.a", Bytes{"1"}) == 0);
  CHECK(forest.b->unlink("old") == 0);
  CHECK(below->make_symlink("g", "link") == 0);
  CHECK(below->link("g", *forest.b, "h") == 0);
  CHECK(good(below->open("link", OpenMode::attributes))->set_times({.atime_ns = 1, .mtime_ns = 2}) == 0);
  CHECK(good(forest.root->open("a", OpenMode::read_back))->set_times({.atime_ns = 3, .mtime_ns = 4}) == 0);
  CHECK(forest.b->sync_file_system() == 0);
  const Loss loss = GENERATE(Loss::everything_unsynced, Loss::random_pages, Loss::names_kept);
  forest.disk.restore_power(loss);
  CHECK(forest.disk.list("/a/new") == std::vector<std::string>{"f", "g", "link"});
  CHECK(forest.disk.list("/b") == std::vector<std::string>{"h"});
  CHECK(forest.disk.get("/b/h") == bytes);
  CHECK(forest.disk.look("/b/h").links == 2);
  CHECK(forest.disk.look("/b/h").mode == 0640);
  CHECK(forest.disk.xattrs("/b/h").contains("user.a"));
  CHECK(forest.disk.look("/a/new/link", Links::nofollow).mtime_ns == 2);
  CHECK(forest.disk.look("/a").mtime_ns == 4);
}

TEST_CASE("what comes after a sync of the file system is lost", "[support]") {
  Forest forest;
  Forest::create(*forest.a, "f", Bytes{"before"});
  CHECK(forest.root->sync_file_system() == 0);
  CHECK(good(good(forest.a->open("f", OpenMode::partial))->write_at(Bytes{"after!"}, 0)) == 6);
  CHECK(forest.a->make_directory("late", 0700) == 0);
  forest.disk.restore_power(Loss::everything_unsynced);
  CHECK(forest.disk.get("/a/f") == Bytes{"before"});
  CHECK_FALSE(forest.disk.exists("/a/late"));
}

TEST_CASE("where a sync of the file system proves nothing, it keeps nothing", "[support]") {
  Forest forest{{.syncs_whole = false}};
  CHECK_FALSE(good(forest.root->file_system()).syncs_whole);
  Forest::create(*forest.a, "f", Bytes{"content"});
  CHECK(forest.root->sync_file_system() == 0);
  forest.disk.restore_power(Loss::everything_unsynced);
  CHECK_FALSE(forest.disk.exists("/a/f"));
}

TEST_CASE("a sync of the file system tells of a failed write-back, and does the rest", "[support]") {
  Forest forest;
  Forest::create(*forest.a, "f", Bytes{"one"});
  Forest::create(*forest.b, "f", Bytes{"two"});
  forest.disk.fail_write_back(ENOSPC);
  CHECK(forest.root->sync_file_system() == ENOSPC);
  CHECK(forest.root->sync_file_system() == 0);  // which proves nothing
  CHECK(forest.a->sync_file_system() == ENOSPC);  // it was open then, too
  CHECK(forest.a->sync_file_system() == 0);
  const auto later = good(forest.root->open_directory(".", DirectoryUse::change_names));
  CHECK(later->sync_file_system() == 0);
  forest.disk.restore_power(Loss::everything_unsynced);
  CHECK(forest.disk.exists("/a/f"));
  CHECK(forest.disk.exists("/b/f"));
  const auto kept = [&](const char* path, const char* text) { return forest.disk.get(path) == Bytes{text}; };
  CHECK(kept("/a/f", "one") != kept("/b/f", "two"));
}

TEST_CASE("what a file's sync was told of a failed write-back, the file system's is told as well", "[support]") {
  Forest forest;
  Forest::create(*forest.a, "f", Bytes{"one"});
  forest.disk.fail_write_back(EIO);
  CHECK(good(forest.a->open("f", OpenMode::partial))->sync_all() == EIO);
  CHECK(forest.root->sync_file_system() == EIO);
  CHECK(forest.root->sync_file_system() == 0);
}

TEST_CASE("a file system that is read-only says so when it is to be synced", "[support]") {
  Forest forest;
  Forest::create(*forest.a, "f", Bytes{"content"});
  forest.disk.set_writing(WriteAccess::refused);
  CHECK(forest.root->sync_file_system() == EROFS);
  CHECK(forest.root->make_directory("d", 0700) == EROFS);
  CHECK(forest.root->make_symlink("x", "link") == EROFS);
  CHECK(forest.root->make_node("n", {.kind = FileKind::fifo, .mode = 0600}) == EROFS);
  CHECK(forest.a->link("f", *forest.b, "f") == EROFS);
  CHECK(forest.a->link("f", *forest.root, "a") == EEXIST);
  forest.disk.restore_power(Loss::everything_unsynced);
  CHECK_FALSE(forest.disk.exists("/a/f"));
}

TEST_CASE("a file system like FAT has directories, and neither symlinks nor nodes", "[support]") {
  Forest forest{{.has_owners = false, .has_links = false}};
  CHECK(forest.root->make_directory("d", 0700) == 0);
  CHECK(forest.root->make_symlink("x", "link") == EPERM);
  CHECK(forest.root->make_node("n", {.kind = FileKind::fifo, .mode = 0600}) == EPERM);
}

TEST_CASE("nothing is linked from one disk to another", "[support]") {
  Forest one;
  Forest two;
  one.disk.put("/a/f", Bytes{"content"});
  CHECK(one.a->link("f", *two.a, "f") == EXDEV);
}

TEST_CASE("a twin has the directories that were made through the seam", "[support]") {
  Forest forest;
  forest.grow();
  CHECK(forest.a->link("new", *forest.b, "x") == EPERM);
  CHECK(forest.root->sync_file_system() == 0);
  forest.disk.remount();
  MemoryDisk twin{forest.disk, Seed{2}};
  CHECK(twin.get("/a/new/f") == Bytes{"content"});
  const auto directory = good(twin.open_directory("/a/new/..", DirectoryUse::change_names));
  CHECK(good(directory->entries()).size() == 1);
}

TEST_CASE("calls below a directory opened in another one fail by the script, too", "[support]") {
  Forest forest;
  forest.grow();
  FaultyFileSystem faulty{forest.disk};
  const auto root = good(faulty.open_directory("/", DirectoryUse::change_names));
  const auto a = good(root->open_directory("a", DirectoryUse::change_names));
  faulty.reset();
  faulty.add({.kind = Call::open_dir_at, .error = EMFILE});
  faulty.add({.kind = Call::make_directory, .error = ENOSPC});
  faulty.add({.kind = Call::link, .error = EMLINK, .only_path = "/a/"});
  faulty.add({.kind = Call::sync_fs, .error = EIO, .effect = Effect::done});
  CHECK(a->open_directory("new", DirectoryUse::look_up).error == EMFILE);
  CHECK(a->make_directory("d", 0700) == ENOSPC);
  const auto below = good(a->open_directory("new", DirectoryUse::look_up));
  CHECK(below->link("f", *a, "g") == EMLINK);
  CHECK(below->link("f", *a, "g") == 0);
  CHECK(a->sync_file_system() == EIO);
  CHECK(faulty.trace() == std::vector<std::string>{"open_dir_at new = 24", "make_directory d = 28", "open_dir_at new",
                                                   "link f -> g = 31", "link f -> g", "sync_fs a = 5"});
  forest.disk.restore_power(Loss::everything_unsynced);
  CHECK(forest.disk.get("/a/g") == Bytes{"content"});
}

}  // namespace
}  // namespace rcopy::test
