// SPDX-License-Identifier: MIT
//
// Which destinations that exist are replaced, and how: --update, -n, -i, -f, --remove-destination.
#include "support/promises.hpp"
#include "transfer_kit.hpp"

namespace rcopy::test {
namespace {

const Bytes kOld = content(Seed{19}, 3 * kMiB);
constexpr std::int64_t kSecond = 1'000'000'000;

struct Replacing : CopyRig {
  explicit Replacing(DiskSettings settings = {}) : CopyRig{settings} {
    disk.put(kSource, kContent);
    disk.put(kDestination, kOld);
  }

  /// Copies; nothing may be touched.
  void expect_kept() {
    FaultyFileSystem watched{disk};
    const Copied copied = copy(watched);
    REQUIRE(copied.done());
    CHECK(copied.summary->outcome == Outcome::kept);
    CHECK(disk.get(kDestination) == kOld);
    CHECK(disk.list("/dst") == std::vector<std::string>{"a"});
    CHECK(watched.calls(Call::write) == 0);
    CHECK_FALSE(row());
  }

  void expect_replaced() {
    REQUIRE(copy().done());
    CHECK(disk.get(kDestination, View::durable) == kContent);
  }
};

TEST_CASE("none: what exists is kept, what does not is copied", "[existing]") {
  Replacing rig;
  rig.options.update = Update::none;
  rig.expect_kept();
  rig.disk.remove(kDestination);
  rig.expect_replaced();
}

TEST_CASE("none-fail: what exists is kept, and that is a failure", "[existing]") {
  Replacing rig;
  rig.options.update = Update::none_fail;
  REQUIRE(rig.copy().failed_with(ErrorCode::io));
  CHECK(rig.disk.get(kDestination) == kOld);
}

TEST_CASE("older: only what is older than the source is replaced", "[existing]") {
  Replacing rig;
  rig.options.update = Update::older;
  rig.disk.set_mtime(kSource, 100 * kSecond);
  rig.disk.set_mtime(kDestination, 100 * kSecond);
  rig.expect_kept();
  rig.disk.set_mtime(kDestination, 100 * kSecond + 1);
  rig.expect_kept();
  rig.disk.set_mtime(kDestination, 100 * kSecond - 1);
  rig.expect_replaced();
}

TEST_CASE("older: on FAT, which keeps every other second, by that", "[existing]") {
  Replacing rig{{.stable_inodes = false}};
  rig.options.update = Update::older;
  rig.disk.set_mtime(kSource, 101 * kSecond);
  rig.disk.set_mtime(kDestination, 100 * kSecond);
  rig.expect_kept();
  rig.disk.set_mtime(kSource, 102 * kSecond);
  rig.expect_replaced();
}

TEST_CASE("the user is asked once, and his answer counts", "[existing]") {
  Replacing rig;
  rig.options.ask = Ask::before_replacing;
  rig.answer = false;
  rig.expect_kept();
  CHECK(rig.observer->asked() == std::vector<std::filesystem::path>{kDestination});
  rig.answer = true;
  FaultyFileSystem faulty{rig.disk};
  faulty.add({.kind = Call::write, .nth = 2, .error = EIO});
  REQUIRE(rig.copy(faulty).done());
  CHECK(rig.observer->asked().size() == 1);
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("the user is not asked where nothing is to be replaced", "[existing]") {
  Replacing rig;
  rig.options.ask = Ask::before_replacing;
  rig.answer = false;
  SECTION("there is nothing") { rig.disk.remove(kDestination); }
  SECTION("it is up to date") {
    rig.options.ask = Ask::never;
    REQUIRE(rig.copy().done());
    rig.options.ask = Ask::before_replacing;
  }
  REQUIRE(rig.copy().done());
  CHECK(rig.observer->asked().empty());
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("a copy that was begun is finished whatever is to be kept", "[existing]") {
  const Update update = GENERATE(Update::none, Update::none_fail, Update::older);
  Replacing rig;
  SECTION("in place, which leaves a mixture") {
    rig.options.writing = Writing::in_place;
    REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  }
  SECTION("renamed, and not durable yet") {
    FaultyFileSystem faulty{rig.disk};
    faulty.set_hook([&](const CallInfo& call) {
      return call.kind == Call::dir_sync && rig.disk.get(kDestination) == kContent ? EIO : 0;
    });
    rig.options.retries = 0;
    REQUIRE(rig.copy(faulty).failed_with(ErrorCode::io));
  }
  rig.options.update = update;
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->outcome != Outcome::kept);
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
}

TEST_CASE("a mixture is finished also where the stick has another device number now", "[existing]") {
  Replacing rig;
  rig.options.writing = Writing::in_place;
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  journal::Row row = *rig.row();
  ++row.partial.device;
  rig.put_row(row);
  rig.options.update = GENERATE(Update::none, Update::older);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->outcome != Outcome::kept);
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
}

TEST_CASE("what appears while it is copied is not replaced where what exists is to be kept", "[existing]") {
  Replacing rig;
  rig.disk.remove(kDestination);
  rig.options.update = GENERATE(Update::none, Update::none_fail, Update::older);
  FaultyFileSystem faulty{rig.disk};
  const bool in_two_steps = GENERATE(true, false);
  if (in_two_steps) faulty.add({.kind = Call::rename_new, .error = EINVAL});
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::set_mode && !rig.disk.exists(kDestination)) rig.disk.put(kDestination, kOld);
    return 0;
  });
  REQUIRE(rig.copy(faulty).failed_with(ErrorCode::io));
  CHECK(rig.disk.get(kDestination) == kOld);
}

TEST_CASE("what may not be written is replaced only when asked for", "[existing]") {
  Replacing rig;
  rig.disk.set_mode(kDestination, 0444);
  REQUIRE(rig.copy().failed_with(ErrorCode::io));
  CHECK(rig.disk.get(kDestination) == kOld);
  rig.options.replace = Replace::any;
  rig.expect_replaced();
  CHECK(rig.disk.look(kDestination).mode == 0444);
}

TEST_CASE("a name is replaced whatever has it, and nothing of that is kept", "[existing]") {
  Replacing rig;
  rig.disk.put("/dst/other", kOld);
  rig.disk.remove(kDestination);
  SECTION("a link") { rig.disk.symlink("other", kDestination); }
  SECTION("a dangling link") { rig.disk.symlink("nowhere", kDestination); }
  SECTION("a link to the source") { rig.disk.symlink(kSource, kDestination); }
  SECTION("a FIFO") { rig.disk.put_special(kDestination, io::FileKind::fifo); }
  SECTION("a file that only its owner may read") {
    rig.disk.put(kDestination, kOld);
    rig.disk.set_mode(kDestination, 0400);
  }
  rig.options.replace = Replace::name;
  rig.expect_replaced();
  CHECK(rig.disk.look(kDestination).kind == io::FileKind::regular);
  CHECK(rig.disk.look(kDestination).mode == 0644);
  CHECK(rig.disk.get("/dst/other") == kOld);
  CHECK(rig.disk.get(kSource) == kContent);
}

TEST_CASE("a directory and a device are never replaced", "[existing]") {
  Replacing rig;
  rig.disk.remove(kDestination);
  SECTION("a directory") { rig.disk.mkdir(kDestination); }
  SECTION("a device") { rig.disk.put_device(kDestination, 2 * kSize); }
  rig.options.replace = Replace::name;
  rig.target = Target::file;
  FaultyFileSystem watched{rig.disk};
  REQUIRE(rig.copy(watched).failed_with(ErrorCode::io));
  CHECK(watched.calls(Call::write) == 0);
}

}  // namespace
}  // namespace rcopy::test
