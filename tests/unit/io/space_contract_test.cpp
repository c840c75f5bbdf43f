// SPDX-License-Identifier: MIT
//
// What files promise about the blocks they share, lack or have before they need them.
#include "support/catch.hpp"
#include "support/results.hpp"
#include "unit/io/worlds.hpp"

#include <algorithm>

namespace rcopy::test {
namespace {

using io::OpenMode;

TEST_CASE("a clone is its source as it was, and neither follows the other from then on", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const Bytes bytes = content(Seed{9}, 300'000);
  world.put("f", bytes);
  const auto directory = root_of(world);
  const auto written = good(directory->open("f", OpenMode::partial));
  write(*written, Bytes{"dirty"}, 100'000);  // unsynced
  Bytes expected = bytes;
  std::ranges::copy(Bytes{"dirty"}, expected.begin() + 100'000);
  const auto source = good(directory->open("f", OpenMode::source));
  const io::Stat before = good(source->stat());
  const auto clone = good(directory->open("clone", OpenMode::create_partial));
  const int error = clone->clone_from(*source);
  if (error == EOPNOTSUPP || error == ENOTTY || error == EINVAL) {
    WARN("no clones here: " << world.root());
    CHECK(good(clone->stat()).size_bytes == 0);
    return;
  }
  REQUIRE(error == 0);
  CHECK(good(clone->stat()).size_bytes == bytes.size());
  CHECK(world.get("clone") == expected);
  CHECK(good(source->stat()).mtime_ns == before.mtime_ns);
  CHECK(good(source->stat()).ctime_ns == before.ctime_ns);
  write(*clone, Bytes{"mine"});
  CHECK(clone->sync_all() == 0);
  CHECK(world.get("f") == expected);
  write(*written, Bytes{"yours"}, 5);
  std::ranges::copy(Bytes{"mine"}, expected.begin());
  CHECK(world.get("clone") == expected);
}

TEST_CASE("a file that is read only, and one that is no file, are not cloned to or from", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", Bytes{"content"});
  world.mkdir("d");
  const auto directory = root_of(world);
  const auto source = good(directory->open("f", OpenMode::source));
  const auto other = good(directory->open("f", OpenMode::read_back));
  CHECK(other->clone_from(*source) != 0);
  const auto fresh = good(directory->open("new", OpenMode::create_partial));
  const auto folder = good(directory->open("d", OpenMode::source));
  CHECK(fresh->clone_from(*folder) != 0);
  CHECK(good(fresh->stat()).size_bytes == 0);
  CHECK(world.get("f") == Bytes{"content"});
}

constexpr std::uint64_t kUnit = 64 * 1024;  // a multiple of every block size

/// Data, a hole, data, and a hole up to the end.
std::unique_ptr<io::File> with_holes(io::Directory& directory, const Bytes& data) {
  auto file = good(directory.open("f", OpenMode::create_partial));
  write(*file, data);
  write(*file, data, 4 * kUnit);
  CHECK(file->truncate(9 * kUnit) == 0);
  return file;
}

TEST_CASE("data and holes are found in turn, and nothing is found at the end", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const auto directory = root_of(world);
  const auto writer = with_holes(*directory, content(Seed{7}, kUnit));
  CHECK(writer->sync_all() == 0);
  const auto file = good(directory->open("f", OpenMode::source));
  if (good(file->seek_hole(0)) == 9 * kUnit) {
    WARN("no holes here: " << world.root());
    return;
  }
  CHECK(good(file->seek_data(0)) == 0);
  CHECK(good(file->seek_data(7)) == 7);
  CHECK(good(file->seek_hole(7)) == kUnit);
  CHECK(good(file->seek_hole(kUnit + 7)) == kUnit + 7);
  CHECK(good(file->seek_data(kUnit)) == 4 * kUnit);
  CHECK(good(file->seek_hole(4 * kUnit)) == 5 * kUnit);
  CHECK(file->seek_data(5 * kUnit).error == ENXIO);
  CHECK(good(file->seek_hole(8 * kUnit)) == 8 * kUnit);
  for (const std::uint64_t beyond : {9 * kUnit, 10 * kUnit}) {
    CHECK(file->seek_data(beyond).error == ENXIO);
    CHECK(file->seek_hole(beyond).error == ENXIO);
  }
}

TEST_CASE("the end of the data is a hole where the file ends with data", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  world.put("f", content(Seed{7}, 10'000));
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::source));
  CHECK(good(file->seek_data(9'999)) == 9'999);
  CHECK(good(file->seek_hole(0)) == 10'000);
}

TEST_CASE("a punched hole reads as zeros, takes no space and leaves the size", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  Bytes bytes = content(Seed{8}, 4 * kUnit + 100);
  world.put("f", bytes);
  const auto directory = root_of(world);
  const auto file = good(directory->open("f", OpenMode::partial));
  CHECK(file->sync_all() == 0);
  const std::uint64_t before = good(file->stat()).allocated_bytes;
  const int error = file->punch_hole({.offset_bytes = kUnit - 10, .length_bytes = kUnit + 20});
  if (error == EOPNOTSUPP) {
    WARN("no holes here: " << world.root());
    return;
  }
  CHECK(error == 0);
  std::fill_n(bytes.begin() + kUnit - 10, kUnit + 20, std::byte{0});
  CHECK(world.get("f") == bytes);
  CHECK(file->punch_hole({.offset_bytes = 4 * kUnit, .length_bytes = 10 * kUnit}) == 0);
  std::fill(bytes.begin() + 4 * kUnit, bytes.end(), std::byte{0});
  CHECK(world.get("f") == bytes);
  CHECK(file->sync_all() == 0);
  CHECK(good(file->stat()).allocated_bytes <= before - kUnit);
  CHECK(good(file->seek_hole(0)) == kUnit);
  CHECK(file->punch_hole({.offset_bytes = 0, .length_bytes = 0}) == EINVAL);
  const auto read_only = good(directory->open("f", OpenMode::source));
  CHECK(read_only->punch_hole({.offset_bytes = 0, .length_bytes = 1}) == EBADF);
}

TEST_CASE("blocks that are allocated ahead do not show in the size or the content", "[contract]") {
  const auto made = every_world();
  World& world = *made;
  INFO(world.name());
  const Bytes bytes = content(Seed{9}, 5000);
  world.put("f", bytes);
  const auto file = good(root_of(world)->open("f", OpenMode::partial));
  const int error = file->allocate({.offset_bytes = 4096, .length_bytes = 1 << 20U});
  if (error == EOPNOTSUPP) {
    WARN("no blocks ahead here: " << world.root());
    return;
  }
  CHECK(error == 0);
  CHECK(good(file->stat()).size_bytes == bytes.size());
  CHECK(world.get("f") == bytes);
  CHECK(file->allocate({.offset_bytes = 0, .length_bytes = 0}) == EINVAL);
  const auto read_only = good(root_of(world)->open("f", OpenMode::source));
  CHECK(read_only->allocate({.offset_bytes = 0, .length_bytes = 1}) == EBADF);
}

}  // namespace
}  // namespace rcopy::test
