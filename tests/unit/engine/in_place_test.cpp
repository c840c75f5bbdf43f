// SPDX-License-Identifier: MIT
//
// --inplace: the destination keeps its inode, links and attributes; of the promises only the first is
// given up.
#include "support/promises.hpp"
#include "support/results.hpp"
#include "transfer_kit.hpp"

namespace rcopy::test {
namespace {

const Bytes kOld = content(Seed{13}, 3 * kMiB);
const Bytes kLonger = content(Seed{14}, kSize + 5 * kMiB + 7);

/// To copy into a file that holds `old`.
struct InPlace : CopyRig {
  explicit InPlace(const Bytes& old, DiskSettings settings = {}) : CopyRig{settings} {
    options.writing = Writing::in_place;
    disk.put(kSource, kContent);
    disk.put(kDestination, old);
  }
};

TEST_CASE("in place the destination keeps inode, links, mode and owner", "[in-place]") {
  InPlace rig{GENERATE(kOld, kLonger)};
  rig.disk.set_mode(kDestination, 0640);
  rig.disk.hard_link(kDestination, "/dst/link");
  const io::Stat before = rig.disk.look(kDestination);
  FaultyFileSystem watched{rig.disk};
  const Copied copied = rig.copy(watched);
  REQUIRE(copied.done());
  const io::Stat after = rig.disk.look(kDestination);
  CHECK(after.inode == before.inode);
  CHECK(after.links == 2);
  CHECK(after.mode == 0640);
  CHECK(rig.disk.get("/dst/link", View::durable) == kContent);
  CHECK(rig.disk.list("/dst") == std::vector<std::string>{"a", "link"});
  CHECK(watched.calls(Call::rename) == 0);
  CHECK(watched.calls(Call::unlink) == 0);
  CHECK(rig.copy().summary->outcome == Outcome::up_to_date);
}

TEST_CASE("in place with -p it gets the source's attributes", "[in-place]") {
  InPlace rig{kOld};
  rig.options.attributes = kPreserved;
  rig.disk.set_mode(kSource, 0444);
  rig.disk.set_mtime(kSource, 1'234'567'890);
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.look(kDestination).mode == 0444);
  CHECK(rig.disk.look(kDestination).mtime_ns == 1'234'567'890);
}

TEST_CASE("in place a file that may not be written is refused as in cp", "[in-place]") {
  InPlace rig{kOld};
  rig.disk.set_mode(kDestination, 0444);
  REQUIRE(rig.copy().failed_with(ErrorCode::io));
  CHECK(rig.disk.get(kDestination) == kOld);
  CHECK(rig.disk.look(kDestination).mode == 0444);
}

TEST_CASE("in place a file that its owner made read-only since the last copy is refused", "[in-place]") {
  InPlace rig{kOld};
  REQUIRE(rig.copy().done());
  rig.disk.set_mode(kDestination, 0444);
  rig.disk.put(kSource, kLonger);
  REQUIRE(rig.copy().failed_with(ErrorCode::io));
  CHECK(rig.disk.get(kDestination) == kContent);
  CHECK(rig.disk.look(kDestination).mode == 0444);
}

TEST_CASE("in place, cut short after it became read-only, only writing is given back", "[in-place]") {
  InPlace rig{kOld};
  rig.options.attributes = kPreserved;
  rig.disk.set_mode(kSource, 0444);
  FaultyFileSystem faulty{rig.disk};
  rig.options.retries = 0;
  bool published = false;
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::set_times) published = true;
    return published && call.kind == Call::sync_all ? EIO : 0;
  });
  REQUIRE(rig.copy(faulty).failed_with(ErrorCode::io));
  REQUIRE(rig.disk.look(kDestination).mode == 0444);
  rig.options.attributes = Attributes{};
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.look(kDestination).mode == 0644);
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("a copy beside that is being published is not passed by one in place", "[in-place]") {
  InPlace rig{kOld};
  const auto directory = good(rig.disk.open_directory("/dst", io::DirectoryUse::change_names));
  const auto other = good(directory->open(".a.rcopy-part", io::OpenMode::create_partial));
  REQUIRE(other->try_lock() == 0);
  REQUIRE(other->set_mode(0444) == 0);
  REQUIRE(rig.copy().failed_with(ErrorCode::busy));
  CHECK(rig.disk.get(kDestination) == kOld);
}

TEST_CASE("in place, where there is nothing to write into, the first promise holds", "[in-place]") {
  InPlace rig{kOld};
  rig.disk.remove(kDestination);
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  CHECK_FALSE(rig.disk.exists(kDestination));
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("in place an interrupted copy goes on where it was", "[in-place]") {
  InPlace rig{GENERATE(kOld, kLonger)};
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  check_claims(rig, kContent);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == 6 * kMiB);
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
}

