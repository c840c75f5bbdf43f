// SPDX-License-Identifier: MIT
//
// A block device as source: all of it is copied, and a copy goes on only where it is the same disk or
// begins with the same bytes.
#include "support/promises.hpp"
#include "transfer_kit.hpp"

#include <atomic>
#include <cerrno>
#include <latch>

namespace rcopy::test {
namespace {

constexpr std::uint64_t kDeviceBytes = 9 * kMiB + 512;
const Bytes kOnDevice = content(Seed{12}, kDeviceBytes);

void put_disk(CopyRig& rig, const Bytes& bytes = kOnDevice) {
  rig.disk.put_device(kSource, kDeviceBytes);
  rig.disk.put(kSource, bytes);
}

TEST_CASE("all of a device becomes a regular file", "[device]") {
  CopyRig rig;
  put_disk(rig);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->total_bytes == kDeviceBytes);
  CHECK(copied.summary->file_hash == digest_of(kOnDevice).hex());
  CHECK(rig.disk.get(kDestination, View::durable) == kOnDevice);
  CHECK(rig.disk.look(kDestination).kind == io::FileKind::regular);
  CHECK(rig.disk.look(kSource).kind == io::FileKind::block_device);
}

TEST_CASE("an attempt goes on with the disk of the one before without reading again", "[device]") {
  CopyRig rig;
  put_disk(rig);
  FaultyFileSystem watched{rig.disk};
  std::atomic<int> tries{0};
  watched.set_hook([&](const CallInfo& call) {
    return call.kind == Call::write && call.offset_bytes == 5 * kMiB && tries++ == 0 ? EIO : 0;
  });
  const Copied copied = rig.copy(watched);
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(copied.summary->resumed_bytes >= 4 * kMiB);
  CHECK(std::ranges::count_if(watched.trace(), [](auto& line) { return line.starts_with("read a 0+"); }) == 1);
  CHECK(rig.disk.get(kDestination) == kOnDevice);
}

TEST_CASE("a disk that was written to in between is never mixed with what it held", "[device]") {
  CopyRig rig;
  put_disk(rig);
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  Bytes other = kOnDevice;
  other[3 * kMiB] ^= std::byte{1};
  rig.disk.put(kSource, other);  // nothing but the bytes tells
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == 0);
  CHECK(rig.disk.get(kDestination) == other);
}

TEST_CASE("a drive without a disk is no empty file", "[device]") {
  CopyRig rig;
  rig.options.retries = 0;
  put_disk(rig);
  rig.disk.pull_disk(kSource);
  rig.disk.put(kDestination, kContent);
  const Copied copied = rig.copy();
  REQUIRE(copied.failed_with(ErrorCode::io));
  CHECK(copied.error->info().os_error == ENOMEDIUM);
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("a disk that is pulled is no change of the source, and what was copied stays", "[device]") {
  CopyRig rig;
  rig.options.retries = 0;
  put_disk(rig);
  FaultyFileSystem faulty{rig.disk};
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::write && call.offset_bytes == 5 * kMiB) rig.disk.pull_disk(kSource);
    return 0;
  });
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.failed_with(ErrorCode::io));
  CHECK(copied.error->info().os_error == ENOMEDIUM);
  CHECK(rig.row()->transferred_bytes >= 4 * kMiB);
  put_disk(rig);
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == kOnDevice);
}

TEST_CASE("a disk that is pulled while it is compared loses nothing of what was kept", "[device]") {
  CopyRig rig;
  rig.options.retries = 0;
  put_disk(rig);
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  FaultyFileSystem faulty{rig.disk};
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::read && call.path == kSource) rig.disk.pull_disk(kSource);
    return 0;
  });
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.failed_with(ErrorCode::io));
  CHECK(copied.error->info().os_error == ENOMEDIUM);
  put_disk(rig);
  const Copied next = rig.copy();
  REQUIRE(next.done());
  CHECK(next.summary->resumed_bytes == 6 * kMiB);
  CHECK(rig.disk.get(kDestination) == kOnDevice);
}

TEST_CASE("a retry never copies another disk that appears at the same node", "[device]") {
  CopyRig rig;
  put_disk(rig);
  rig.disk.put(kDestination, kContent);
  const Bytes theirs = content(Seed{21}, kDeviceBytes);
  FaultyFileSystem faulty{rig.disk};
  std::atomic<int> tries{0};
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind != Call::write || call.offset_bytes != 5 * kMiB || tries++ > 0) return 0;
    put_disk(rig, theirs);
    return EIO;
  });
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.failed_with(ErrorCode::io));
  CHECK(std::string{copied.error->what()}.find("another disk may be there now") != std::string::npos);
  CHECK(rig.disk.get(kDestination) == kContent);
  REQUIRE(rig.copy().done());  // whoever asks again means this one
  CHECK(rig.disk.get(kDestination) == theirs);
}

TEST_CASE("a disk that was plugged in again goes on where it begins with the same bytes", "[device]") {
  CopyRig rig{{.disk_sequences = GENERATE(true, false)}};
  put_disk(rig);
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  if (GENERATE(true, false)) put_disk(rig);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == 6 * kMiB);
  CHECK(rig.disk.get(kDestination) == kOnDevice);
}

TEST_CASE("another disk at the same node is never mixed with the one before", "[device]") {
  CopyRig rig{{.disk_sequences = GENERATE(true, false)}};
  put_disk(rig);
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  Bytes other = kOnDevice;
  other[3 * kMiB] ^= std::byte{1};
  put_disk(rig, other);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == 0);
  CHECK(rig.disk.get(kDestination) == other);
}

TEST_CASE("a finished copy of a device is made again when asked for again", "[device]") {
  CopyRig rig;
  put_disk(rig);
  REQUIRE(rig.copy().done());
  Bytes other = kOnDevice;
  other[7] ^= std::byte{1};
  rig.disk.put(kSource, other);  // nothing but the bytes tells
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == other);
}

TEST_CASE("a device that is pulled after its last byte keeps what was copied", "[device]") {
  CopyRig rig;
  rig.options.retries = 0;
  put_disk(rig);
  FaultyFileSystem faulty{rig.disk};
  std::latch before_last{1};  // the last block is read while those before it may still be
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::write && call.path != kSource && call.offset_bytes == 8 * kMiB) before_last.count_down();
    if (call.kind != Call::read || call.path != kSource || call.offset_bytes != kDeviceBytes) return 0;
    before_last.wait();
    rig.disk.remove(kSource);
    return 0;
  });
  REQUIRE(rig.copy(faulty).failed_with(ErrorCode::io));
  CHECK(rig.row()->transferred_bytes >= 8 * kMiB);
  put_disk(rig);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes >= 8 * kMiB);
  CHECK(rig.disk.get(kDestination) == kOnDevice);
}

}  // namespace
}  // namespace rcopy::test
