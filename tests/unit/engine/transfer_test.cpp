// SPDX-License-Identifier: MIT
//
// The seven steps through the doubles: what is done, in which order, and what a next run keeps.
#include "engine/identity.hpp"
#include "support/promises.hpp"
#include "transfer_kit.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <string>

namespace rcopy::test {
namespace {

TEST_CASE("a fresh copy has content, mode, hash and a complete row", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  rig.disk.set_mode(kSource, 0755);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(rig.disk.get(kDestination, View::durable) == kContent);
  CHECK(rig.disk.look(kDestination).mode == 0755);
  CHECK(copied.summary->outcome == Outcome::copied);
  CHECK(copied.summary->file_hash == digest_of(kContent).hex());
  CHECK(copied.summary->verified == Verify::medium);
  CHECK(rig.row()->status == journal::Status::complete);
  CHECK(rig.disk.list("/dst") == std::vector<std::string>{"a"});
  CHECK_FALSE(rig.observer->overlapped());
}

TEST_CASE("every size around a block is copied whole", "[transfer]") {
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4096}, kMiB - 1, kMiB, kMiB + 1,
                                   8 * kMiB, 8 * kMiB + 1, 16 * kMiB + 5}) {
    CAPTURE(size);
    CopyRig rig;
    const Bytes bytes = content(Seed{size + 1}, size);
    rig.disk.put(kSource, bytes);
    const Copied copied = rig.copy();
    REQUIRE(copied.done());
    CHECK(rig.disk.get(kDestination, View::durable) == bytes);
    CHECK(copied.summary->file_hash == digest_of(bytes).hex());
  }
}

TEST_CASE("a file over 4 GiB is continued at its 64-bit offset", "[transfer]") {
  constexpr std::uint64_t kKept = (std::uint64_t{4} << 30U) + 2 * kMiB;
  constexpr std::uint64_t kHuge = kKept + 3 * kMiB + 7;
  CopyRig rig;
  rig.options.verify = Verify::none;  // reading 4 GiB through the double would take a minute
  const auto zeros_then_marks = [](std::uint64_t offset, std::span<std::byte> out) {
    std::ranges::fill(out, std::byte{offset >= kKept ? std::uint8_t{0xA5} : std::uint8_t{0}});
  };
  rig.disk.put_generated(kSource, kHuge, zeros_then_marks);
  rig.disk.put_generated(kPartial, kKept, zeros_then_marks);

  hash::Hasher hasher;
  const std::vector<std::byte> zeros(kMiB);
  for (std::uint64_t done = 0; done < kKept; done += kMiB) hasher.update(zeros);
  const io::FsInfo fs;
  const io::Stat partial = rig.disk.look(kPartial);
  journal::Row row;
  row.file_path = kSource;
  row.dest_path = kDestination;
  row.total_bytes = kHuge;
  row.transferred_bytes = row.durable_bytes = kKept;
  row.file_hash = hasher.digest();
  row.hash_state = row.durable_hash_state = hasher.save();
  row.source = engine::source_identity(rig.disk.look(kSource), fs);
  row.partial = engine::partial_identity(partial, fs);
  rig.put_row(row);

  FaultyFileSystem watched{rig.disk};
  const Copied copied = rig.copy(watched);
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == kKept);
  CHECK(bytes_read_from_source(watched, kHuge) == kHuge - kKept);
  CHECK(rig.disk.look(kDestination).size_bytes == kHuge);
  auto directory = rig.disk.open_directory("/dst", io::DirectoryUse::change_names);
  auto file = directory.value->open("a", io::OpenMode::read_back);
  std::vector<std::byte> tail(3 * kMiB + 7 + 1);
  REQUIRE(io::read_full(*file.value, tail, kKept - 1) == tail.size());
  CHECK(tail[0] == std::byte{0});
  CHECK(std::ranges::all_of(std::span{tail}.subspan(1), [](std::byte b) { return b == std::byte{0xA5}; }));
  for (std::uint64_t at = kKept; at < kHuge; at += kMiB) {
    std::vector<std::byte> block(std::min(kMiB, kHuge - at), std::byte{0xA5});
    hasher.update(block);
  }
  CHECK(copied.summary->file_hash == hasher.digest().hex());
}

