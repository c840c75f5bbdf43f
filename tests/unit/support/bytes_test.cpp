// SPDX-License-Identifier: MIT
#include "support/bytes.hpp"

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <fstream>
#include <random>
#include <sstream>

namespace rcopy::test {
namespace {

TEST_CASE("the same seed gives the same content, another seed another", "[support]") {
  CHECK(content(Seed{1}, 100'000) == content(Seed{1}, 100'000));
  CHECK(content(Seed{1}, 100'000) != content(Seed{2}, 100'000));
}

TEST_CASE("content can be made from any offset in any length", "[support]") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  const Bytes whole = content(Seed{seed}, 10'000);
  std::mt19937_64 random{seed};
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t offset = random() % 10'000;
    Bytes part(random() % (10'000 - offset));
    fill_content(Seed{seed}, offset, part);
    REQUIRE(part == Bytes{std::span{whole}.subspan(offset, part.size())});
  }
}

TEST_CASE("content of different places differs, and no page of it is zeros", "[support]") {
  const Bytes whole = content(Seed{7}, 1 << 20);
  for (std::size_t at = 4096; at < whole.size(); at += 4096) {
    const auto page = std::span{whole}.subspan(at, 4096);
    REQUIRE_FALSE(std::ranges::equal(page, std::span{whole}.first(4096)));
    REQUIRE(std::ranges::any_of(page, [](std::byte byte) { return byte != std::byte{0}; }));
  }
}

TEST_CASE("bytes are printed short", "[support]") {
  std::ostringstream out;
  out << content(Seed{1}, 5 << 20);
  CHECK(out.str().size() < 100);
  CHECK(out.str().starts_with("5242880 bytes, "));
}

TEST_CASE("a temporary directory is there, is its own, and is removed with what is in it",
          "[support]") {
  std::filesystem::path path;
  {
    const TempDir one;
    const TempDir two;
    path = one.path();
    CHECK(path != two.path());
    CHECK(path.is_absolute());
    std::ofstream{one / "f"} << "content";
    std::filesystem::create_directory(one / "d");
    CHECK(std::filesystem::exists(path / "f"));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace rcopy::test
