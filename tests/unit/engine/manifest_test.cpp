// SPDX-License-Identifier: MIT
//
// The list of the copies: old or new under its name, whatever fails and whenever the power goes.
#include "engine/manifest.hpp"

#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/faulty.hpp"
#include "support/memory_disk.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rcopy::test {
namespace {

using engine::Manifest;
using engine::manifest_line;

const std::filesystem::path kList = "/dst/SUMS";
const Job kOne{.sources = {"/src/a"}, .destination = "/dst"};
const Job kSeveral{.sources = {"/src/a", "/src/b"}, .destination = "/dst"};

hash::Digest digest_of(std::uint8_t value) {
  hash::Digest digest;
  digest.bytes.fill(value);
  return digest;
}

const Bytes kOld{"old\n"};

/// More than is written at once.
constexpr int kNames = 6000;
std::string name_of(int i) { return "dst/a-name-of-some-length-" + std::to_string(i); }

void prepare(MemoryDisk& disk) {
  disk.mkdir("/src");
  disk.mkdir("/dst");
  disk.put(kList, kOld);
}

Bytes whole_list() {
  std::string text;
  for (int i = 0; i < kNames; ++i) text += manifest_line(name_of(i), digest_of(static_cast<std::uint8_t>(i)));
  return Bytes{std::string_view{text}};
}

bool try_write(io::FileSystem& fs) {
  try {
    Manifest manifest{fs, kList, kOne};
    for (int i = 0; i < kNames; ++i) manifest.add(name_of(i), digest_of(static_cast<std::uint8_t>(i)));
    manifest.publish();
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST_CASE("a power cut at any call leaves the old list or the new one", "[manifest]") {
  const Loss loss = GENERATE(Loss::everything_unsynced, Loss::random_pages, Loss::names_kept);
  const Bytes whole = whole_list();
  for (std::uint64_t cut = 1;; ++cut) {
    CAPTURE(cut);
    MemoryDisk disk{{.seed = Seed{cut}}};
    prepare(disk);
    disk.cut_power_after(cut);
    const bool done = try_write(disk);
    disk.restore_power(loss);
    const Bytes found = disk.get(kList);
    REQUIRE((found == whole || (!done && found == kOld)));
    REQUIRE(try_write(disk));
    REQUIRE(disk.get(kList, View::durable) == whole);
    REQUIRE(disk.list("/dst") == std::vector<std::string>{"SUMS"});
    if (done) break;
  }
}

TEST_CASE("whichever call fails, the list is old or new, and nothing is left beside it", "[manifest]") {
  const Bytes whole = whole_list();
  for (std::uint64_t nth = 1;; ++nth) {
    CAPTURE(nth);
    MemoryDisk disk;
    prepare(disk);
    FaultyFileSystem faulty{disk};
    faulty.add({.nth = nth});
    const bool done = try_write(faulty);
    if (faulty.injected() == 0) break;
    const Bytes found = disk.get(kList);
    REQUIRE((found == whole || (!done && found == kOld)));
    faulty.reset();
    REQUIRE(try_write(faulty));
    REQUIRE(disk.list("/dst") == std::vector<std::string>{"SUMS"});
  }
}

TEST_CASE("a list that is not published leaves nothing", "[manifest]") {
  MemoryDisk disk;
  prepare(disk);
  {
    Manifest manifest{disk, kList, kOne};
    manifest.add("dst/x", digest_of(1));
  }
  CHECK(disk.get(kList) == kOld);
  CHECK(disk.list("/dst") == std::vector<std::string>{"SUMS"});
}

TEST_CASE("of two lines with one name the later counts, wherever the first is", "[manifest]") {
  MemoryDisk disk;
  prepare(disk);
  const int more = GENERATE(0, kNames);
  Manifest manifest{disk, kList, kSeveral};
  manifest.add("dst/x", digest_of(1));
  std::string expected = manifest_line("dst/x", digest_of(2));
  for (int i = 0; i < more; ++i) {
    manifest.add(name_of(i), digest_of(3));
    expected += manifest_line(name_of(i), digest_of(3));
  }
  manifest.add("dst/x", digest_of(2));
  manifest.publish();
  CHECK(disk.get(kList, View::durable) == Bytes{std::string_view{expected}});
}

TEST_CASE("a directory that the job makes may come later; another must be there", "[manifest]") {
  MemoryDisk disk;
  disk.mkdir("/src");
  const Job job{.sources = {"/src"}, .destination = "/dst/"};
  CHECK_THROWS_AS((Manifest{disk, "/other/SUMS", job}), Error);
  Manifest manifest{disk, kList, job};
  disk.mkdir("/dst");
  manifest.add("/dst/x", digest_of(1));
  manifest.publish();
  const std::string line = manifest_line("/dst/x", digest_of(1));
  CHECK(disk.get(kList, View::durable) == Bytes{std::string_view{line}});
}

TEST_CASE("a list does not replace what the job made by its name, nor grow in a source", "[manifest]") {
  MemoryDisk disk;
  prepare(disk);
  Manifest manifest{disk, kList, kOne};
  manifest.add("dst/./SUMS", digest_of(1));
  CHECK_THROWS_AS(manifest.publish(), Error);
  manifest.abandon();
  CHECK(disk.get(kList) == kOld);
  const Job job{.sources = {"/src"}, .destination = "/dst"};
  CHECK_THROWS_AS((Manifest{disk, "/src/SUMS", job}), Error);
  CHECK(disk.list("/src").empty());
}

TEST_CASE("a list does not replace a source, whatever leads to it", "[manifest]") {
  MemoryDisk disk;
  prepare(disk);
  disk.put("/src/a", Bytes{"precious"});
  disk.symlink("/src/a", "/link");
  const std::filesystem::path list = GENERATE("/src/a", "/dst/../src/./a", "/link");
  const auto only = [](std::filesystem::path name) {
    return Job{.sources = {"/dst", "/src"}, .destination = "/new", .only = std::vector{std::move(name)}};
  };
  disk.mkdir("/new");
  CHECK_THROWS_AS((Manifest{disk, list, {.sources = {"/src/a"}, .destination = "/dst/b"}}), Error);
  CHECK_THROWS_AS((Manifest{disk, list, {.sources = {"/link"}, .destination = "/dst/b"}}), Error);
  CHECK_THROWS_AS((Manifest{disk, list, only("a")}), Error);
  CHECK_THROWS_AS((Manifest{disk, list, only("./")}), Error);
  CHECK_NOTHROW(Manifest{disk, list, only("b")});
  CHECK_NOTHROW(Manifest{disk, list, {.sources = {"/src/ab"}, .destination = "/dst/b"}});
  CHECK(disk.get("/src/a") == Bytes{"precious"});
}

TEST_CASE("a line is what xxh128sum reads", "[manifest]") {
  const hash::Digest digest = digest_of(0xAB);
  CHECK(manifest_line("a b\\c", digest) == digest.hex() + "  a b\\c\n");
  CHECK(manifest_line("a\nb\\c", digest) == "\\" + digest.hex() + "  a\\nb\\\\c\n");
}

}  // namespace
}  // namespace rcopy::test
