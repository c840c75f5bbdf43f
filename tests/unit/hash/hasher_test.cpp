// SPDX-License-Identifier: MIT
#include "hash/hasher.hpp"

#include "support/bytes.hpp"
#include "support/catch.hpp"

namespace rcopy::hash {
namespace {

using test::content;
using test::Seed;

constexpr std::size_t kSavedBytes = 376;
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kDigestAt = 24;

Digest digest_of(std::span<const std::byte> data) {
  Hasher hasher;
  hasher.update(data);
  return hasher.digest();
}

TEST_CASE("the digest is what xxh128sum prints", "[hash]") {
  CHECK(Hasher{}.digest().hex() == "99aa06d3014798d86001c324468d497f");
  const std::string text = "rcopy\n";
  // printf 'rcopy\n' | xxh128sum
  CHECK(digest_of(std::as_bytes(std::span{text})).hex() == "16d1a6cc91a14294985a89d024a7daa9");
}

TEST_CASE("hex text gives the digest back, and anything else gives nothing", "[hash]") {
  const Digest digest = digest_of(content(Seed{1}, 1000));
  CHECK(Digest::from_hex(digest.hex()) == digest);
  CHECK_FALSE(Digest::from_hex(""));
  CHECK_FALSE(Digest::from_hex(digest.hex().substr(1)));
  CHECK_FALSE(Digest::from_hex(std::string(32, 'g')));
  CHECK_FALSE(Digest::from_hex(std::string(32, 'A')));
}

TEST_CASE("a hash continued from a saved state is the hash of the whole", "[hash]") {
  const auto data = content(Seed{2}, 300'000);
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{240},
                                std::size_t{241}, std::size_t{255}, std::size_t{256}, std::size_t{257},
                                std::size_t{1024}, std::size_t{65'536}, std::size_t{65'537}, data.size()}) {
    CAPTURE(cut);
    Hasher first;
    first.update(std::span{data}.first(cut));
    const auto saved = first.save();
    REQUIRE(saved.size() == kSavedBytes);
    auto second = Hasher::restore(saved);
    REQUIRE(second);
    CHECK(second->bytes() == cut);
    second->update(std::span{data}.subspan(cut));
    CHECK(second->digest() == digest_of(data));
  }
}

TEST_CASE("peek tells position and hash without restoring", "[hash]") {
  const auto data = content(Seed{3}, 1'000'000);
  Hasher hasher;
  hasher.update(data);
  const auto position = Hasher::peek(hasher.save());
  REQUIRE(position);
  CHECK(position->bytes == data.size());
  CHECK(position->digest == hasher.digest());
}

TEST_CASE("a state of another xxHash version is not restored but still tells its position", "[hash]") {
  Hasher hasher;
  hasher.update(content(Seed{4}, 5000));
  auto saved = hasher.save();
  saved[kVersionAt] ^= std::byte{1};
  CHECK_FALSE(Hasher::restore(saved));
  const auto position = Hasher::peek(saved);
  REQUIRE(position);
  CHECK(position->digest == hasher.digest());
}

TEST_CASE("a damaged state is never restored to another hash", "[hash]") {
  Hasher hasher;
  hasher.update(content(Seed{5}, 5000));
  const auto good = hasher.save();
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(Hasher::restore(std::span{good}.first(size)));
    CHECK_FALSE(Hasher::peek(std::span{good}.first(size)));
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    CAPTURE(at);
    for (const unsigned bit : {0U, 7U}) {
      auto damaged = good;
      damaged[at] ^= std::byte{1} << bit;
      const auto restored = Hasher::restore(damaged);
      // Bytes the hash does not depend on yet may differ; the digest may not.
      if (restored) CHECK(restored->digest() == hasher.digest());
    }
  }
  auto other_digest = good;
  other_digest[kDigestAt] ^= std::byte{1};
  CHECK_FALSE(Hasher::restore(other_digest));
}

}  // namespace
}  // namespace rcopy::hash
