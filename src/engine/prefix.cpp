// SPDX-License-Identifier: MIT
//
// A saved hasher stands for bytes that were hashed when they were read from the source; a hash
// that comes out the same again means these very bytes are still in the partial.
#include "engine/prefix.hpp"

#include "engine/block_reader.hpp"
#include "engine/data_finder.hpp"
#include "engine/interrupted.hpp"

#include <algorithm>

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

/// Hashes the partial on from `claims.start` and knows the furthest claimed position whose hash comes out
/// as claimed.
class PrefixHash {
 public:
  PrefixHash(const Claims& claims, Counters& counters) : claims_{claims}, counters_{counters}, position_{claims.start} {
    if (position_.offset_bytes > 0) confirmed_ = position_;
  }

  void add(std::span<const std::byte> data) {
    position_.hasher.update(data);
    moved(data.size());
  }

  /// A hole; claims in it are looked at, too.
  void add_zeros_to(std::uint64_t end_bytes) {
    while (position_.offset_bytes < end_bytes && !wrong_) {
      std::uint64_t step = std::min(kHoleStepBytes, end_bytes - position_.offset_bytes);
      for (const std::uint64_t claim : {claims_.durable.bytes, claims_.transferred_bytes}) {
        if (claim > position_.offset_bytes) step = std::min(step, claim - position_.offset_bytes);
      }
      position_.hasher.update_zeros(step);
      moved(step);
    }
  }

  /// The durable point has another hash than claimed: nothing of it can be kept.
  [[nodiscard]] bool wrong() const { return wrong_; }
  [[nodiscard]] std::optional<Position> confirmed() const { return wrong_ ? std::nullopt : confirmed_; }

 private:
  void moved(std::uint64_t bytes) {
    position_.offset_bytes += bytes;
    counters_.checked_bytes = position_.offset_bytes - claims_.start.offset_bytes;
    const bool at_durable = position_.offset_bytes == claims_.durable.bytes;
    const bool at_transferred = position_.offset_bytes == claims_.transferred_bytes;
    if (!at_durable && !at_transferred) return;
    const hash::Digest digest = position_.hasher.digest();
    if (at_durable && digest != claims_.durable.digest) wrong_ = true;
    if (!at_transferred || claims_.transferred_digest == digest) confirmed_ = position_;
  }

  const Claims& claims_;
  Counters& counters_;
  Position position_;
  std::optional<Position> confirmed_;
  bool wrong_ = false;
};

std::optional<Position> furthest_confirmed(KeptPartial& partial, const Claims& claims, std::uint64_t end_bytes,
                                           Counters& counters, const std::stop_token& stop) {
  counters.checked_bytes = 0;
  counters.to_check_bytes = end_bytes - claims.start.offset_bytes;
  PrefixHash prefix{claims, counters};
  // A hole that is none, because its data was not written back, gives another hash and is not kept.
  DataFinder data{partial.file};
  const bool sparse = looks_sparse(partial.stat);
  BlockReader blocks{[&](auto... call) { return partial.reader.read(call...); },
                     {.range = {.begin_bytes = claims.start.offset_bytes, .end_bytes = end_bytes},
                      .bytes_per_second = partial.bytes_per_second,
                      .data = sparse ? &data : nullptr}};
  const std::stop_callback on_stop{stop, [&] { blocks.cancel(); }};
  while (const auto block = blocks.next()) {
    if (sparse) prefix.add_zeros_to(block->offset_bytes);
    prefix.add(block->data);
    blocks.give_back();
    if (prefix.wrong()) return std::nullopt;
  }
  if (stop.stop_requested()) throw interrupted("check", partial.file.path());
  if (sparse) prefix.add_zeros_to(end_bytes);
  return prefix.confirmed();
}

}  // namespace

std::optional<Confirmed> confirm_prefix(KeptPartial& partial, const journal::Row& row, Keep keep, Counters& counters,
                                        const std::stop_token& stop) {
  Claims claims = claims_of(row);
  std::optional<Position> durable;
  if (keep == Keep::confirmed) {
    // A state of another xxHash version is not trusted: hash the kept part again, from the start.
    durable = restore_durable(row);
    if (durable) claims.start = *durable;
  }
  const bool whole = partial.stat.size_bytes >= row.transferred_bytes;
  const std::uint64_t end_bytes = whole ? row.transferred_bytes : row.durable_bytes;
  const auto end = furthest_confirmed(partial, claims, end_bytes, counters, stop);
  if (!end) return std::nullopt;
  return Confirmed{.end = *end, .durable = durable};
}

}  // namespace rcopy::engine
