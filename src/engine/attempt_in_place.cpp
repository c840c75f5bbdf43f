// SPDX-License-Identifier: MIT
//
// What is different where the bytes go into a file that is there already: the destination itself, which may
// be a device, or a partial whose read-back failed.
#include "engine/attempt.hpp"

#include "base/text.hpp"
#include "engine/identity.hpp"

#include <cerrno>

namespace rcopy::engine {

/// Of a device, which the user did not ask for in so many words.
void Attempt::say_in_place() const {
  const bool implied = place_->writing == Writing::in_place && run_.options.writing == Writing::beside;
  if (!implied || order_.number > 1) return;
  run_.events.emit(Notice{.path = place_->path(), .text = "it is a block device, so it is written in place"});
}

/// A device whose node went away: a file of its name would be a copy nobody asked for.
void Attempt::check_still_device() const {
  if (order_.disk && !place_->on_device) io::fail("go on copying to", place_->path(), ENODEV);
}

std::optional<std::uint64_t> Attempt::source_disk() const {
  if (!source_.file || !is_device(source_.stat)) return std::nullopt;
  return disk_identity(source_.stat, source_.fs);
}

/// A later attempt may find another disk at the same node: its user pulled one and plugged the other in. He did not
/// ask to write to it, or to copy it. A new run is asked.
void Attempt::check_same_disks() {
  if (place_->on_device) disk_ = partial_->found().identity.inode;
  const auto check = [&](const auto& then, const auto& now, const std::filesystem::path& path, const char* next) {
    if (!then || !now || (*now != 0 && *now == *then)) return;
    if (*now == 0 && order_.at_once) return;  // which disk it is the kernel does not tell
    throw Error{{.code = ErrorCode::io,
                 .operation = "go on copying",
                 .path = path,
                 .reason = std::string{"another disk may be there now; plug the first one in again, or run the same "
                                       "command again to "} + next + " this one"}};
  };
  check(order_.disk, disk_, place_->path(), "write to");
  check(order_.source_disk, source_disk(), route_.source(), "copy");
}

/// A disk that was pulled has no bytes and no room any more, which is neither a change of the source, nor a
/// mismatch, nor a full device: asking for its size says so.
void Attempt::check_disks_are_there() {
  if (is_device(source_.stat)) (void)io::stat(*source_.file);
  if (place_->on_device) (void)io::stat(partial_->file());
}

/// Nothing tells when a device is written to.
void Attempt::warn_of_users() const {
  if (!is_device(source_.stat) || order_.number > 1) return;
  const std::string user = run_.fs.device_user(source_.stat.rdev);
  if (user.empty()) return;
  run_.events.emit(Warning{.path = route_.source(), .text = user + ", so the copy may hold a mixture of old and new"});
}

std::optional<std::filesystem::path> Attempt::device() const {
  return place_ && place_->on_device ? std::optional{place_->named} : std::nullopt;
}

/// Whether the destination is a mixture that a copy in place left, or still makes.
bool Attempt::begun_in_place() const {
  const auto& existing = place_->existing;
  if (!existing || !row_ || row_->status == journal::Status::complete) return false;
  const Match matched = match(row_->partial, partial_identity(*existing, place_->fs));
  return matched == Match::same || (matched == Match::unknown && place_->writing == Writing::in_place);
}

/// Whether the bytes go over others, which are nobody's claim. What failed its read-back is only kept to
/// be repaired.
bool Attempt::overwrites() const {
  if (place_->writing == Writing::in_place) return true;
  return order_.after_mismatch && repairs() && !partial_->created();
}

bool Attempt::repairs() const { return run_.options.rewrite == Rewrite::differing; }

/// In place the disk may need the space of what an earlier run began beside. The row means that file, with
/// no claims, until it is gone for good.
void Attempt::drop_leftover() {
  if (!leftover_bytes()) return;
  ledger_.reset(journal::Status::in_progress, row_->last_error);
  partial_->remove_leftover();
}

std::optional<std::uint64_t> Attempt::leftover_bytes() {
  return partial_->leftover_bytes(row_);
}

/// The old content, or a partial that somebody appended to, may have been longer.
void Attempt::cut_tail() {
  if (place_->on_device) return;
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
