// SPDX-License-Identifier: MIT
//
// Step 4 of a transfer: the bytes go one way, readers -> hash -> queue -> writer -> checkpointer,
// with the syncer beside. Threads live only inside copy_bytes().
#pragma once

#include "engine/copy_task.hpp"

#include <rcopy/events.hpp>

#include <stop_token>

namespace rcopy::engine {

/// Copies from `start` to the end; returns the position at the end. On return the bytes are
/// written, not yet synced. Whatever ends it early, what was written before is made durable and
/// its position recorded, as far as that is still possible.
///
/// Throws Error: interrupted (stop was requested), source_changed (it ended early), io, no_space.
Position copy_bytes(const CopyTask& task, Ledger& ledger, Counters& counters, const std::stop_token& stop);

}  // namespace rcopy::engine
