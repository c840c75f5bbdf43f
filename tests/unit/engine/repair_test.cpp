// SPDX-License-Identifier: MIT
//
// --repair: what the file that is written again holds already is left alone, and nothing but what the medium
// gives back counts as held.
#include "support/promises.hpp"
#include "support/results.hpp"
#include "unit/engine/transfer_kit.hpp"

namespace rcopy::test {
namespace {

/// kContent, with other bytes in the blocks of these offsets.
Bytes damaged(std::initializer_list<std::uint64_t> offsets) {
  Bytes bytes = kContent;
  for (const std::uint64_t offset : offsets) bytes.at(offset) ^= std::byte{1};
  return bytes;
}

struct Repair : CopyRig {
  explicit Repair(const Bytes& old, DiskSettings settings = {}) : CopyRig{settings} {
    options.writing = Writing::in_place;
    options.rewrite = Rewrite::differing;
    disk.put(kSource, kContent);
    disk.put(kDestination, old);
  }
};

/// By writes to this file that were not refused.
std::uint64_t bytes_written(const FaultyFileSystem& watched, const std::string& name) {
  std::uint64_t sum = 0;
  for (const std::string& line : watched.trace()) {
    const bool refused = line.find(" = ") != std::string::npos;
    if (!refused && line.starts_with("write " + name + ' ')) sum += std::stoull(line.substr(line.find('+') + 1));
  }
  return sum;
}

TEST_CASE("only the blocks that differ are written", "[repair]") {
  Repair rig{damaged({kMiB + 5, 2 * kMiB - 1, 7 * kMiB})};
  rig.disk.set_direct_io(GENERATE(DirectIo::allowed, DirectIo::refused_by_open, DirectIo::refused_when_used));
  FaultyFileSystem watched{rig.disk};
  const Copied copied = rig.copy(watched);
  REQUIRE(copied.done());
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
  CHECK(bytes_written(watched, "a") == 2 * kMiB);
  CHECK(copied.summary->same_bytes == kSize - 2 * kMiB);
  CHECK(copied.summary->file_hash == digest_of(kContent).hex());
}

TEST_CASE("a file that is the same already is only read", "[repair]") {
  Repair rig{kContent};
  FaultyFileSystem watched{rig.disk};
  REQUIRE(rig.copy(watched).done());
  CHECK(bytes_written(watched, "a") == 0);
}

TEST_CASE("a shorter and a longer old file get the right end", "[repair]") {
  const std::uint64_t kept = GENERATE(std::uint64_t{0}, 1U, 3 * kMiB + 1, kSize - 1, kSize);
  const std::uint64_t more = GENERATE(std::uint64_t{0}, 1U, 5 * kMiB);
  Bytes old(kContent.begin(), kContent.begin() + static_cast<std::ptrdiff_t>(kept));
  old.resize(kept + more, std::byte{7});
  Repair rig{old};
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
}

TEST_CASE("what only the page cache holds is not held", "[repair]") {
  Repair rig{kContent};
  const auto directory = good(rig.disk.open_directory("/dst", io::DirectoryUse::look_up));
  const auto file = good(directory->open("a", io::OpenMode::read_back));
  Bytes seen(kSize);
  REQUIRE(io::read_full(*file, seen, 0) == kSize);
  rig.disk.flip_on_medium(kDestination, 3 * kMiB + 1);
  REQUIRE(rig.disk.get(kDestination) == kContent);
  REQUIRE(rig.disk.get(kDestination, View::durable) != kContent);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 1);
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
}

TEST_CASE("what cannot be read is written", "[repair]") {
  Repair rig{kContent};
  FaultyFileSystem faulty{rig.disk};
  bool written = false;
  faulty.set_hook([&](const CallInfo& call) {
    if (call.path != kDestination) return 0;
    if (call.kind == Call::write && call.offset_bytes == 4 * kMiB) written = true;
    const bool bad = call.kind == Call::read && call.offset_bytes == 4 * kMiB && !written;
    return bad ? EIO : 0;
  });
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 1);
  CHECK(written);
}