TEST_CASE("in place a file that took the place of the begun one starts over", "[in-place]") {
  InPlace rig{kOld};
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  rig.disk.put("/dst/other", kContent);
  rig.disk.move("/dst/other", kDestination);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == 0);
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("in place needs no second copy's space", "[in-place]") {
  constexpr std::uint64_t kRoom = 4 * kMiB;  // for the source, the old content and a little more
  InPlace rig{content(Seed{15}, kSize), {.capacity_bytes = 2 * kSize + kRoom}};
  rig.options.writing = Writing::beside;
  REQUIRE(rig.copy().failed_with(ErrorCode::no_space));
  rig.options.writing = Writing::in_place;
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("in place, what an earlier run left beside makes room", "[in-place]") {
  InPlace rig{kOld};
  rig.options.writing = Writing::beside;
  FaultyFileSystem full{rig.disk};
  full.add({.kind = Call::write, .nth = 6, .error = ENOSPC, .repeat = Repeat::forever});
  REQUIRE(rig.copy(full).failed_with(ErrorCode::no_space));
  REQUIRE(rig.disk.exists(kPartial));
  rig.disk.set_capacity(2 * kSize + kMiB / 2);
  REQUIRE(rig.copy().failed_with(ErrorCode::no_space));
  rig.options.writing = Writing::in_place;
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == kContent);
  CHECK_FALSE(rig.disk.exists(kPartial));
}

TEST_CASE("in place, a stranger's file with a partial's name stays", "[in-place]") {
  InPlace rig{kOld};
  rig.disk.put(kPartial, Bytes{"precious"});
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kPartial) == Bytes{"precious"});
}

TEST_CASE("in place a mismatch takes the claims back, starts over, and deletes nothing", "[in-place]") {
  InPlace rig{kOld};
  rig.disk.spoil_write_back(kDestination, 3 * kMiB + 1, 1);
  const std::uint64_t inode = rig.disk.look(kDestination).inode;
  SECTION("once") {
    const Copied copied = rig.copy();
    REQUIRE(copied.done());
    CHECK(copied.summary->attempts == 2);
    CHECK(rig.disk.get(kDestination, View::durable) == kContent);
  }
  SECTION("in every attempt") {
    rig.options.retries = 0;
    REQUIRE(rig.copy().failed_with(ErrorCode::verify_failed));
    CHECK(rig.row()->transferred_bytes == 0);
    CHECK(rig.row()->status == journal::Status::failed);
    CHECK(rig.observer->of<TransferFailed>().front().writing == Writing::in_place);
  }
  CHECK(rig.disk.look(kDestination).inode == inode);
}

TEST_CASE("in place a source that changed starts over, and deletes nothing", "[in-place]") {
  InPlace rig{kOld};
  rig.options.retries = 0;
  FaultyFileSystem faulty{rig.disk};
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::sync_data) rig.disk.set_mtime(kSource, 99);
    return 0;
  });
  REQUIRE(rig.copy(faulty).failed_with(ErrorCode::source_changed));
  CHECK(rig.disk.exists(kDestination));
  CHECK(rig.row()->transferred_bytes == 0);
}

TEST_CASE("in place, who has the destination's lock is at work", "[in-place]") {
  InPlace rig{kOld};
  const auto directory = good(rig.disk.open_directory("/dst", io::DirectoryUse::change_names));
  SECTION("in place as well") {
    const auto other = good(directory->open("a", io::OpenMode::partial));
    REQUIRE(other->try_lock() == 0);
    REQUIRE(rig.copy().failed_with(ErrorCode::busy));
  }
  SECTION("beside") {
    rig.disk.put(kPartial, Bytes{"being written"});
    const auto other = good(directory->open(kPartial.filename(), io::OpenMode::partial));
    REQUIRE(other->try_lock() == 0);
    REQUIRE(rig.copy().failed_with(ErrorCode::busy));
  }
  SECTION("and this one is to be written beside") {
    REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
    const auto other = good(directory->open("a", io::OpenMode::partial));
    REQUIRE(other->try_lock() == 0);
    rig.options.writing = Writing::beside;
    REQUIRE(rig.copy().failed_with(ErrorCode::busy));
    CHECK(rig.row()->transferred_bytes == 6 * kMiB);
    CHECK_FALSE(rig.disk.exists(kPartial));
    return;
  }
  CHECK(rig.disk.get(kDestination) == kOld);
}

TEST_CASE("a copy that was begun in place can be made beside, and the other way round", "[in-place]") {
  InPlace rig{kLonger};
  const bool beside_first = GENERATE(true, false);
  rig.options.writing = beside_first ? Writing::beside : Writing::in_place;
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  rig.options.writing = beside_first ? Writing::in_place : Writing::beside;
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
  CHECK(rig.disk.list("/dst") == std::vector<std::string>{"a"});
}

TEST_CASE("in place, cut short once it was verified, only the rest is done", "[in-place]") {
  InPlace rig{kOld};
  rig.options.attributes = kPreserved;
  rig.disk.set_mode(kSource, 0444);
  FaultyFileSystem faulty{rig.disk};
  const Call where = GENERATE(Call::set_mode, Call::set_times, Call::close);
  faulty.add({.kind = where, .error = EROFS, .only_path = "/dst/a"});
  rig.options.retries = 0;
  (void)rig.copy(faulty);
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.look(kDestination).mode == 0444);
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
}

}  // namespace
}  // namespace rcopy::test