TEST_CASE("a stop saves the position and the next run reads only the rest", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  CHECK_FALSE(rig.disk.exists(kDestination));
  const auto row = rig.row();
  REQUIRE(row);
  CHECK(row->durable_bytes == row->transferred_bytes);  // a stop makes what it saves durable
  CHECK(row->transferred_bytes == 6 * kMiB);
  check_claims(rig, kContent);

  FaultyFileSystem watched{rig.disk};
  const Copied copied = rig.copy(watched);
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == row->transferred_bytes);
  CHECK(bytes_read_from_source(watched, kSize) == kSize - row->transferred_bytes);
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("a stop while verifying resumes in verify and reads nothing of the source", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem faulty{rig.disk};
  std::stop_source stop;
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::read && call.path == kPartial) stop.request_stop();
    return 0;
  });
  REQUIRE(rig.copy(faulty, stop.get_token()).failed_with(ErrorCode::interrupted));
  CHECK(rig.row()->status == journal::Status::copied);

  FaultyFileSystem watched{rig.disk};
  const Copied copied = rig.copy(watched);
  REQUIRE(copied.done());
  CHECK(copied.summary->outcome == Outcome::finished);
  CHECK(bytes_read_from_source(watched, kSize) == 0);
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("nothing is written after the last sync and nothing renamed before the read-back", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem watched{rig.disk};
  REQUIRE(rig.copy(watched).done());
  const auto trace = watched.trace();
  const auto last = [&](const std::string& start) {
    const auto found = std::find_if(trace.rbegin(), trace.rend(), [&](const auto& line) { return line.starts_with(start); });
    REQUIRE(found != trace.rend());
    return trace.rend() - found;
  };
  CHECK(last("write .a.rcopy-part") < last("read .a.rcopy-part"));
  CHECK(last("read .a.rcopy-part") < last("set_mode .a.rcopy-part"));
  CHECK(last("set_mode .a.rcopy-part") < last("sync_all .a.rcopy-part"));
  CHECK(last("sync_all .a.rcopy-part") < last("rename .a.rcopy-part -> a"));
  CHECK(last("rename .a.rcopy-part -> a") < last("dir_sync"));
}

TEST_CASE("space that runs out in the middle keeps the position", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem faulty{rig.disk};
  faulty.set_hook([](const CallInfo& call) {
    return call.kind == Call::write && call.offset_bytes >= 6 * kMiB ? ENOSPC : 0;
  });
  REQUIRE(rig.copy(faulty).failed_with(ErrorCode::no_space));
  CHECK(rig.row()->durable_bytes == 6 * kMiB);
  check_claims(rig, kContent);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == 6 * kMiB);
}

TEST_CASE("an I/O error that passes is tried again from the last checkpoint", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem faulty{rig.disk};
  std::atomic<bool> failed{false};
  SECTION("reading") {
    faulty.set_hook([&](const CallInfo& call) {
      const bool fails = call.kind == Call::read && call.path == kSource && call.offset_bytes == 5 * kMiB;
      return fails && !failed.exchange(true) ? EIO : 0;
    });
  }
  SECTION("writing") { faulty.add({.kind = Call::write, .nth = 6, .error = ENODEV}); }
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(copied.summary->resumed_bytes > 0);
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("without a journal a retry still continues, a new run does not", "[transfer]") {
  CopyRig rig;
  rig.options.journal.reset();
  rig.disk.put(kSource, kContent);
  FaultyFileSystem faulty{rig.disk};
  faulty.add({.kind = Call::write, .nth = 6, .error = EIO});
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(copied.summary->resumed_bytes == 5 * kMiB);

  rig.disk.remove(kDestination);
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  CHECK(rig.disk.list("/dst").empty());  // nobody could continue it
  CHECK(rig.copy().summary->resumed_bytes == 0);
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("the row holds what the words of the design say while the copy runs", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem faulty{rig.disk};
  // Called from several threads, where Catch2 must not be.
  const auto expect_status = [&](journal::Status status) {
    if (rig.row()->status != status) throw std::logic_error{"the row should be " + std::string{to_text(status)}};
  };
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::write || call.kind == Call::sync_data) check_claims(rig, kContent);
    if (call.kind == Call::rename) expect_status(journal::Status::verified);
    if (call.kind == Call::read && call.path == kPartial) expect_status(journal::Status::copied);
    return 0;
  });
  REQUIRE(rig.copy(faulty).done());
}

}  // namespace
}  // namespace rcopy::test
