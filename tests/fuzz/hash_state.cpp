// SPDX-License-Identifier: MIT
//
// Any bytes as the saved state of a hasher: either nothing is restored, or a hasher that says of
// itself what the state says, that can be saved and restored again, and that can go on.
#include "hash/hasher.hpp"

#include "fuzz/target.hpp"
#include "support/bytes.hpp"

namespace {

using namespace rcopy::test;
using rcopy::hash::Hasher;

/// Around the sizes at which XXH3 changes how it works: 240 (short input), 256 (its buffer), 1024
/// (a block), and what is copied.
constexpr std::size_t kSizes[] = {0,   1,   64,   128,  239,  240,  241,    255,    256,
                                  257, 511, 1023, 1024, 1025, 5000, 65'536, 1048576};

void check_restored(const Hasher& restored, std::span<const std::byte> saved) {
  const auto position = Hasher::peek(saved);
  expect(position.has_value(), "what can be restored can be peeked at");
  expect(position->bytes == restored.bytes(), "peek and restore agree on the position");
  expect(position->digest == restored.digest(), "peek and restore agree on the hash");
  const auto again = Hasher::restore(restored.save());
  expect(again && again->digest() == restored.digest(), "a restored state can be saved");
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  std::vector<std::string> seeds;
  for (const std::size_t size : kSizes) {
    Hasher hasher;
    hasher.update(content(Seed{3}, size));
    const auto saved = hasher.save();
    seeds.emplace_back(reinterpret_cast<const char*>(saved.data()), saved.size());
  }
  write_seeds({*argv, static_cast<std::size_t>(*argc)}, seeds);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Bytes more = content(Seed{4}, 3000);
  const auto saved = std::as_bytes(std::span{data, size});
  (void)Hasher::peek(saved);
  auto hasher = Hasher::restore(saved);
  if (!hasher) return 0;
  check_restored(*hasher, saved);
  const std::uint64_t before = hasher->bytes();
  for (const std::size_t step : {1U, 63U, 256U, 1000U, 1680U}) {
    hasher->update(std::span{more}.first(step));
    (void)hasher->digest();
  }
  expect(hasher->bytes() == before + 3000, "a restored hasher counts on");
  return 0;
}
