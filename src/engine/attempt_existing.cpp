// SPDX-License-Identifier: MIT
//
// Whether what is there under the destination's name is to be replaced.
#include "engine/attempt.hpp"
#include "engine/interrupted.hpp"

namespace rcopy::engine {

/// A copy that was begun, or has its name already, is finished whatever the options say.
bool Attempt::keeps_existing() {
  const Options& options = run_.options;
  if (!place_->existing || is_published() || begun_in_place() || ledger_.begun()) return false;
  if (options.update == Update::none_fail) {
    throw Error{{.code = ErrorCode::io, .operation = "replace", .path = place_->path(), .reason = "it exists"}};
  }
  bool kept = options.update == Update::none || (options.update == Update::older && !is_older());
  if (!kept && options.ask == Ask::before_replacing && !order_.may_replace) {
    order_.may_replace = run_.events.may_replace(place_->path());
    kept = !order_.may_replace;
    if (run_.stop.stop_requested()) throw interrupted("copy", place_->path());
  }
  if (!kept) return false;
  summary_ = {.source = route_.source(),
              .destination = place_->path(),
              .outcome = Outcome::kept,
              .total_bytes = source_.stat.size_bytes,
              .file_hash = {},
              .attempts = order_.number};
  return true;
}

/// As far as the destination's file system tells: FAT keeps every other second.
bool Attempt::is_older() const {
  constexpr std::int64_t kFatTick = 2'000'000'000;
  const std::int64_t tick = place_->fs.stable_inodes ? 1 : kFatTick;
  return place_->existing->mtime_ns / tick < source_.stat.mtime_ns / tick;
}

}  // namespace rcopy::engine
