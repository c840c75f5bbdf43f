// SPDX-License-Identifier: MIT
//
// Reads a file to its hash. Whether it is the right one is the caller's business.
#pragma once

#include "hash/hasher.hpp"
#include "io/file_system.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>

namespace rcopy::engine {

struct HashPlan {
  std::uint64_t total_bytes = 0;
  std::uint64_t bytes_per_second = 0;            ///< 0: no limit
  std::atomic<std::uint64_t>* counter = nullptr;  ///< where given, how far it is
};

/// Of the first bytes of `file`, with several reads in flight; holes are not read, so all of it must be on the medium.
/// Throws Error: io, interrupted.
[[nodiscard]] hash::Digest hash_blocks(io::File& file, const HashPlan& plan, const std::stop_token& stop);

/// Of a small file, one read after the other into `buffer`, which is aligned for direct reads. Nothing where it is
/// shorter or longer. Throws Error (io).
[[nodiscard]] std::optional<hash::Digest> hash_small(io::File& file, std::uint64_t total_bytes,
                                                     std::span<std::byte> buffer);

using HashFile = std::function<std::optional<hash::Digest>(io::File&)>;

/// Calls `hash` with the file of that name, opened for direct reads. Where the file system refuses these, calls
/// `refused`, which drops its pages if that was not done, and then `hash` with the file opened as usual.
[[nodiscard]] std::optional<hash::Digest> hash_past_cache(io::Directory& directory, const io::Name& name,
                                                          const HashFile& hash, const std::function<void()>& refused);

}  // namespace rcopy::engine
