// SPDX-License-Identifier: MIT
//
// Bytes that are not what they should be: in the partial, on the medium, after a failed sync.
#include "transfer_kit.hpp"

namespace rcopy::test {
namespace {

TEST_CASE("a flipped byte below the durable point is found by the read-back and copied again", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  rig.disk.put(kDestination, Bytes{"old"});
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  rig.disk.flip(kPartial, 2 * kMiB + 17);

  SECTION("with retries the copy ends well and says where it was") {
    const Copied copied = rig.copy();
    REQUIRE(copied.done());
    CHECK(copied.summary->attempts == 2);
    CHECK(rig.disk.get(kDestination) == kContent);
    const auto retries = rig.observer->of<Retrying>();
    REQUIRE(retries.size() == 1);
    CHECK(retries[0].error.code() == ErrorCode::verify_failed);
    CHECK(std::string{retries[0].error.what()}.find(std::to_string(2 * kMiB + 17)) != std::string::npos);
  }
  SECTION("without retries the old destination stays") {
    rig.options.retries = 0;
    REQUIRE(rig.copy().failed_with(ErrorCode::verify_failed));
    CHECK(rig.disk.get(kDestination) == Bytes{"old"});
    CHECK(rig.row()->status == journal::Status::failed);
    CHECK(rig.row()->transferred_bytes == 0);
    CHECK_FALSE(rig.disk.exists(kPartial));
  }
}

/// As a killed process leaves it: 3 MiB durable, 7 MiB written and recorded.
journal::Row leave_window(CopyRig& rig) {
  rig.disk.put(kSource, kContent);
  REQUIRE(copy_until(rig, 2 * kMiB).failed_with(ErrorCode::interrupted));
  auto row = rig.row();
  REQUIRE(row);
  REQUIRE(row->durable_bytes == 3 * kMiB);
  auto directory = rig.disk.open_directory("/dst", io::DirectoryUse::change_names);
  auto partial = directory.value->open(".a.rcopy-part", io::OpenMode::partial);
  io::write_full(*partial.value, std::span{kContent}.first(7 * kMiB).subspan(3 * kMiB), 3 * kMiB);
  hash::Hasher hasher;
  hasher.update(std::span{kContent}.first(7 * kMiB));
  row->transferred_bytes = 7 * kMiB;
  row->file_hash = hasher.digest();
  row->hash_state = hasher.save();
  rig.put_row(*row);
  return *row;
}

TEST_CASE("a flipped byte above the durable point only costs the window", "[transfer]") {
  CopyRig rig;
  journal::Row row = leave_window(rig);
  std::uint64_t resumed = 3 * kMiB;
  SECTION("unharmed, all of the window is kept") { resumed = 7 * kMiB; }
  SECTION("flipped, the copy goes on at the durable point") { rig.disk.flip(kPartial, 6 * kMiB + 1); }
  SECTION("cut off, the copy goes on at the durable point") {
    Bytes shorter = rig.disk.get(kPartial);
    shorter.resize(6 * kMiB);
    rig.disk.put(kPartial, shorter);
  }
  SECTION("with a state of another xxHash version the kept part is hashed again") {
    constexpr std::size_t kVersionAt = 8;
    row.durable_hash_state[kVersionAt] ^= std::byte{1};
    row.hash_state[kVersionAt] ^= std::byte{1};
    rig.put_row(row);
    resumed = 7 * kMiB;
  }
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == resumed);
  CHECK(copied.summary->attempts == 1);
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("a medium that keeps other bytes than it was given is noticed", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  rig.disk.put(kDestination, Bytes{"old"});
  SECTION("once: copied again") {
    rig.disk.spoil_write_back(kPartial, 4 * kMiB, 1);
    const Copied copied = rig.copy();
    REQUIRE(copied.done());
    CHECK(copied.summary->attempts == 2);
    CHECK(rig.disk.get(kDestination, View::medium) == kContent);
  }
  SECTION("always: given up, the old destination stays") {
    rig.disk.spoil_write_back(kPartial, 4 * kMiB, 1000);
    REQUIRE(rig.copy().failed_with(ErrorCode::verify_failed));
    CHECK(rig.observer->of<Retrying>().size() == rig.options.retries);
    CHECK(rig.disk.get(kDestination) == Bytes{"old"});
  }
  SECTION("also where direct reads are refused") {
    rig.disk.set_direct_io(GENERATE(DirectIo::refused_by_open, DirectIo::refused_when_used));
    rig.disk.spoil_write_back(kPartial, 4 * kMiB, 1);
    const Copied copied = rig.copy();
    REQUIRE(copied.done());
    CHECK(copied.summary->attempts == 2);
    CHECK_FALSE(rig.observer->of<Notice>().empty());
  }
  SECTION("not with --verify=cache, which is what its name says") {
    rig.options.verify = Verify::cache;
    rig.disk.spoil_write_back(kPartial, 4 * kMiB, 1);
    REQUIRE(rig.copy().done());
  }
}

TEST_CASE("after a failed sync nothing above the durable point is believed", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  rig.options.verify = Verify::none;  // so that nothing else could find the lost pages
  rig.disk.fail_write_back(EIO);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
}

TEST_CASE("a partial that is not what the journal means never ends up in the copy", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  rig.options.verify = Verify::none;  // the plan alone must see it
  SECTION("missing") { rig.disk.remove(kPartial); }
  SECTION("another file") {
    rig.disk.remove(kPartial);
    rig.disk.put(kPartial, content(Seed{15}, 8 * kMiB));
  }
  SECTION("shorter") {
    const Bytes kept = rig.disk.get(kPartial);
    rig.disk.put(kPartial, Bytes{std::span{kept}.first(100)});
  }
  SECTION("longer") {
    Bytes longer = rig.disk.get(kPartial);
    longer.resize(kSize + kMiB);
    rig.disk.put(kPartial, longer);
  }
  SECTION("the same content in another file is kept") {
    const Bytes same = rig.disk.get(kPartial);
    rig.disk.remove(kPartial);
    rig.disk.put(kPartial, same);
    const Copied copied = rig.copy();
    REQUIRE(copied.done());
    CHECK(copied.summary->resumed_bytes >= 5 * kMiB);
  }
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == kContent);
}

}  // namespace
}  // namespace rcopy::test
