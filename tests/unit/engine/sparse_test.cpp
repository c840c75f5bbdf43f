// SPDX-License-Identifier: MIT
//
// Sources with holes: what is read, what is written, and what is claimed in between.
#include "engine/data_finder.hpp"
#include "support/promises.hpp"
#include "support/results.hpp"
#include "unit/engine/transfer_kit.hpp"

#include <atomic>

namespace rcopy::test {
namespace {

constexpr std::uint64_t kSparseSize = 12 * kMiB + 4096;
constexpr std::uint64_t kFirstData = 3 * kMiB + 8192;  // 100 KiB, and zeros in the middle of it
constexpr std::uint64_t kSecondData = 9 * kMiB;        // one block

Bytes sparse_bytes() {
  Bytes bytes(kSparseSize);
  const Bytes first = content(Seed{51}, 100 << 10U);
  const Bytes second = content(Seed{52}, kMiB);
  std::ranges::copy(first, bytes.begin() + static_cast<std::ptrdiff_t>(kFirstData));
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(kFirstData) + 8192, 8192, std::byte{0});
  std::ranges::copy(second, bytes.begin() + static_cast<std::ptrdiff_t>(kSecondData));
  return bytes;
}

const Bytes kSparse = sparse_bytes();

struct SparseRig : CopyRig {
  explicit SparseRig(DiskSettings settings = {}) : CopyRig{settings} { disk.put(kSource, kSparse); }

  [[nodiscard]] std::uint64_t allocated(const std::filesystem::path& path) { return disk.look(path).allocated_bytes; }
};

TEST_CASE("a copy of a sparse file has its content, its hash and no more blocks; holes are not read", "[transfer]") {
  SparseRig rig;
  const auto direct_io = GENERATE(DirectIo::allowed, DirectIo::refused_by_open);
  rig.disk.set_direct_io(direct_io);
  FaultyFileSystem watched{rig.disk};
  const Copied copied = rig.copy(watched);
  REQUIRE(copied.done());
  CHECK(rig.disk.get(kDestination) == kSparse);
  CHECK(copied.summary->file_hash == digest_of(kSparse).hex());
  CHECK(rig.allocated(kDestination) <= rig.allocated(kSource));
  CHECK(bytes_read_from_source(watched, kSparseSize) == 2 * kMiB);  // the blocks that hold data
}

TEST_CASE("--sparse=never writes all zeros, always none", "[transfer]") {
  SparseRig rig;
  SECTION("never") {
    rig.options.sparse = Sparse::never;
    FaultyFileSystem watched{rig.disk};
    REQUIRE(rig.copy(watched).done());
    CHECK(bytes_read_from_source(watched, kSparseSize) == kSparseSize);
    std::uint64_t written = 0;
    for (const std::string& line : watched.trace()) {
      if (line.starts_with("write ")) written += std::stoull(line.substr(line.find('+') + 1));
    }
    CHECK(written == kSparseSize);
  }
  SECTION("always, of a source without holes") {
    SparseRig dense{{.has_holes = false}};
    dense.options.sparse = Sparse::always;
    FaultyFileSystem watched{dense.disk};
    REQUIRE(dense.copy(watched).done());
    std::uint64_t written = 0;
    for (const std::string& line : watched.trace()) {
      if (line.starts_with("write ")) written += std::stoull(line.substr(line.find('+') + 1));
    }
    CHECK(written < 2 * kMiB);
    CHECK(dense.disk.get(kDestination) == kSparse);
  }
}

TEST_CASE("a longer old file without holes is replaced by one with holes", "[transfer]") {
  SparseRig rig;
  rig.disk.put(kDestination, content(Seed{53}, kSparseSize + 5 * kMiB));
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == kSparse);
  CHECK(rig.allocated(kDestination) <= rig.allocated(kSource));
}

TEST_CASE("in place, what the old file held in a hole of the source is gone, and takes no space", "[transfer]") {
  const std::uint64_t old_bytes = GENERATE(kFirstData - kMiB, kSecondData - kMiB - 5, kSparseSize, kSparseSize + 5 * kMiB);
  SparseRig rig{{.has_holes = GENERATE(true, false)}};
  rig.options.writing = Writing::in_place;
  const bool repairs = GENERATE(true, false);
  rig.options.rewrite = repairs ? Rewrite::differing : Rewrite::all;
  rig.options.sparse = GENERATE(Sparse::automatic, Sparse::always, Sparse::never);
  rig.disk.put(kDestination, content(Seed{53}, old_bytes));
  SECTION("at once") {}
  SECTION("stopped in between") {
    REQUIRE(copy_until(rig, kSecondData).failed_with(ErrorCode::interrupted));
    check_claims(rig, kSparse);
  }
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination, View::durable) == kSparse);
  if (rig.options.sparse == Sparse::always) CHECK(rig.allocated(kDestination) <= rig.allocated(kSource));
}

