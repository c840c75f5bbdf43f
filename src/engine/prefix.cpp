// SPDX-License-Identifier: MIT
//
// A saved hasher stands for bytes that were hashed when they were read from the source; a hash
// that comes out the same again means these very bytes are still in the partial.
#include "engine/prefix.hpp"

#include "engine/block_reader.hpp"

namespace rcopy::engine {
namespace {

/// Where to read from and what the journal says the hash is on the way.
struct Claims {
  Position start;
  hash::SavedPosition durable;
  std::uint64_t transferred_bytes = 0;
  std::optional<hash::Digest> transferred_digest;
};

std::optional<Position> restore_durable(const journal::Row& row) {
  if (row.durable_bytes == 0) return Position{};
  auto hasher = hash::Hasher::restore(row.durable_hash_state);
  if (!hasher || hasher->bytes() != row.durable_bytes) return std::nullopt;
  return Position{.offset_bytes = row.durable_bytes, .hasher = *hasher};
}

Claims claims_of(const journal::Row& row) {
  Claims claims;
  claims.transferred_bytes = row.transferred_bytes;
  claims.transferred_digest = row.file_hash;
  const auto saved = hash::Hasher::peek(row.durable_hash_state);
  if (saved && saved->bytes == row.durable_bytes) claims.durable = *saved;
  return claims;
}

/// Hashes the partial on from `claims.start` and gives the furthest claimed position whose hash
/// comes out as claimed.
std::optional<Position> furthest_confirmed(UncachedReader& partial, const Claims& claims, std::uint64_t end_bytes,
                                           Counters& counters, const std::stop_token& stop) {
  Position position = claims.start;
  counters.checked_bytes = 0;
  counters.to_check_bytes = end_bytes - position.offset_bytes;
  std::optional<Position> confirmed;
  if (position.offset_bytes > 0) confirmed = position;
  BlockReader blocks{[&](auto... call) { return partial.read(call...); },
                     {.range = {.begin_bytes = position.offset_bytes, .end_bytes = end_bytes}}};
  const std::stop_callback on_stop{stop, [&] { blocks.cancel(); }};
  while (const auto block = blocks.next()) {
    position.hasher.update(block->data);
    position.offset_bytes += block->data.size();
    counters.checked_bytes = position.offset_bytes - claims.start.offset_bytes;
    blocks.give_back();
    const bool at_durable = position.offset_bytes == claims.durable.bytes;
    const bool at_transferred = position.offset_bytes == claims.transferred_bytes;
    if (!at_durable && !at_transferred) continue;
    const hash::Digest digest = position.hasher.digest();
    if (at_durable && digest != claims.durable.digest) return std::nullopt;
    if (!at_transferred || claims.transferred_digest == digest) confirmed = position;
  }
  if (stop.stop_requested()) {
    throw Error{{.code = ErrorCode::interrupted,
                 .operation = "check",
                 .path = partial.path(),
                 .reason = "stopped as requested"}};
  }
  return confirmed;
}

}  // namespace

std::optional<Confirmed> confirm_prefix(UncachedReader& partial, std::uint64_t partial_size_bytes, const journal::Row& row,
                                        Keep keep, Counters& counters, const std::stop_token& stop) {
  Claims claims = claims_of(row);
  std::optional<Position> durable;
  if (keep == Keep::confirmed) {
    // A state of another xxHash version is not trusted: hash the kept part again, from the start.
    durable = restore_durable(row);
    if (durable) claims.start = *durable;
  }
  const bool whole = partial_size_bytes >= row.transferred_bytes;
  const std::uint64_t end_bytes = whole ? row.transferred_bytes : row.durable_bytes;
  const auto end = furthest_confirmed(partial, claims, end_bytes, counters, stop);
  if (!end) return std::nullopt;
  return Confirmed{.end = *end, .durable = durable};
}

}  // namespace rcopy::engine
