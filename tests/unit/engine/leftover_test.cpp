// SPDX-License-Identifier: MIT
//
// What may be taken away with a row of the journal, and who is in the way of it.
#include "engine/leftover.hpp"

#include "support/results.hpp"
#include "transfer_kit.hpp"

#include <string>

namespace rcopy::test {
namespace {

using engine::activity_of;
using engine::HeldLocks;
using engine::Leftover;

/// A copy that was stopped.
struct Stopped {
  explicit Stopped(Writing writing = Writing::beside) {
    rig.disk.put(kSource, kContent);
    rig.disk.put(kDestination, Bytes{"old"});
    rig.options.writing = writing;
    REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
    row = *rig.row();
  }

  std::unique_ptr<io::File> open(const char* name) {
    const auto directory = good(rig.disk.open_directory("/dst", io::DirectoryUse::change_names));
    return good(directory->open(name, io::OpenMode::read_back));
  }

  Forgotten forget(io::FileSystem& fs) const {
    HeldLocks locks;
    Leftover leftover{fs, row, locks};
    Forgotten forgotten;
    leftover.remove(forgotten);
    return forgotten;
  }
  Forgotten forget() { return forget(rig.disk); }

  CopyRig rig;
  journal::Row row;
};

TEST_CASE("a look at who works takes the lock from nobody, and is not taken for work", "[leftover]") {
  Stopped stopped;
  const auto partial = stopped.open(".a.rcopy-part");
  CHECK(activity_of(stopped.rig.disk, stopped.row) == Activity::none);
  REQUIRE(partial->try_share() == 0);  // another look at this moment
  CHECK(activity_of(stopped.rig.disk, stopped.row) == Activity::none);
  REQUIRE(partial->try_lock() == 0);
  CHECK(activity_of(stopped.rig.disk, stopped.row) == Activity::running);
  CHECK_THROWS_AS(stopped.forget(), Error);
  CHECK(stopped.rig.disk.exists(kPartial));
}

TEST_CASE("an old file that somebody has locked is in nobody's way, but in place it is the copy", "[leftover]") {
  const Writing writing = GENERATE(Writing::beside, Writing::in_place);
  Stopped stopped{writing};
  const auto destination = stopped.open("a");
  REQUIRE(destination->try_lock() == 0);
  const bool in_place = writing == Writing::in_place;
  CHECK(activity_of(stopped.rig.disk, stopped.row) == (in_place ? Activity::running : Activity::none));
  if (in_place) CHECK_THROWS_AS(stopped.forget(), Error);
  else CHECK(stopped.forget().fate == PartialFate::removed);
}

TEST_CASE("a partial that cannot be opened is kept, or the reason why nothing is forgotten", "[leftover]") {
  Stopped stopped;
  FaultyFileSystem faulty{stopped.rig.disk};
  SECTION("another user's") {
    faulty.add({.kind = Call::open, .error = EACCES});
    const Forgotten forgotten = stopped.forget(faulty);
    CHECK(forgotten.fate == PartialFate::kept);
    CHECK(forgotten.reason == "it may not be opened, so that nothing tells who works on it");
  }
  SECTION("a disk that fails") {
    faulty.add({.kind = Call::open, .error = EIO});
    CHECK_THROWS_AS(stopped.forget(faulty), Error);
  }
  CHECK(stopped.rig.disk.exists(kPartial));
}

TEST_CASE("what got the name of the partial meanwhile is not removed", "[leftover]") {
  Stopped stopped;
  HeldLocks locks;
  Leftover leftover{stopped.rig.disk, stopped.row, locks};
  stopped.rig.disk.remove(kPartial);
  stopped.rig.disk.put(kPartial, Bytes{"another"});
  Forgotten forgotten;
  leftover.remove(forgotten);
  CHECK(forgotten.fate == PartialFate::kept);
  CHECK(stopped.rig.disk.get(kPartial) == Bytes{"another"});
}

TEST_CASE("a copy that has its name already was not written in place", "[leftover]") {
  Stopped stopped;
  REQUIRE(stopped.rig.copy().done());
  stopped.row = *stopped.rig.row();
  stopped.row.status = journal::Status::verified;
  const Forgotten forgotten = stopped.forget();
  CHECK(forgotten.fate == PartialFate::none);
  CHECK(forgotten.reason == "it holds all of the copy");
  CHECK(stopped.rig.disk.get(kDestination) == kContent);
}

TEST_CASE("what is on a disk that is away is not forgotten", "[leftover]") {
  Stopped stopped;
  SECTION("its mount point is bare") { stopped.row.mount.point = "/dst/stick"; }
  SECTION("and gone") { stopped.row.mount.point = "/media/stick"; }
  stopped.row.mount.fs_id = 99;
  stopped.row.dest_path = stopped.row.mount.point / "deep/a";
  if (stopped.row.mount.point.parent_path() == "/dst") {
    stopped.rig.disk.mkdir(stopped.row.mount.point);
    stopped.rig.disk.mkdir(stopped.row.mount.point / "deep");
  }
  std::string reason;
  try {
    (void)stopped.forget();
  } catch (const Error& error) {
    reason = error.info().reason;
  }
  CHECK(reason.ends_with(" is not mounted now; plug it in, then forget it"));
}

TEST_CASE("two trees with one destination are held together", "[leftover]") {
  MemoryDisk disk;
  disk.mkdir("/dst");
  HeldLocks locks;
  journal::TreeRow tree;
  tree.dest_path = "/dst";
  const Leftover first{disk, tree, locks};
  CHECK_NOTHROW(Leftover{disk, tree, locks});
}

TEST_CASE("what may lie on a disk that is away is not gone", "[leftover]") {
  MemoryDisk disk;
  disk.mkdir("/there");
  CHECK(engine::is_gone(disk, "/there/none"));
  CHECK_FALSE(engine::is_gone(disk, "/none/none"));
  CHECK_FALSE(engine::is_gone(disk, "/there"));
}

}  // namespace
}  // namespace rcopy::test
