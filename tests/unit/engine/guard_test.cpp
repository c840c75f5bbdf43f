// SPDX-License-Identifier: MIT
//
// Steps 1 and 2: what is refused before anything is touched, and where the copy goes.
#include "engine/place.hpp"
#include "transfer_kit.hpp"

namespace rcopy::test {
namespace {

TEST_CASE("what somebody else planted under the partial's name is refused and stays", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  rig.disk.put("/dst/victim", Bytes{"precious"});
  SECTION("symlink") { rig.disk.symlink("/dst/victim", kPartial); }
  SECTION("hard link") { rig.disk.hard_link("/dst/victim", kPartial); }
  SECTION("fifo") { rig.disk.put_special(kPartial, io::FileKind::fifo); }
  SECTION("directory") { rig.disk.mkdir(kPartial); }
  SECTION("another user's file") {
    rig.disk.put(kPartial, Bytes{"mine"});
    rig.disk.set_owner(kPartial, {.uid = 4242, .gid = 4242});
  }
  REQUIRE(rig.copy().failed_with(ErrorCode::io));
  CHECK(rig.disk.exists(kPartial));
  CHECK(rig.disk.get("/dst/victim") == Bytes{"precious"});
  CHECK_FALSE(rig.disk.exists(kDestination));
}

TEST_CASE("the destination's own partial as source is refused and stays", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kPartial, kContent);
  rig.disk.symlink(kPartial, kSource);
  REQUIRE(rig.copy().failed_with(ErrorCode::io));
  CHECK(rig.disk.get(kPartial) == kContent);
  CHECK_FALSE(rig.disk.exists(kDestination));
}

TEST_CASE("a file that took the partial's name meanwhile is neither published nor removed", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  rig.options.verify = GENERATE(Verify::medium, Verify::none);
  FaultyFileSystem faulty{rig.disk};
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::set_mode) {
      rig.disk.remove(kPartial);
      rig.disk.put(kPartial, Bytes{"of another rcopy"});
    }
    return 0;
  });
  REQUIRE(rig.copy(faulty).failed_with(ErrorCode::io));
  CHECK_FALSE(rig.disk.exists(kDestination));
  CHECK(rig.disk.get(kPartial) == Bytes{"of another rcopy"});
}

TEST_CASE("a copy whose directory was moved away is an error, and is finished when it is back", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  const Call when = GENERATE(Call::set_mode, Call::rename);
  FaultyFileSystem faulty{rig.disk};
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == when && !rig.disk.exists("/moved")) {
      rig.disk.move("/dst", "/moved");
      rig.disk.mkdir("/dst");
    }
    return 0;
  });
  REQUIRE(rig.copy(faulty).failed_with(ErrorCode::io));
  CHECK(rig.disk.list("/dst").empty());
  rig.disk.remove("/dst");
  rig.disk.move("/moved", "/dst");
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("a run that waits without the lock does not write to the journal", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  rig.options.retries = 1;
  FaultyFileSystem faulty{rig.disk};
  journal::Row others;
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::write && call.offset_bytes == 4 * kMiB) return EIO;
    // The second attempt begins: meanwhile another rcopy took over the destination.
    if (call.kind == Call::resolve && call.path == kSource && faulty.calls(Call::write) > 0) {
      others = *rig.row();
      others.file_path = "/src/other";
      rig.put_row(others);
      return EIO;
    }
    return 0;
  });
  REQUIRE(rig.copy(faulty).failed_with(ErrorCode::io));
  CHECK(rig.row()->file_path == "/src/other");
  CHECK(rig.row()->updated_at == others.updated_at);
}

TEST_CASE("a locked partial means another rcopy is at work", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  rig.disk.put(kPartial, Bytes{"being written"});
  auto directory = rig.disk.open_directory("/dst", io::DirectoryUse::change_names);
  auto other = directory.value->open(".a.rcopy-part", io::OpenMode::partial);
  REQUIRE(other.value->try_lock() == 0);
  REQUIRE(rig.copy().failed_with(ErrorCode::busy));
  CHECK(rig.disk.get(kPartial) == Bytes{"being written"});
}

TEST_CASE("who has the lock for an instant only to look is waited for", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem faulty{rig.disk};
  faulty.add({.kind = Call::lock, .error = EWOULDBLOCK});
  REQUIRE(rig.copy(faulty).done());
  CHECK(faulty.injected() == 1);
}

TEST_CASE("no space is said before the first byte", "[transfer]") {
  CopyRig rig{{.capacity_bytes = 12 * kMiB}};
  rig.disk.put(kSource, kContent);
  REQUIRE(rig.copy().failed_with(ErrorCode::no_space));
  CHECK_FALSE(rig.disk.exists(kPartial));
  CHECK_FALSE(rig.disk.exists(kDestination));
  rig.disk.set_capacity(100 * kMiB);
  REQUIRE(rig.copy().done());
}

TEST_CASE("source and destination that are one file are refused before anything is touched", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  SECTION("hard link") { rig.disk.hard_link(kSource, kDestination); }
  SECTION("symlink") { rig.disk.symlink(kSource, kDestination); }
  FaultyFileSystem watched{rig.disk};
  REQUIRE(rig.copy(watched).failed_with(ErrorCode::io));
  CHECK(rig.disk.get(kSource) == kContent);
  CHECK(watched.calls(Call::write) + watched.calls(Call::unlink) + watched.calls(Call::truncate) == 0);
  CHECK_FALSE(rig.disk.exists(kPartial));
}

TEST_CASE("a destination that is a symlink is followed", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  rig.disk.mkdir("/elsewhere");
  rig.disk.put("/elsewhere/real", Bytes{"old"});
  rig.disk.symlink("/elsewhere/real", kDestination);
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.look(kDestination, io::Links::nofollow).kind == io::FileKind::symlink);
  CHECK(rig.disk.get("/elsewhere/real") == kContent);
}

TEST_CASE("a name too long for the partial's suffix is cut and told apart by a hash", "[transfer]") {
  const io::Name longest = std::string(255, 'x');
  const io::Name other = std::string(254, 'x') + "y";
  CHECK(engine::partial_name_for("a") == ".a.rcopy-part");
  CHECK(engine::partial_name_for(longest).native().size() == 255);
  CHECK(engine::partial_name_for(longest) != engine::partial_name_for(other));
  std::string umlauts;
  while (umlauts.size() < 254) umlauts += "\xC3\xA4";
  const std::string cut = engine::partial_name_for(umlauts).native();
  CHECK(cut.substr(1, cut.find('~') - 1).size() % 2 == 0);  // no half character
}

}  // namespace
}  // namespace rcopy::test
