// SPDX-License-Identifier: MIT
//
// What the stages of the copy have in common: two open files and where to go on.
#pragma once

#include "engine/data_finder.hpp"
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
  Position start;    ///< where to go on
  Position durable;  ///< at or before `start`; everything before it is on stable storage
  std::uint64_t total_bytes = 0;
  SyncRhythm rhythm;
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit
  DataFinder* data = nullptr;          ///< where given, holes of the source are not read
  UncachedReader* old = nullptr;       ///< where given, of the partial: what it holds already is not written
};

}  // namespace rcopy::engine