TEST_CASE("what a device held in a hole of the source is zero afterwards", "[transfer]") {
  SparseRig rig;
  rig.options.sparse = GENERATE(Sparse::automatic, Sparse::always);
  rig.disk.put_device(kDestination, 16 * kMiB);
  rig.disk.put(kDestination, content(Seed{53}, 16 * kMiB));
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.begins_with(kDestination, kSparse, View::durable));
}

TEST_CASE("data that waits to be written back is read, whatever the file system says of holes", "[transfer]") {
  SparseRig rig;
  const auto directory = good(rig.disk.open_directory("/src", io::DirectoryUse::look_up));
  const auto file = good(directory->open("a", io::OpenMode::partial));
  REQUIRE(good(file->write_at(Bytes{"late"}, 6 * kMiB)) == 4);
  REQUIRE_FALSE(engine::has_reliable_holes(*file, good(file->stat()), {.tells_dirty = true}));
  FaultyFileSystem watched{rig.disk};
  REQUIRE(rig.copy(watched).done());
  CHECK(bytes_read_from_source(watched, kSparseSize) == kSparseSize);
  Bytes expected = kSparse;
  std::ranges::copy(Bytes{"late"}, expected.begin() + static_cast<std::ptrdiff_t>(6 * kMiB));
  CHECK(rig.disk.get(kDestination) == expected);
}

TEST_CASE("where nobody tells, a source that was changed lately is read", "[engine]") {
  SparseRig rig;
  FaultyFileSystem old_kernel{rig.disk};
  const bool told = GENERATE(true, false);
  if (!told) old_kernel.add({.kind = Call::is_dirty, .error = ENOSYS, .repeat = Repeat::forever});
  const io::FsInfo fs{.tells_dirty = !told};  // a file system with a cache of its own
  const auto directory = io::open_directory(old_kernel, "/src", io::DirectoryUse::look_up);
  const auto file = io::open(*directory, "a", io::OpenMode::source);
  io::Stat stat = io::stat(*file);
  using namespace std::chrono;
  const auto now = duration_cast<nanoseconds>(system_clock::now().time_since_epoch());
  const auto old = (now - hours{1}).count(), late = now.count();
  stat.mtime_ns = stat.ctime_ns = old;
  CHECK(engine::has_reliable_holes(*file, stat, fs));
  stat.mtime_ns = late;
  CHECK_FALSE(engine::has_reliable_holes(*file, stat, fs));
  stat.mtime_ns = old;
  stat.ctime_ns = late;  // unpacked with its time just now
  CHECK_FALSE(engine::has_reliable_holes(*file, stat, fs));
}

TEST_CASE("blocks are allocated ahead for a new file, all of them, and not for holes or in place", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem watched{rig.disk};
  std::vector<CallInfo> allocations;
  watched.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::allocate) allocations.push_back(call);
    return 0;
  });
  SECTION("new") {
    REQUIRE(rig.copy(watched).done());
    REQUIRE(allocations.size() == 1);
    CHECK(allocations.front().offset_bytes == 0);
    CHECK(allocations.front().size_bytes == kSize);
  }
  SECTION("continued") {
    REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
    REQUIRE(rig.copy(watched).done());
    REQUIRE(allocations.size() == 1);
    CHECK(allocations.front().offset_bytes == 6 * kMiB);
    CHECK(allocations.front().size_bytes == kSize - 6 * kMiB);
  }
  SECTION("in place") {
    rig.options.writing = Writing::in_place;
    rig.disk.put(kDestination, Bytes{"old"});
    REQUIRE(rig.copy(watched).done());
    CHECK(allocations.empty());
  }
  SECTION("with holes") {
    rig.disk.put(kSource, kSparse);
    REQUIRE(rig.copy(watched).done());
    CHECK(allocations.empty());
  }
  CHECK(rig.disk.look(kDestination).size_bytes == rig.disk.look(kSource).size_bytes);
}

TEST_CASE("only ENXIO means that no data follows", "[transfer]") {
  SparseRig rig;
  rig.options.retries = 0;
  FaultyFileSystem faulty{rig.disk};
  const int error = GENERATE(EIO, EBADF, ENOMEM);
  faulty.add({.kind = Call::seek_data, .nth = 2, .error = error});
  CHECK(rig.copy(faulty).failed_with(ErrorCode::io));
  CHECK_FALSE(rig.disk.exists(kDestination));
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == kSparse);
}

TEST_CASE("where the file system knows no holes, all of a source is read", "[transfer]") {
  SparseRig rig;
  FaultyFileSystem watched{rig.disk};
  const int error = GENERATE(EINVAL, EOPNOTSUPP);
  for (const Call call : {Call::seek_data, Call::seek_hole}) {
    watched.add({.kind = call, .error = error, .repeat = Repeat::forever});
  }
  REQUIRE(rig.copy(watched).done());
  CHECK(bytes_read_from_source(watched, kSparseSize) == kSparseSize);
  CHECK(rig.disk.get(kDestination) == kSparse);
}

TEST_CASE("a source that is cut off between two questions for its holes has changed", "[transfer]") {
  SparseRig rig;
  rig.options.retries = 0;
  FaultyFileSystem faulty{rig.disk};
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::seek_hole && call.path == kSource) rig.disk.put(kSource, Bytes{"short"});
    return 0;
  });
  CHECK(rig.copy(faulty).failed_with(ErrorCode::source_changed));
}

