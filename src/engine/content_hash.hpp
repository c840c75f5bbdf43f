// SPDX-License-Identifier: MIT
//
// The hash of a file that nobody has read on the way: a clone, or one that was there already. Any thread.
#pragma once

#include "engine/transfer.hpp"
#include "engine/uncached.hpp"
#include "hash/hasher.hpp"

#include <cstddef>
#include <span>

namespace rcopy::engine {

/// Whether these options ask for the hash of each file.
[[nodiscard]] inline bool wants_hashes(const Options& options) {
  return options.execution == Execution::real && (options.expected_hash || options.manifest);
}

/// Reads all of a regular file, and leaves the page cache as the options say. `buffer` is aligned for direct reads.
/// Throws Error: io, interrupted.
[[nodiscard]] hash::Digest hash_content(const Run& run, const FileName& file, std::span<std::byte> buffer);

}  // namespace rcopy::engine
