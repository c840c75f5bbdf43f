// SPDX-License-Identifier: MIT
//
// Step 4 of an attempt where the file system can let two files share their blocks. A clone takes no
// time, so that it is all or nothing: the row claims nothing of it until it is verified.
#include "engine/attempt.hpp"

#include "base/text.hpp"
#include "engine/content_hash.hpp"

namespace rcopy::engine {

/// What an earlier run copied is continued byte by byte.
void Attempt::check_may_clone() const {
  if (run_.options.reflink != Reflink::always) return;
  if (place_->on_device) {
    throw Error{{.code = ErrorCode::no_reflink,
                 .operation = "clone to",
                 .path = place_->path(),
                 .reason = "a device has blocks of its own"}};
  }
  if (plan_.keep == Keep::nothing) return;
  throw Error{{.code = ErrorCode::no_reflink,
               .operation = "clone",
               .path = route_.source(),
               .reason = "an earlier run copied " + base::format_bytes(row_->transferred_bytes) +
                         " of it byte by byte"}};
}

/// A clone has the holes of its source, no more and no fewer.
bool Attempt::may_clone() const {
  return plan_.keep == Keep::nothing && !overwrites() && run_.options.reflink != Reflink::never &&
         run_.options.sparse == Sparse::automatic;
}

/// Whether the partial, which is new and empty, shares the blocks of the source now.
bool Attempt::clone_instead() {
  if (!may_clone()) return false;
  const int refused = io::clone(partial_->file(), *source_.file);
  if (refused == 0) return true;
  if (run_.options.reflink == Reflink::automatic) return false;
  throw Error{{.code = ErrorCode::no_reflink, .operation = "clone", .path = route_.source(), .os_error = refused}};
}

/// The row claims nothing until the end: whatever happens before it, another clone is made in no
/// time. There is no hash to compare with; the read-back gives it.
AttemptEnd Attempt::enter_with_clone() {
  method_ = Method::cloned;
  const std::uint64_t total_bytes = source_.stat.size_bytes;
  const bool whole = io::stat(partial_->file()).size_bytes == total_bytes;
  if (!whole || !source_unchanged()) return start_over_because(source_changed_error());
  run_.events.counters().written_bytes = total_bytes;
  phase(Phase::syncing);
  sync_partial();
  const Verify how = run_.options.verify;
  std::optional<hash::Digest> digest;
  if (how != Verify::none || wants_hashes(run_.options)) {
    digest = read_back_partial(how == Verify::none ? Verify::cache : how);
    if (!digest) return start_over_because(mismatch_error());
  }
  drop_pages();
  ledger_.cloned(digest, how, partial_->found().times);
  return enter_at_publish();
}

}  // namespace rcopy::engine
