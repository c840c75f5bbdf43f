// SPDX-License-Identifier: MIT
//
// What the stages of the copy have in common: two open files and where to go on.
#pragma once

#include "engine/ledger.hpp"
#include "engine/limits.hpp"
#include "engine/uncached.hpp"
#include "io/file_system.hpp"

namespace rcopy::engine {

struct CopyTask {
  UncachedReader& source;
  UncachedWriter& target;    ///< the partial's data
  io::File& partial;         ///< the same file, to sync
  io::Directory& directory;  ///< of the partial
  Position start;    ///< the partial ends here
  Position durable;  ///< at or before `start`; everything before it is on stable storage
  std::uint64_t total_bytes = 0;
  SyncRhythm rhythm;
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit
};

}  // namespace rcopy::engine
