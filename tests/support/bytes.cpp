// SPDX-License-Identifier: MIT
//
// splitmix64 by index: each aligned group of eight bytes is one hash of seed and position.
#include "support/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iomanip>
#include <ostream>

namespace rcopy::test {
namespace {

constexpr std::uint64_t kWordBytes = 8;

/// The output function of splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xBF58'476D'1CE4'E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D0'49BB'1331'11EBU;
  return value ^ (value >> 31U);
}

std::uint64_t word_at(std::uint64_t start, std::uint64_t index) {
  return mixed(start + (index + 1) * 0x9E37'79B9'7F4A'7C15U);
}

}  // namespace

Bytes::Bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span{text});
  assign(bytes.begin(), bytes.end());
}

std::ostream& operator<<(std::ostream& out, const Bytes& bytes) {
  constexpr std::size_t kShown = 8;
  std::uint64_t sum = bytes.size();
  for (const std::byte byte : bytes) sum = mixed(sum + static_cast<std::uint64_t>(byte));
  const auto flags = out.flags();
  out << bytes.size() << " bytes, sum " << std::hex << sum << ", begins" << std::setfill('0');
  for (std::size_t i = 0; i < std::min(kShown, bytes.size()); ++i) {
    out << ' ' << std::setw(2) << static_cast<unsigned>(bytes[i]);
  }
  out.flags(flags);
  return out;
}

void fill_content(Seed seed, std::uint64_t offset_bytes, std::span<std::byte> out) {
  const std::uint64_t start =
      mixed(seed.value);  // neighbouring seeds must not be shifts of one another
  std::size_t done = 0;
  while (done < out.size()) {
    const std::uint64_t at = offset_bytes + done;
    const std::uint64_t word = word_at(start, at / kWordBytes);
    if (at % kWordBytes == 0 && out.size() - done >= kWordBytes) {
      std::memcpy(out.data() + done, &word, kWordBytes);
      done += kWordBytes;
      continue;
    }
    const std::size_t skip = at % kWordBytes;
    const std::size_t count = std::min<std::size_t>(kWordBytes - skip, out.size() - done);
    std::array<std::byte, kWordBytes> bytes;
    std::memcpy(bytes.data(), &word, kWordBytes);
    std::memcpy(out.data() + done, bytes.data() + skip, count);
    done += count;
  }
}

Bytes content(Seed seed, std::uint64_t size_bytes) {
  Bytes bytes(size_bytes);
  fill_content(seed, 0, bytes);
  return bytes;
}

Bytes sparse_content(Seed seed, std::uint64_t size_bytes) {
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kEvery = 8;
  Bytes bytes(size_bytes);
  for (std::uint64_t offset = 0; offset < size_bytes; offset += kEvery * kPage) {
    const std::size_t length = std::min(kPage, size_bytes - offset);
    fill_content(seed, offset, std::span{bytes}.subspan(offset, length));
  }
  return bytes;
}

Bytes content_with_holes(Seed seed) {
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
  Bytes bytes(3 * kMiB + 100);
  const auto fill = [&](std::uint64_t offset, std::uint64_t length) {
    fill_content(seed, offset, std::span{bytes}.subspan(offset, length));
  };
  fill(0, 3 * kPage);
  fill(kMiB + kMiB / 2, 2 * kPage);
  fill(3 * kMiB, 100);
  return bytes;
}

}  // namespace rcopy::test
