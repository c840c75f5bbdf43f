// SPDX-License-Identifier: MIT
//
// The cases, from the most finished state to the least. Whatever is in doubt starts lower: that
// costs time, never bytes.
#include "engine/plan.hpp"

namespace rcopy::engine {
namespace {


bool proven_enough(const std::string& verified_by, Verify wanted) {
  switch (wanted) {
    case Verify::none: return true;
    case Verify::cache: return verified_by == "cache" || verified_by == "medium";
    case Verify::medium: return verified_by == "medium";
  }
  return false;
}

Plan plan_of(Entry entry, Keep keep, std::string reason) {
  return {.entry = entry, .keep = keep, .source = SourceTrust::known, .reason = std::move(reason)};
}

Plan start_over(std::string reason) { return plan_of(Entry::copy, Keep::nothing, std::move(reason)); }

/// The partial was renamed to the destination and nobody wrote to it since. Its mtime is the one
/// it was verified with, or the source's where attributes were preserved. A partial that is there
/// all the same was made by a run that only had to finish, for its lock, and was cut short.
bool already_renamed(const journal::Row& row, const Situation& now) {
  if (!now.destination) return false;
  const FoundFile& found = *now.destination;
  const bool untouched =
      found.times.mtime_ns == row.content.mtime_ns || found.times.mtime_ns == row.source.mtime_ns;
  return match(row.partial, found.identity) == Match::same && found.size_bytes == row.total_bytes && untouched;
}

/// Whether it can be all of the copy.
bool is_whole(const journal::Row& row, const FoundFile& partial) {
  if (partial.kind == io::FileKind::block_device) return partial.size_bytes >= row.total_bytes;
  return partial.size_bytes == row.total_bytes;
}

Plan plan_complete(const journal::Row& row, const Situation& now, const Options& options) {
  const bool to_device = now.destination && now.destination->kind == io::FileKind::block_device;
  if (to_device || now.source_kind == io::FileKind::block_device) {
    return start_over("nothing tells whether a device was written to since it was copied");
  }
  if (!now.destination) return start_over("the finished copy is gone");
  const FoundFile& found = *now.destination;
  const bool unchanged = match(row.partial, found.identity) == Match::same && found.times == row.content &&
                         found.size_bytes == row.total_bytes;
  if (!unchanged) return start_over("the destination was changed since it was copied");
  if (!proven_enough(row.verified_by, options.verify)) {
    return start_over("the earlier copy was not verified as asked for now");
  }
  return plan_of(Entry::nothing, Keep::nothing, "up to date");
}

Plan plan_kept(const journal::Row& row, const Situation& now, const Options& options) {
  const FoundFile& partial = *now.partial;
  if (row.transferred_bytes == 0) return start_over("nothing was confirmed yet");
  if (partial.size_bytes < row.durable_bytes) return start_over("the partial is shorter than the journal says");
  if (match(row.partial, partial.identity) != Match::same) {
    return plan_of(Entry::copy, Keep::checked, "the partial may be another file, so it is read back");
  }
  if (options.resume == Resume::check) {
    return plan_of(Entry::copy, Keep::checked, "the kept part is read back as asked");
  }
  // Not only rcopy writes there.
  if (now.writing == Writing::in_place && options.verify == Verify::none) {
    return plan_of(Entry::copy, Keep::checked, "the kept part is read back, for nothing else would be");
  }
  return plan_of(Entry::copy, Keep::confirmed, "continuing");
}

/// What is there of a copy that was begun from this source.
Plan plan_partial(const journal::Row& row, const Situation& now, const Options& options) {
  using journal::Status;
  const Match matched = match(row.partial, now.partial->identity);
  const bool device = now.partial->kind == io::FileKind::block_device;
  if (now.writing == Writing::in_place && !device && matched == Match::different) {
    return start_over("the destination is not the file that was begun");
  }
  const bool all_there = row.status == Status::copied || row.status == Status::verified;
  const bool whole = all_there && matched == Match::same && is_whole(row, *now.partial);
  // Nothing tells who wrote to a device.
  const bool untouched = !device && now.partial->times == row.content && options.resume != Resume::check;
  if (whole && row.status == Status::verified && untouched && proven_enough(row.verified_by, options.verify)) {
    return plan_of(Entry::publish, Keep::nothing, "verified already");
  }
  if ((all_there || row.transferred_bytes > 0) && !row.file_hash) {
    return start_over("nothing is known of what the clone holds, and another is made in no time");
  }
  if (!whole) return plan_kept(row, now, options);
  if (!untouched && options.verify == Verify::none) {
    return plan_of(Entry::copy, Keep::checked, "the kept part is read back, for nothing else would be");
  }
  return plan_of(Entry::verify, Keep::nothing, "copied already");
}

/// It has the size that it had; nothing tells whether it was written to in between, or is another disk. While one
/// run goes on, it is the same as long as the kernel says so.
bool doubtful_device(const journal::Row& row, const Situation& now) {
  if (now.source_kind != io::FileKind::block_device) return false;
  const journal::SourceIdentity& then = row.source;
  const bool was_device = then.mtime_ns == 0 && then.ctime_ns == 0;
  return was_device && then.size_bytes == now.source.size_bytes && !(now.watched && same_source(row, now));
}

Plan plan_doubtful_source(const journal::Row& row, const Situation& now, const Options& options) {
  if (!now.partial) return start_over("the partial is gone");
  Plan plan = plan_kept(row, now, options);
  if (plan.keep == Keep::nothing) return plan;
  plan.source = SourceTrust::checked;
  plan.reason = "the device may have changed, so it is compared with what was kept";
  return plan;
}

}  // namespace

Match match(const journal::PartialIdentity& row, const journal::PartialIdentity& found) {
  if (row.inode != found.inode || row.birth_ns != found.birth_ns) return Match::different;
  return found.birth_ns != 0 || found.inode != 0 ? Match::same : Match::unknown;
}

bool same_source(const journal::Row& row, const Situation& now) {
  const journal::SourceIdentity& then = row.source;
  const bool same_path = row.file_path == now.source_path;
  const bool known_by_path = same_path && now.source_kind != io::FileKind::block_device;
  const bool same_inode = then.inode == now.source.inode && (then.inode != 0 || known_by_path);
  return same_inode && (same_path || then.device == now.source.device) &&
         then.size_bytes == now.source.size_bytes && then.mtime_ns == now.source.mtime_ns &&
         then.ctime_ns == now.source.ctime_ns;
}

Plan make_plan(const std::optional<journal::Row>& row, const Situation& now, const Options& options) {
  using journal::Status;
  if (options.resume == Resume::never) return start_over("not resuming, as asked");
  if (!row) return start_over(now.partial ? "the journal does not know the partial" : "no earlier copy in the journal");
  const bool doubtful = doubtful_device(*row, now);
  if (!doubtful && !same_source(*row, now)) return start_over("the source changed since the last run");
  if (row->status == Status::complete) return plan_complete(*row, now, options);
  if (doubtful) return plan_doubtful_source(*row, now, options);
  if (now.writing == Writing::beside && row->status == Status::verified && already_renamed(*row, now)) {
    if (!proven_enough(row->verified_by, options.verify)) {
      return start_over("the earlier copy was not verified as asked for now");
    }
    return plan_of(Entry::finish, Keep::nothing, "the copy has its name already");
  }
  return now.partial ? plan_partial(*row, now, options) : start_over("the partial is gone");
}

}  // namespace rcopy::engine
