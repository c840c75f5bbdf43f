// SPDX-License-Identifier: MIT
//
// Step 3 of a transfer: how much of a kept partial can be trusted, and the hasher at that point.
#pragma once

#include "engine/ledger.hpp"
#include "engine/plan.hpp"
#include "engine/uncached.hpp"

#include <rcopy/events.hpp>

#include <optional>
#include <stop_token>

namespace rcopy::engine {

struct Confirmed {
  Position end;                     ///< the copy may go on here
  std::optional<Position> durable;  ///< the claimed durable point; nothing where it is not certain
};

/// A partial of an earlier run, as it is found, or what it was copied from.
struct KeptPartial {
  io::File& file;
  UncachedReader& reader;  ///< of the same file
  io::Stat stat;
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit
};

/// How far the partial can be kept; nothing where it has other content than the journal says.
/// With Keep::confirmed only the window between the durable and the last checkpoint is read (at
/// most what was not yet durable); with Keep::checked all of it.
/// Throws Error: io, interrupted.
[[nodiscard]] std::optional<Confirmed> confirm_prefix(KeptPartial& partial, const journal::Row& row, Keep keep,
                                                      Counters& counters, const std::stop_token& stop);

}  // namespace rcopy::engine
