// SPDX-License-Identifier: MIT
#include "engine/block_reader.hpp"

#include "support/bytes.hpp"
#include "support/catch.hpp"

#include <rcopy/error.hpp>

#include <algorithm>
#include <atomic>

namespace rcopy::test {
namespace {

using engine::Block;
using engine::BlockReader;
using engine::kBlockBytes;
using engine::kReadsInFlight;

constexpr std::uint64_t kBlocks = 40;
constexpr std::uint64_t kSize = kBlocks * kBlockBytes + 12'345;

/// Every byte tells its block.
std::byte at(std::uint64_t offset_bytes) { return static_cast<std::byte>(offset_bytes / kBlockBytes * 7 + 1); }

std::size_t read_pattern(std::span<std::byte> buffer, std::size_t wanted, std::uint64_t offset_bytes) {
  std::fill_n(buffer.begin(), wanted, at(offset_bytes));
  return wanted;
}

void expect_block(const Block& block, std::uint64_t index) {
  REQUIRE(block.offset_bytes == index * kBlockBytes);
  REQUIRE(block.data.size() == std::min<std::uint64_t>(kBlockBytes, kSize - block.offset_bytes));
  REQUIRE(std::ranges::all_of(block.data, [&](std::byte byte) { return byte == at(block.offset_bytes); }));
}

TEST_CASE("blocks come in order, whichever read ends first, and the last is shorter", "[engine]") {
  std::mutex mutex;
  std::condition_variable second_read;
  bool second_is_done = false;
  // The first read waits for the second, so that they certainly end in the wrong order.
  const auto read = [&](std::span<std::byte> buffer, std::size_t wanted, std::uint64_t offset_bytes) {
    std::unique_lock lock{mutex};
    if (offset_bytes == 0) second_read.wait(lock, [&] { return second_is_done; });
    if (offset_bytes == kBlockBytes) second_is_done = true;
    second_read.notify_all();
    return read_pattern(buffer, wanted, offset_bytes);
  };
  BlockReader reader{read, {.range = {.begin_bytes = 0, .end_bytes = kSize}}};
  for (std::uint64_t index = 0; index <= kBlocks; ++index) {
    const auto block = reader.next();
    REQUIRE(block);
    expect_block(*block, index);
    reader.give_back();
  }
  CHECK_FALSE(reader.next());
}

TEST_CASE("no more blocks are read than may be out", "[engine]") {
  std::atomic<std::uint64_t> reads{0};
  const auto read = [&](std::span<std::byte> buffer, std::size_t wanted, std::uint64_t offset_bytes) {
    ++reads;
    return read_pattern(buffer, wanted, offset_bytes);
  };
  BlockReader reader{read, {.range = {.begin_bytes = 0, .end_bytes = kSize}, .blocks = 12}};
  for (std::uint64_t index = 0; index < 12; ++index) expect_block(*reader.next(), index);
  CHECK(reads == 12);
  reader.give_back();
  expect_block(*reader.next(), 12);
  CHECK(reads == 13);
}

TEST_CASE("a read that fails is thrown in its turn, after all blocks before it", "[engine]") {
  const auto read = [&](std::span<std::byte> buffer, std::size_t wanted, std::uint64_t offset_bytes) -> std::size_t {
    if (offset_bytes == 5 * kBlockBytes) throw Error{{.code = ErrorCode::io, .operation = "read", .path = "f"}};
    return read_pattern(buffer, wanted, offset_bytes);
  };
  BlockReader reader{read, {.range = {.begin_bytes = 0, .end_bytes = kSize}}};
  for (std::uint64_t index = 0; index < 5; ++index) {
    expect_block(*reader.next(), index);
    reader.give_back();
  }
  CHECK_THROWS_AS(reader.next(), Error);
}

TEST_CASE("a file that ends early gives a short block", "[engine]") {
  const auto read = [&](std::span<std::byte> buffer, std::size_t wanted, std::uint64_t offset_bytes) -> std::size_t {
    return offset_bytes < 3 * kBlockBytes ? read_pattern(buffer, wanted, offset_bytes) : 100;
  };
  BlockReader reader{read, {.range = {.begin_bytes = 0, .end_bytes = kSize}}};
  for (int i = 0; i < 3; ++i) CHECK(reader.next()->data.size() == kBlockBytes);
  CHECK(reader.next()->data.size() == 100);
}

TEST_CASE("cancel ends a wait for a block that is never read, and what was read is not handed out", "[engine]") {
  std::mutex mutex;
  std::condition_variable opened;
  bool open = false;
  const auto read = [&](std::span<std::byte> buffer, std::size_t wanted, std::uint64_t offset_bytes) {
    std::unique_lock lock{mutex};
    opened.wait(lock, [&] { return open; });
    return read_pattern(buffer, wanted, offset_bytes);
  };
  BlockReader reader{read, {.range = {.begin_bytes = 0, .end_bytes = kSize}}};
  std::jthread other{[&] { reader.cancel(); }};
  CHECK_FALSE(reader.next());
  {
    const std::lock_guard lock{mutex};
    open = true;
  }
  opened.notify_all();
  CHECK_FALSE(reader.next());
}

TEST_CASE("an empty range reads nothing", "[engine]") {
  BlockReader reader{read_pattern, {.range = {.begin_bytes = kBlockBytes, .end_bytes = kBlockBytes}}};
  CHECK_FALSE(reader.next());
}

TEST_CASE("a limited rate has one read in flight", "[engine]") {
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  const auto read = [&](std::span<std::byte> buffer, std::size_t wanted, std::uint64_t offset_bytes) {
    most = std::max(most.load(), ++running);
    const std::size_t got = read_pattern(buffer, wanted, offset_bytes);
    --running;
    return got;
  };
  const std::uint64_t fast = std::uint64_t{40} << 30U;
  BlockReader reader{read, {.range = {.begin_bytes = 0, .end_bytes = kSize}, .bytes_per_second = fast}};
  for (std::uint64_t index = 0; index <= kBlocks; ++index) {
    expect_block(*reader.next(), index);
    reader.give_back();
  }
  CHECK(most == 1);
}

}  // namespace
}  // namespace rcopy::test
