// SPDX-License-Identifier: MIT
//
// Where the copy of an attempt begins: what is kept of an earlier one, or a new row and a new partial; and
// whether there is room.
#include "engine/attempt.hpp"

#include "base/text.hpp"
#include "engine/data_finder.hpp"
#include "engine/identity.hpp"
#include "engine/prefix.hpp"

#include <algorithm>

namespace rcopy::engine {

Attempt::Start Attempt::prepare_start() {
  if (plan_.keep == Keep::nothing) return start_fresh();
  if (auto kept = keep_prefix()) return *kept;
  check_disks_are_there();
  plan_.reason = "the kept part has other content than the journal says";
  plan_.keep = Keep::nothing;
  return start_fresh();
}

std::optional<Attempt::Start> Attempt::keep_prefix() {
  const FoundFile found = partial_->found();
  const auto reader = partial_reader();
  KeptPartial partial{.file = partial_->file(),
                      .reader = *reader,
                      .stat = io::stat(partial_->file()),
                      .bytes_per_second = run_.options.bytes_per_second};
  const auto confirmed = confirm_prefix(partial, *row_, plan_.keep, run_.events.counters(), run_.stop);
  if (!confirmed) return std::nullopt;
  const Position& end = confirmed->end;
  if (plan_.source == SourceTrust::checked && !source_begins_as(end)) return std::nullopt;
  // What lies beyond was never confirmed. It is written over, and cut off at the end; to cut it here takes
  // as long as it is large.
  if (!confirmed->durable) {
    io::sync_data(partial_->file());
    io::sync(*place_->directory);
  }
  const Position& durable = confirmed->durable ? *confirmed->durable : end;

  journal::Row row = continued_row();
  row.source = source_identity(source_.stat, source_.fs);  // a disk that was compared is known from now on
  row.partial = found.identity;
  row.status = journal::Status::in_progress;
  row.transferred_bytes = end.offset_bytes;
  row.file_hash = end.hasher.digest();
  row.hash_state = end.hasher.save();
  row.durable_bytes = durable.offset_bytes;
  row.durable_hash_state = durable.hasher.save();
  begin(std::move(row));
  return Start{.end = end, .durable = durable};
}

/// Whether the source begins with the bytes that were kept.
bool Attempt::source_begins_as(const Position& kept) {
  UncachedReader reader = source_reader();
  KeptPartial source{.file = *source_.file,
                     .reader = reader,
                     .stat = source_.stat,
                     .bytes_per_second = run_.options.bytes_per_second};
  const auto confirmed = confirm_prefix(source, *row_, Keep::checked, run_.events.counters(), run_.stop);
  return confirmed && confirmed->end.offset_bytes >= kept.offset_bytes;
}

Attempt::Start Attempt::start_fresh() {
  check_same_disks();
  drop_leftover();
  if (!overwrites()) partial_->recreate();
  // Durably, before the first byte: a row that vouches for the old partial's bytes must not meet
  // the new one's. Until then the new one is empty, which no claim survives.
  begin(fresh_row());
  return {};
}

/// What the copy takes on the disk, as far as it is known before its zeros are read.
std::uint64_t Attempt::least_bytes() const {
  const io::Stat& source = source_.stat;
  if (!makes_holes()) return source.size_bytes;
  if (run_.options.sparse == Sparse::always) return 0;
  if (has_reliable_holes(*source_.file, source, source_.fs)) return data_bytes(*source_.file, source.size_bytes);
  return std::min(source.allocated_bytes, source.size_bytes);
}

/// Before anything is destroyed. What the partial holds counts as free: it is kept or replaced.
/// Gives what is to be thrown where a clone, which needs no space, cannot be made either.
std::optional<Error> Attempt::check_space() {
  const io::Stat partial = io::stat(partial_->file());
  if (place_->on_device) {
    check_device_size(partial.size_bytes);
    return std::nullopt;
  }
  // Compressed, it may hold less than it saves.
  const std::uint64_t own =
      plan_.keep == Keep::nothing ? partial.allocated_bytes : std::max(partial.allocated_bytes, partial.size_bytes);
  const std::uint64_t held = own + leftover_bytes().value_or(0);
  const std::uint64_t available = io::file_system(*place_->directory).available_bytes;
  const auto still_needed = [held](std::uint64_t bytes) { return bytes - std::min(held, bytes); };
  if (run_.options.reflink == Reflink::always) return std::nullopt;
  if (still_needed(source_.stat.size_bytes) <= available) return std::nullopt;
  const std::uint64_t needed = still_needed(least_bytes());
  if (needed <= available) return std::nullopt;
  Error lack{{.code = ErrorCode::no_space,
              .operation = "copy to",
              .path = place_->path(),
              .reason = base::format_bytes(needed) + " are needed and " + base::format_bytes(available) + " are free"}};
  // What an earlier run left is not destroyed only to try.
  if (!may_clone() || !partial_->created()) throw Error{lack};
  return lack;
}

/// Else the blocks of copies that are made at once lie among each other, a MiB of each. Only advice: a disk
/// that is too small says so when it is written. docs/performance.md has where it pays.
void Attempt::allocate_from(std::uint64_t offset_bytes) {
  const std::uint64_t total_bytes = source_.stat.size_bytes;
  const bool pays = place_->fs.allocates_ahead && place_->writing == Writing::beside && !makes_holes();
  if (!pays || total_bytes - offset_bytes <= kBlockBytes) return;
  allocated_ = true;  // a part may be had also where it fails
  (void)partial_->file().allocate({.offset_bytes = offset_bytes, .length_bytes = total_bytes - offset_bytes});
}

/// A partial that may lie there for long takes what it holds. After a kill it takes the room of all.
void Attempt::give_back_room() {
  if (allocated_) io::truncate(partial_->file(), io::stat(partial_->file()).size_bytes);
}

journal::Row Attempt::continued_row() const {
  journal::Row row = *row_;
  row.file_path = source_.path;
  row.mount = place_->mount;
  row.options = run_.options.words;
  ++row.attempts;
  return row;
}

journal::Row Attempt::fresh_row() {
  journal::Row row;
  row.file_path = source_.path;
  row.dest_path = place_->path();
  row.total_bytes = source_.stat.size_bytes;
  row.source = source_identity(source_.stat, source_.fs);
  row.partial = partial_->found().identity;
  row.mount = place_->mount;
  row.options = run_.options.words;
  row.attempts = order_.number;
  row.started_at = unix_now();
  return row;
}

}  // namespace rcopy::engine
