// SPDX-License-Identifier: MIT
//
// A block device as source: all of it is copied, and a copy goes on only where it is the same disk or
// begins with the same bytes.
#include "support/promises.hpp"
#include "transfer_kit.hpp"

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

TEST_CASE("a copy of the same disk goes on without reading again", "[device]") {
  CopyRig rig;
  put_disk(rig);
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  FaultyFileSystem watched{rig.disk};
  const Copied copied = rig.copy(watched);
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == 6 * kMiB);
  CHECK(bytes_read_from_source(watched, kDeviceBytes) == kDeviceBytes - 6 * kMiB);
  CHECK(rig.disk.get(kDestination) == kOnDevice);
}

TEST_CASE("a disk that was plugged in again goes on where it begins with the same bytes", "[device]") {
  CopyRig rig{{.disk_sequences = GENERATE(true, false)}};
  put_disk(rig);
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  put_disk(rig);
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
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::read && call.path == kSource && call.offset_bytes == kDeviceBytes) rig.disk.remove(kSource);
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
