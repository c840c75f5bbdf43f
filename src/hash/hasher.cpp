// SPDX-License-Identifier: MIT
//
// XXH3 through xxHash's streaming interface. XXH_STATIC_LINKING_ONLY shows the members of the
// state, which is what makes save and restore possible; a saved state names the xxHash version
// that wrote it, because another version may lay it out or fill it differently.
#include "hash/hasher.hpp"

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>
#ifdef RCOPY_XXH_DISPATCH
#include <xxh_x86dispatch.h>  // replaces XXH3_128bits_update by the one chosen for this CPU
#endif

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace rcopy::hash {
namespace {

constexpr std::array<char, 4> kMagic{'R', 'C', 'X', 'S'};
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kLanes = 8;
constexpr std::size_t kBufferBytes = 256;
constexpr std::size_t kSavedBytes = 4 + 3 * 4 + 8 + 16 + kLanes * 8 + 2 * 4 + 8 + kBufferBytes;
static_assert(kSavedBytes == 376);
static_assert(XXH3_INTERNALBUFFER_SIZE == kBufferBytes);

XXH3_state_t& xxh(std::byte* storage) {
  return *std::launder(reinterpret_cast<XXH3_state_t*>(storage));
}

const XXH3_state_t& xxh(const std::byte* storage) {
  return *std::launder(reinterpret_cast<const XXH3_state_t*>(storage));
}

Digest canonical(XXH128_hash_t hash) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  Digest digest;
  std::copy(std::begin(bytes.digest), std::end(bytes.digest), digest.bytes.begin());
  return digest;
}

/// Appends little-endian integers and raw bytes.
class Writer {
 public:
  Writer() { out_.reserve(kSavedBytes); }

  template <class Integer>
  void integer(Integer value) {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      out_.push_back(static_cast<std::byte>(value >> (8 * i)));
    }
  }

  void raw(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    out_.insert(out_.end(), bytes, bytes + size);
  }

  std::vector<std::byte> take() { return std::move(out_); }

 private:
  std::vector<std::byte> out_;
};

/// Reads what Writer wrote; the caller has checked the size.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> in) : in_{in} {}

  template <class Integer>
  Integer integer() {
    Integer value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) {
      value |= std::to_integer<Integer>(in_[i]) << (8 * i);
    }
    in_ = in_.subspan(sizeof value);
    return value;
  }

  void raw(void* data, std::size_t size) {
    std::memcpy(data, in_.data(), size);
    in_ = in_.subspan(size);
  }

 private:
  std::span<const std::byte> in_;
};

struct Header {
  std::uint32_t version = 0;
  SavedPosition position;
};

/// Reads magic, format, version, position and digest; leaves `reader` at the lanes.
std::optional<Header> read_header(Reader& reader, std::size_t size) {
  if (size != kSavedBytes) return std::nullopt;
  std::array<char, 4> magic{};
  reader.raw(magic.data(), magic.size());
  if (magic != kMagic || reader.integer<std::uint32_t>() != kFormat) return std::nullopt;
  Header header;
  header.version = reader.integer<std::uint32_t>();
  (void)reader.integer<std::uint32_t>();  // reserved
  header.position.bytes = reader.integer<std::uint64_t>();
  reader.raw(header.position.digest.bytes.data(), header.position.digest.bytes.size());
  return header;
}

}  // namespace

std::string Digest::hex() const {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

std::optional<Digest> Digest::from_hex(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  Digest digest;
  if (text.size() != 2 * digest.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    const auto high = kDigits.find(text[2 * i]);
    const auto low = kDigits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    digest.bytes[i] = static_cast<std::uint8_t>(high << 4U | low);
  }
  return digest;
}

Hasher::Hasher() {
  static_assert(sizeof(State) >= sizeof(XXH3_state_t));
  static_assert(alignof(State) >= alignof(XXH3_state_t));
  XXH3_128bits_reset(new (state_.bytes.data()) XXH3_state_t{});
}

void Hasher::update(std::span<const std::byte> data) {
  XXH3_128bits_update(&xxh(state_.bytes.data()), data.data(), data.size());
}

void Hasher::update_zeros(std::uint64_t size_bytes) {
  static constexpr std::array<std::byte, std::size_t{64} << 10U> kZeros{};
  while (size_bytes > 0) {
    const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(size_bytes, kZeros.size()));
    update(std::span{kZeros}.first(some));
    size_bytes -= some;
  }
}

Digest Hasher::digest() const { return canonical(XXH3_128bits_digest(&xxh(state_.bytes.data()))); }

std::uint64_t Hasher::bytes() const { return xxh(state_.bytes.data()).totalLen; }

std::vector<std::byte> Hasher::save() const {
  const XXH3_state_t& state = xxh(state_.bytes.data());
  const Digest hash = digest();
  Writer out;
  out.raw(kMagic.data(), kMagic.size());
  out.integer(kFormat);
  out.integer(static_cast<std::uint32_t>(XXH_versionNumber()));
  out.integer(std::uint32_t{0});
  out.integer(static_cast<std::uint64_t>(state.totalLen));
  out.raw(hash.bytes.data(), hash.bytes.size());
  for (const XXH64_hash_t lane : state.acc) out.integer(static_cast<std::uint64_t>(lane));
  out.integer(static_cast<std::uint32_t>(state.bufferedSize));
  out.integer(std::uint32_t{0});
  out.integer(static_cast<std::uint64_t>(state.nbStripesSoFar));
  out.raw(state.buffer, kBufferBytes);
  return out.take();
}

std::optional<Hasher> Hasher::restore(std::span<const std::byte> saved) {
  Reader in{saved};
  const auto header = read_header(in, saved.size());
  if (!header || header->version != XXH_versionNumber()) return std::nullopt;

  Hasher hasher;  // a fresh one supplies what is not saved: secret, limits, seed
  XXH3_state_t& state = xxh(hasher.state_.bytes.data());
  state.totalLen = header->position.bytes;
  for (XXH64_hash_t& lane : state.acc) lane = in.integer<std::uint64_t>();
  state.bufferedSize = in.integer<std::uint32_t>();
  (void)in.integer<std::uint32_t>();
  state.nbStripesSoFar = in.integer<std::uint64_t>();
  in.raw(state.buffer, kBufferBytes);

  // Out-of-range counts would make xxHash read outside its buffers.
  const bool all_buffered = state.totalLen <= kBufferBytes;
  const bool buffer_fits = all_buffered ? state.bufferedSize == state.totalLen
                                        : state.bufferedSize >= 1 && state.bufferedSize <= kBufferBytes;
  if (!buffer_fits || state.nbStripesSoFar >= state.nbStripesPerBlock) return std::nullopt;
  if (hasher.digest() != header->position.digest) return std::nullopt;
  return hasher;
}

std::optional<SavedPosition> Hasher::peek(std::span<const std::byte> saved) {
  Reader in{saved};
  const auto header = read_header(in, saved.size());
  if (!header) return std::nullopt;
  return header->position;
}

}  // namespace rcopy::hash
