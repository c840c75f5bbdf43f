// SPDX-License-Identifier: MIT
//
// What is different where the bytes go into a file that is there already: the destination itself, which may
// be a device, or a partial whose read-back failed.
#include "engine/attempt.hpp"

#include "base/text.hpp"
#include "engine/identity.hpp"
#include "engine/prefix.hpp"

#include <cerrno>

namespace rcopy::engine {

/// Of a device, which the user did not ask for in so many words.
void Attempt::say_in_place() const {
  const bool implied = place_->writing == Writing::in_place && run_.options.writing == Writing::beside;
  if (!implied || order_.number > 1) return;
  run_.events.emit(Notice{.path = place_->path(), .text = "it is a block device, so it is written in place"});
}

/// Whether a copy that is written beside finds its destination begun by one in place.
bool Attempt::begun_in_place() const {
  const auto& existing = place_->existing;
  if (place_->writing == Writing::in_place || !existing || !row_) return false;
  return row_->status != journal::Status::complete && row_->partial == partial_identity(*existing, place_->fs);
}

/// Whether the bytes go over others, which are nobody's claim. What failed its read-back is only kept to
/// be repaired.
bool Attempt::overwrites() const {
  if (place_->writing == Writing::in_place) return true;
  return order_.after_mismatch && repairs() && !partial_->created();
}

bool Attempt::repairs() const { return run_.options.rewrite == Rewrite::differing; }

bool Attempt::is_on_device() const { return place_->existing && is_device(*place_->existing); }

/// Whether the source begins with the bytes that were kept.
bool Attempt::source_begins_as(const Position& kept) {
  UncachedReader reader = source_reader();
  KeptPartial source{.file = *source_.file, .reader = reader, .stat = source_.stat};
  const auto confirmed = confirm_prefix(source, *row_, Keep::checked, run_.events.counters(), run_.stop);
  return confirmed && confirmed->end.offset_bytes >= kept.offset_bytes;
}

/// In place the disk may need the space of what an earlier run began beside. The row means that file, with
/// no claims, until it is gone for good.
void Attempt::drop_leftover() {
  if (!leftover_bytes()) return;
  ledger_.reset(journal::Status::in_progress, row_->last_error);
  partial_->remove_leftover();
}

std::optional<std::uint64_t> Attempt::leftover_bytes() {
  return partial_->leftover_bytes(row_ ? std::optional{row_->partial} : std::nullopt);
}

/// The old content, or a partial that somebody appended to, may have been longer.
void Attempt::cut_tail() {
  if (is_on_device()) return;
  const std::uint64_t total_bytes = source_.stat.size_bytes;
  if (io::stat(partial_->file()).size_bytes > total_bytes) io::truncate(partial_->file(), total_bytes);
}

void Attempt::check_device_size(std::uint64_t device_bytes) const {
  if (source_.stat.size_bytes <= device_bytes) return;
  throw Error{{.code = ErrorCode::no_space,
               .operation = "copy to",
               .path = place_->path(),
               .os_error = EFBIG,
               .reason = base::format_bytes(source_.stat.size_bytes) + " are needed and the device has " +
                         base::format_bytes(device_bytes)}};
}

}  // namespace rcopy::engine