TEST_CASE("in place, after a mismatch only the bad block is written again", "[repair]") {
  Repair rig{content(Seed{31}, kSize)};
  rig.disk.spoil_write_back(kDestination, 3 * kMiB + 1, 1);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(copied.summary->same_bytes == kSize - kMiB);
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
}

TEST_CASE("beside, after a mismatch the partial is kept for one attempt and only its bad block written", "[repair]") {
  Repair rig{content(Seed{31}, kMiB)};
  rig.options.writing = Writing::beside;
  rig.disk.spoil_write_back(kPartial, 3 * kMiB + 1, 1);
  FaultyFileSystem watched{rig.disk};
  const Copied copied = rig.copy(watched);
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(copied.summary->same_bytes == kSize - kMiB);
  CHECK(bytes_written(watched, ".a.rcopy-part") == kSize + kMiB);
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
  CHECK(rig.disk.list("/dst") == std::vector<std::string>{"a"});
}

TEST_CASE("beside, a mismatch in the last attempt leaves nothing", "[repair]") {
  Repair rig{content(Seed{31}, kMiB)};
  rig.options.writing = Writing::beside;
  rig.options.retries = 1;
  rig.disk.spoil_write_back(kPartial, 3 * kMiB + 1, 2);
  REQUIRE(rig.copy().failed_with(ErrorCode::verify_failed));
  CHECK(rig.disk.list("/dst") == std::vector<std::string>{"a"});
  CHECK(rig.row()->transferred_bytes == 0);
}

TEST_CASE("beside, a bad partial whose repair was cut short is given up by a run that does not repair", "[repair]") {
  Repair rig{content(Seed{31}, kMiB)};
  rig.options.writing = Writing::beside;
  rig.disk.spoil_write_back(kPartial, 7 * kMiB + 1, 1);
  FaultyFileSystem faulty{rig.disk};
  std::stop_source stop;
  faulty.set_hook([&](const CallInfo& call) {
    // Only a repair reads the partial before it is written.
    const bool begun = rig.observer && !rig.observer->of<Retrying>().empty();
    if (begun && call.kind == Call::read && call.path == kPartial) stop.request_stop();
    return 0;
  });
  REQUIRE(rig.copy(faulty, stop.get_token()).failed_with(ErrorCode::interrupted));
  check_claims(rig, kContent);
  rig.options.rewrite = GENERATE(Rewrite::all, Rewrite::differing);
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
}

TEST_CASE("without --repair all is written", "[repair]") {
  Repair rig{kContent};
  rig.options.rewrite = Rewrite::all;
  FaultyFileSystem watched{rig.disk};
  REQUIRE(rig.copy(watched).done());
  CHECK(bytes_written(watched, "a") == kSize);
}

TEST_CASE("a device is repaired", "[repair]") {
  Repair rig{kContent};
  rig.options.writing = Writing::beside;  // implied
  rig.disk.remove(kDestination);
  rig.disk.put_device(kDestination, 12 * kMiB);
  rig.disk.put(kDestination, damaged({5 * kMiB}));
  FaultyFileSystem watched{rig.disk};
  const Copied copied = rig.copy(watched);
  REQUIRE(copied.done());
  CHECK(bytes_written(watched, "a") == kMiB);
  CHECK(rig.disk.begins_with(kDestination, kContent, View::durable));
}

TEST_CASE("in place, an interrupted repair goes on where it was", "[repair]") {
  Repair rig{damaged({8 * kMiB})};
  FaultyFileSystem faulty{rig.disk};
  std::stop_source stop;
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::sync_data) stop.request_stop();
    return 0;
  });
  rig.rhythm.every_bytes = kMiB;
  (void)rig.copy(faulty, stop.get_token());
  check_claims(rig, kContent);
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
}

}  // namespace
}  // namespace rcopy::test
