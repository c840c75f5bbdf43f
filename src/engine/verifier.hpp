// SPDX-License-Identifier: MIT
//
// Step 6 of a transfer: reads the partial back and hashes it. Whether the hash is the right one is
// the caller's business.
#pragma once

#include "engine/block_reader.hpp"
#include "engine/event_sink.hpp"
#include "engine/partial.hpp"
#include "engine/uncached.hpp"
#include "hash/hasher.hpp"

#include <optional>
#include <stop_token>

namespace rcopy::engine {

/// Lets clean pages of the partial leave the page cache. Throws Error (io).
void drop_cache(const Place& place, Partial& partial);

/// What to read back, and how.
struct ReadBack {
  std::uint64_t total_bytes = 0;
  Verify how = Verify::medium;         ///< medium or cache
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit
};

/// Reads the partial back and gives its hash; nothing where it is shorter or longer. Where the file system
/// refuses direct reads, the page cache is dropped first instead, with a notice.
/// Throws Error: io, interrupted.
[[nodiscard]] std::optional<hash::Digest> read_back(const Place& place, Partial& partial,
                                                    const ReadBack& what, EventSink& events,
                                                    const std::stop_token& stop);

/// Compares source and partial block by block and gives the offset of the first byte that
/// differs; nothing where they are equal this time, or at a stop. For the message after a mismatch.
/// Throws Error (io).
[[nodiscard]] std::optional<std::uint64_t> first_difference(UncachedReader& source, UncachedReader& partial,
                                                            const ReadPlan& plan, const std::stop_token& stop);

}  // namespace rcopy::engine
