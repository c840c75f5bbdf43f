// SPDX-License-Identifier: MIT
//
// A block device as destination: written in place, never taken for another one, never up to date.
#include "support/promises.hpp"
#include "support/results.hpp"
#include "transfer_kit.hpp"

namespace rcopy::test {
namespace {

constexpr std::uint64_t kDeviceBytes = 12 * kMiB;

/// To copy to a device of zeros.
struct OntoDevice : CopyRig {
  explicit OntoDevice(DiskSettings settings = {}, std::uint64_t device_bytes = kDeviceBytes) : CopyRig{settings} {
    disk.put(kSource, kContent);
    disk.put_device(kDestination, device_bytes);
  }
};

bool on_medium(const CopyRig& rig, const Bytes& bytes) {
  return rig.disk.begins_with(kDestination, bytes, View::durable);
}

TEST_CASE("a file is written to a device, whose node stays, and that is said", "[device]") {
  OntoDevice rig;
  rig.options.attributes = GENERATE(Attributes::like_cp, Attributes::preserve);
  const io::Stat before = rig.disk.look(kDestination);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(on_medium(rig, kContent));
  const io::Stat after = rig.disk.look(kDestination);
  CHECK(after.kind == io::FileKind::block_device);
  CHECK(after.mode == before.mode);
  CHECK(rig.disk.list("/dst") == std::vector<std::string>{"a"});
  const auto notices = rig.observer->of<Notice>();
  REQUIRE(notices.size() == 1);
  CHECK(notices.front().text.find("in place") != std::string::npos);
}

TEST_CASE("what a device holds behind the copy stays", "[device]") {
  OntoDevice rig;
  const Bytes old = content(Seed{16}, kDeviceBytes);
  rig.disk.put(kDestination, old);
  REQUIRE(rig.copy().done());
  const Bytes now = rig.disk.get(kDestination, View::durable);
  CHECK(on_medium(rig, kContent));
  CHECK(std::equal(now.begin() + kSize, now.end(), old.begin() + kSize));
}

TEST_CASE("a device that is too small is refused before anything is touched", "[device]") {
  OntoDevice rig{{}, kSize - 1};
  FaultyFileSystem watched{rig.disk};
  REQUIRE(rig.copy(watched).failed_with(ErrorCode::no_space));
  CHECK(watched.calls(Call::write) == 0);
  CHECK_FALSE(rig.row());
}

TEST_CASE("a device of exactly that size is enough", "[device]") {
  OntoDevice rig{{}, kSize};
  REQUIRE(rig.copy().done());
  CHECK(on_medium(rig, kContent));
}

TEST_CASE("a device that somebody has to himself is refused and not touched", "[device]") {
  OntoDevice rig;
  const auto directory = good(rig.disk.open_directory("/dst", io::DirectoryUse::look_up));
  const auto mounted = good(directory->open("a", io::OpenMode::device));
  FaultyFileSystem watched{rig.disk};
  SECTION("a mount") { REQUIRE(rig.copy(watched).failed_with(ErrorCode::io)); }
  SECTION("another rcopy") {
    REQUIRE(mounted->try_lock() == 0);
    REQUIRE(rig.copy(watched).failed_with(ErrorCode::busy));
  }
  CHECK(watched.calls(Call::write) == 0);
}

TEST_CASE("a device is held for as long as it is written", "[device]") {
  OntoDevice rig;
  FaultyFileSystem watched{rig.disk};
  int refused = 0;
  watched.set_hook([&](const CallInfo& call) {
    const bool early = call.kind == Call::write && call.offset_bytes == 0;
    if (!early && call.kind != Call::sync_all) return 0;
    const auto directory = good(rig.disk.open_directory("/dst", io::DirectoryUse::look_up));
    if (directory->open("a", io::OpenMode::device).error == EBUSY) ++refused;
    return 0;
  });
  REQUIRE(rig.copy(watched).done());
  CHECK(refused >= 2);
}

TEST_CASE("an interrupted copy to the same disk goes on", "[device]") {
  OntoDevice rig;
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  check_claims(rig, kContent);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == 6 * kMiB);
  CHECK(on_medium(rig, kContent));
}

TEST_CASE("a disk that may be another one is read back before the copy goes on", "[device]") {
  const bool told = GENERATE(true, false);
  OntoDevice rig{{.disk_sequences = told}};
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  const Bytes before = rig.disk.get(kDestination);
  rig.disk.put_device(kDestination, kDeviceBytes);
  const bool same = GENERATE(true, false);
  if (same) rig.disk.put(kDestination, before);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == (same ? 6 * kMiB : 0));
  CHECK(copied.summary->attempts == 1);
  CHECK(on_medium(rig, kContent));
}

TEST_CASE("a finished copy to a device is made again, for anybody may have written to it", "[device]") {
  OntoDevice rig;
  REQUIRE(rig.copy().done());
  rig.disk.flip(kDestination, 7);  // nothing but the bytes tells
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->outcome == Outcome::copied);
  CHECK(on_medium(rig, kContent));
}

TEST_CASE("a copied device is verified by the next run, also where a verified one was cut short", "[device]") {
  OntoDevice rig;
  FaultyFileSystem faulty{rig.disk};
  std::stop_source stop;
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::read && call.path == kDestination) stop.request_stop();
    return 0;
  });
  REQUIRE(rig.copy(faulty, stop.get_token()).failed_with(ErrorCode::interrupted));
  journal::Row row = *rig.row();
  REQUIRE(row.status == journal::Status::copied);
  row.status = GENERATE(journal::Status::copied, journal::Status::verified);
  if (row.status == journal::Status::verified) row.verified_by = "medium";
  rig.put_row(row);
  rig.disk.flip(kDestination, 5 * kMiB);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);  // it was read back, and made again
  CHECK(on_medium(rig, kContent));
}

TEST_CASE("a byte that the device keeps wrong is found", "[device]") {
  OntoDevice rig;
  rig.disk.spoil_write_back(kDestination, 3 * kMiB + 1, 1);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(on_medium(rig, kContent));
}

TEST_CASE("two nodes of one device are the same file", "[device]") {
  CopyRig rig;
  rig.disk.put_device(kSource, kMiB);
  rig.disk.hard_link(kSource, kDestination);
  FaultyFileSystem watched{rig.disk};
  REQUIRE(rig.copy(watched).failed_with(ErrorCode::io));
  CHECK(watched.calls(Call::write) == 0);
}

TEST_CASE("a device to a device", "[device]") {
  CopyRig rig;
  rig.disk.put_device(kSource, kMiB);
  rig.disk.put(kSource, content(Seed{17}, kMiB));
  rig.disk.put_device(kDestination, 2 * kMiB);
  REQUIRE(rig.copy().done());
  CHECK(on_medium(rig, content(Seed{17}, kMiB)));
}

}  // namespace
}  // namespace rcopy::test
