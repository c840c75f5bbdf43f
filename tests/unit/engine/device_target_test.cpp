// SPDX-License-Identifier: MIT
//
// A block device as destination: written in place, never taken for another one, never up to date.
#include "support/promises.hpp"
#include "support/results.hpp"
#include "transfer_kit.hpp"

#include <atomic>
#include <cerrno>

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
  rig.options.attributes = GENERATE(Attributes{}, kPreserved);
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

TEST_CASE("a disk that is pulled is no full device, and what was copied can be continued", "[device]") {
  OntoDevice rig;
  rig.options.retries = 0;
  FaultyFileSystem faulty{rig.disk};
  Bytes kept;
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind != Call::write || call.offset_bytes != 5 * kMiB) return 0;
    kept = rig.disk.get(kDestination);
    rig.disk.pull_disk(kDestination);
    return 0;
  });
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.failed_with(ErrorCode::io));
  CHECK(copied.error->info().os_error == ENOMEDIUM);
  CHECK(rig.row()->durable_bytes <= 5 * kMiB);
  rig.disk.put_device(kDestination, kDeviceBytes);
  rig.disk.put(kDestination, kept);
  REQUIRE(rig.copy().done());
  CHECK(on_medium(rig, kContent));
}

TEST_CASE("a retry never writes to another disk that appears at the same node", "[device]") {
  OntoDevice rig{{.disk_sequences = GENERATE(true, false)}};
  const Bytes theirs = content(Seed{18}, kDeviceBytes);
  FaultyFileSystem faulty{rig.disk};
  const bool stumbles = GENERATE(true, false);  // once more, before anything is decided
  std::atomic<int> writes{0}, reads{0};
  faulty.set_hook([&](const CallInfo& call) {
    if (stumbles && writes > 0 && call.kind == Call::read && call.path == kDestination && reads++ == 0) return EIO;
    if (call.kind != Call::write || call.offset_bytes != 5 * kMiB || writes++ > 0) return 0;
    rig.disk.put_device(kDestination, kDeviceBytes);
    rig.disk.put(kDestination, theirs);
    return EIO;
  });
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.failed_with(ErrorCode::io));
  CHECK(std::string{copied.error->what()}.find("another disk may be there now") != std::string::npos);
  CHECK(rig.disk.get(kDestination) == theirs);
  REQUIRE(rig.copy().done());  // whoever asks again means this one
  CHECK(on_medium(rig, kContent));
}

TEST_CASE("a device whose node went away does not become a file", "[device]") {
  OntoDevice rig;
  FaultyFileSystem faulty{rig.disk};
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind != Call::write || call.offset_bytes != 5 * kMiB || !rig.disk.exists(kDestination)) return 0;
    rig.disk.move(kDestination, "/src/away");
    return EIO;
  });
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.failed_with(ErrorCode::io));
  CHECK(copied.error->info().os_error == ENODEV);
  CHECK(rig.disk.list("/dst").empty());
  rig.disk.move("/src/away", kDestination);
  const Copied next = rig.copy();
  REQUIRE(next.done());
  CHECK(next.summary->resumed_bytes >= 4 * kMiB);
}

TEST_CASE("a device whose node went away is waited for", "[device]") {
  OntoDevice rig;
  rig.options.device_wait = kForever;
  rig.options.retries = 0;
  FaultyFileSystem faulty{rig.disk};
  std::atomic<int> looks{-1};
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::write && call.offset_bytes == 5 * kMiB && looks == -1) {
      looks = 0;
      rig.disk.move(kDestination, "/src/away");
      return EIO;
    }
    if (call.kind == Call::stat && call.path == kDestination && looks >= 0 && ++looks == 3) {
      rig.disk.move("/src/away", kDestination);
    }
    return 0;
  });
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(copied.summary->resumed_bytes >= 4 * kMiB);
  REQUIRE(rig.observer->of<Waiting>().size() == 1);
  CHECK(rig.observer->of<Waiting>()[0].until == "'/dst/a' is back");
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