TEST_CASE("small pieces between holes go through the page cache, where they come together", "[transfer]") {
  CopyRig rig;
  Bytes bytes(2 * kMiB);
  for (std::size_t at = 0; at < kMiB; at += 8192) bytes[at] = std::byte{1};
  std::ranges::copy(content(Seed{54}, kMiB), bytes.begin() + static_cast<std::ptrdiff_t>(kMiB));
  rig.options.sparse = Sparse::always;
  rig.options.cache = Cache::drop;
  rig.disk.put(kSource, bytes);
  FaultyFileSystem watched{rig.disk};
  std::atomic<int> small_direct{0};
  watched.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::write && call.direct && call.size_bytes < 65536) ++small_direct;
    return 0;
  });
  REQUIRE(rig.copy(watched).done());
  CHECK(small_direct == 0);
  CHECK(rig.disk.get(kDestination) == bytes);
  CHECK(rig.disk.look(kDestination).allocated_bytes == kMiB + kMiB / 2);
}

TEST_CASE("a stop in a sparse file keeps a position that is confirmed again", "[transfer]") {
  SparseRig rig;
  // The first write is the last thing: what follows, a hole of 5 MiB, may or may not be passed.
  REQUIRE(copy_until(rig, kFirstData).failed_with(ErrorCode::interrupted));
  const auto row = rig.row();
  REQUIRE(row);
  CHECK(row->transferred_bytes >= 4 * kMiB);
  CHECK(row->durable_bytes == row->transferred_bytes);
  CHECK(rig.disk.look(kPartial).size_bytes >= row->transferred_bytes);
  check_claims(rig, kSparse);
  const auto resume = GENERATE(Resume::automatic, Resume::check);
  rig.options.resume = resume;
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == row->transferred_bytes);
  CHECK(rig.disk.get(kDestination) == kSparse);
}

TEST_CASE("claims inside of a hole are confirmed there", "[transfer]") {
  SparseRig rig;
  REQUIRE(copy_until(rig, kFirstData).failed_with(ErrorCode::interrupted));
  auto row = rig.row();
  REQUIRE(row);
  // As a run with another step would have left it: durable in the first hole, the last in the second.
  const auto claim = [&](std::uint64_t bytes) {
    hash::Hasher hasher;
    hasher.update(std::span{kSparse}.first(bytes));
    return hasher;
  };
  row->durable_bytes = 2 * kMiB;
  row->durable_hash_state = claim(2 * kMiB).save();
  row->transferred_bytes = 4 * kMiB;
  row->file_hash = claim(4 * kMiB).digest();
  row->hash_state = claim(4 * kMiB).save();
  rig.put_row(*row);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == 4 * kMiB);
  CHECK(rig.disk.get(kDestination) == kSparse);
}

TEST_CASE("a file that is one hole is copied without a block", "[transfer]") {
  CopyRig rig;
  const Bytes zeros(5 * kMiB + 1);
  rig.disk.put(kSource, zeros);
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == zeros);
  CHECK(rig.disk.look(kDestination).allocated_bytes == 0);
}

TEST_CASE("space is asked for what is data, not for holes", "[transfer]") {
  SparseRig rig{{.capacity_bytes = 8 * kMiB}};
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == kSparse);
}

TEST_CASE("where the destination has no holes, space is asked for the whole size", "[transfer]") {
  SparseRig rig{{.capacity_bytes = 8 * kMiB, .says_holes = false}};
  FaultyFileSystem watched{rig.disk};
  REQUIRE(rig.copy(watched).failed_with(ErrorCode::no_space));
  CHECK(watched.calls(Call::write) == 0);
}

TEST_CASE("where the file system knows no holes, all of a source counts as data", "[transfer]") {
  SparseRig rig{{.capacity_bytes = 8 * kMiB}};
  FaultyFileSystem watched{rig.disk};
  const auto kind = GENERATE(Call::seek_data, Call::seek_hole);
  watched.add({.kind = kind, .error = GENERATE(EINVAL, EOPNOTSUPP, ENXIO), .repeat = Repeat::forever});
  watched.add({.kind = Call::is_dirty, .error = ENOSYS, .repeat = Repeat::forever});
  rig.disk.set_mtime(kSource, 0);
  const Copied copied = rig.copy(watched);
  CHECK((copied.done() || copied.failed_with(ErrorCode::no_space) || copied.failed_with(ErrorCode::source_changed)));
}

TEST_CASE("--sparse=always is tried, for nobody knows before how much of it is zeros", "[transfer]") {
  CopyRig rig{{.capacity_bytes = 8 * kMiB}};
  rig.options.sparse = Sparse::always;
  rig.disk.put_generated(kSource, 12 * kMiB, [](std::uint64_t, std::span<std::byte> out) {
    std::ranges::fill(out, std::byte{0});
  });
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.look(kDestination).allocated_bytes == 0);
}

}  // namespace
}  // namespace rcopy::test
