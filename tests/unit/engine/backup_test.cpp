// SPDX-License-Identifier: MIT
//
// What is replaced keeps a name: --backup. That it never lacks one is shown by the power-cut test.
#include "support/promises.hpp"
#include "transfer_kit.hpp"

namespace rcopy::test {
namespace {

const Bytes kOld = content(Seed{19}, 3 * kMiB);
const Bytes kOlder = content(Seed{20}, 1000);

struct WithBackup : CopyRig {
  explicit WithBackup(Backup how, DiskSettings settings = {}) : CopyRig{settings} {
    options.backup = how;
    disk.put(kSource, kContent);
    disk.put(kDestination, kOld);
  }

  void expect_backup(const std::filesystem::path& path) {
    REQUIRE(copy().done());
    CHECK(disk.get(kDestination, View::durable) == kContent);
    CHECK(disk.get(path, View::durable) == kOld);
    CHECK(disk.look(path).links == 1);
  }
};

TEST_CASE("a simple backup has the suffix, and replaces the one before", "[backup]") {
  WithBackup rig{GENERATE(Backup::simple, Backup::existing)};
  rig.options.backup_suffix = GENERATE("~", ".orig");
  const std::string path = "/dst/a" + rig.options.backup_suffix;
  if (GENERATE(true, false)) rig.disk.put(path, kOlder);
  rig.expect_backup(path);
  CHECK(rig.disk.list("/dst").size() == 2);
}

TEST_CASE("numbered backups go on behind the highest", "[backup]") {
  WithBackup rig{GENERATE(Backup::numbered, Backup::existing)};
  rig.disk.put("/dst/a.~2~", kOlder);
  rig.disk.put("/dst/a.~9~", kOlder);
  // No backups of it.
  for (const char* name : {"/dst/a.~010~", "/dst/a.~x~", "/dst/a.~11", "/dst/b.~12~", "/dst/a.~~"}) {
    rig.disk.put(name, kOlder);
  }
  rig.expect_backup("/dst/a.~10~");
  CHECK(rig.disk.get("/dst/a.~9~") == kOlder);
}

TEST_CASE("the first numbered backup is the first", "[backup]") {
  WithBackup rig{Backup::numbered};
  rig.expect_backup("/dst/a.~1~");
}

TEST_CASE("where there are no hard links the old file is renamed", "[backup]") {
  WithBackup rig{GENERATE(Backup::simple, Backup::existing), {.has_links = false}};
  rig.disk.put("/dst/a~", kOlder);
  rig.expect_backup("/dst/a~");
}

TEST_CASE("where there are no hard links and the copy gets no name, the old file has its own again", "[backup]") {
  WithBackup rig{Backup::simple, {.has_links = false}};
  rig.options.retries = 0;
  FaultyFileSystem faulty{rig.disk};
  const bool at_rename = GENERATE(true, false);
  if (at_rename) faulty.add({.kind = Call::rename, .nth = 2, .error = EIO});
  faulty.set_hook([&](const CallInfo& call) {
    return !at_rename && call.kind == Call::dir_sync && !rig.disk.exists(kDestination) ? EIO : 0;
  });
  REQUIRE(rig.copy(faulty).failed_with(ErrorCode::io));
  CHECK(rig.disk.get(kDestination) == kOld);
  rig.expect_backup("/dst/a~");
}

TEST_CASE("an older backup is not lost where the newer one cannot be made", "[backup]") {
  WithBackup rig{Backup::simple};
  rig.options.retries = 0;
  rig.disk.put("/dst/a~", kOlder);
  FaultyFileSystem faulty{rig.disk};
  faulty.add({.kind = GENERATE(Call::link, Call::rename), .error = EIO});
  REQUIRE(rig.copy(faulty).failed_with(ErrorCode::io));
  CHECK(rig.disk.get("/dst/a~") == kOlder);
  CHECK(rig.disk.get(kDestination) == kOld);
  rig.expect_backup("/dst/a~");
  CHECK(rig.disk.list("/dst").size() == 2);
}

TEST_CASE("a link that is replaced is kept as a link, and what may not be written is kept too", "[backup]") {
  WithBackup rig{Backup::simple};
  SECTION("a link") {
    rig.disk.put("/dst/other", kOld);
    rig.disk.remove(kDestination);
    rig.disk.symlink("other", kDestination);
    REQUIRE(rig.copy().done());
    CHECK(rig.disk.get("/dst/other") == kOld);
    CHECK(rig.disk.look("/dst/a").kind == io::FileKind::regular);
    CHECK(rig.disk.get("/dst/a~") == kOld);
  }
  SECTION("a file of mode 0400") {
    rig.disk.set_mode(kDestination, 0400);
    rig.expect_backup("/dst/a~");
    CHECK(rig.disk.look("/dst/a~").mode == 0400);
    CHECK(rig.disk.look(kDestination).mode == 0644);  // that of a new file
  }
}

TEST_CASE("what is up to date gets no backup", "[backup]") {
  WithBackup rig{Backup::numbered};
  rig.expect_backup("/dst/a.~1~");
  CHECK(rig.copy().summary->outcome == Outcome::up_to_date);
  CHECK(rig.disk.list("/dst").size() == 2);
}

TEST_CASE("a source that has the name of the backup is not lost", "[backup]") {
  CopyRig rig;
  rig.options.backup = Backup::simple;
  rig.disk.put(kSource, kContent);
  rig.disk.put(kDestination, kOld);
  rig.disk.hard_link(kSource, "/dst/a~");
  FaultyFileSystem watched{rig.disk};
  REQUIRE(rig.copy(watched).failed_with(ErrorCode::io));
  CHECK(watched.calls(Call::write) == 0);
  CHECK(rig.disk.get(kDestination) == kOld);
}

}  // namespace
}  // namespace rcopy::test
