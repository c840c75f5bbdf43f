// SPDX-License-Identifier: MIT
//
// Open, lock, and look again: between open and lock another rcopy may have published or deleted
// the file, and then the lock is on something that has no name any more.
#include "engine/partial.hpp"

#include "engine/file_lock.hpp"
#include "engine/identity.hpp"

#include <cerrno>

namespace rcopy::engine {
namespace {

/// How often the name may vanish or appear between two of our calls before we call it busy.
constexpr int kRaces = 100;

[[noreturn]] void fail_busy(const Place& place) {
  throw Error{{.code = ErrorCode::busy,
               .operation = "copy to",
               .path = place.path(),
               .reason = "another rcopy is copying to it"}};
}

/// Why the kernel did not give a device away.
[[noreturn]] void fail_in_use(io::FileSystem& fs, const Place& place) {
  const std::string user = fs.device_user(place.existing->rdev);
  if (user.empty()) check_nobody_in_place(place);
  throw Error{{.code = ErrorCode::io,
               .operation = "overwrite",
               .path = place.path(),
               .os_error = EBUSY,
               .reason = user.empty() ? "another program uses it" : user}};
}

}  // namespace

Partial::Partial(io::FileSystem& fs, const Place& place, const std::optional<journal::Row>& row) : place_{place} {
  const bool may_be_beside = in_place() && !place_.on_device;
  for (int race = 0; race < kRaces; ++race) {
    if (!open_existing(fs, row)) continue;
    if (!may_be_beside || (hold_leftover() && still_named())) return;
  }
  fail_busy(place_);
}

bool Partial::open_existing(io::FileSystem& fs, const std::optional<journal::Row>& row) {
  created_ = false;
  if (!in_place() && try_create()) return lock();
  const auto named = io::find(*place_.directory, place_.partial_name);
  if (!named && in_place()) io::fail("overwrite", place_.path(), ENOENT);
  if (!named) return false;
  check_ours(*named, fs.user(), row);  // before it is opened: a FIFO or a device stays untouched
  const auto mode = place_.on_device ? io::OpenMode::device : io::OpenMode::partial;
  auto opened = place_.directory->open(place_.partial_name, mode);
  if (opened.error == ENOENT || opened.error == EINTR) return false;
  if (opened.error == EBUSY && place_.on_device) fail_in_use(fs, place_);
  if (opened.error == EACCES && may_make_writable(*named, fs.user(), row)) {
    make_writable();
    return false;
  }
  if (opened.error != 0) io::fail(in_place() ? "overwrite" : "open", place_.partial_path(), opened.error);
  file_ = std::move(opened.value);
  check_ours(io::stat(*file_), fs.user(), row);
  return lock();
}

/// False where there is one already.
bool Partial::try_create() {
  auto made = place_.directory->open(place_.partial_name, io::OpenMode::create_partial);
  while (made.error == EINTR) made = place_.directory->open(place_.partial_name, io::OpenMode::create_partial);
  if (made.error == EEXIST) return false;
  if (made.error != 0) io::fail("create", place_.partial_path(), made.error);
  file_ = std::move(made.value);
  created_ = true;
  return true;
}

bool Partial::is_meant(const io::Stat& stat, const std::optional<journal::Row>& row) const {
  return row && match(row->partial, partial_identity(stat, place_.fs)) == Match::same;
}

void Partial::check_ours(const io::Stat& stat, std::uint32_t user, const std::optional<journal::Row>& row) const {
  if (in_place()) return check_destination(stat);
  const bool owned = stat.uid == user || !place_.fs.has_owners || is_meant(stat, row);
  if (stat.kind == io::FileKind::regular && stat.links <= 1 && owned) return;
  throw Error{{.code = ErrorCode::io,
               .operation = "use",
               .path = place_.partial_path(),
               .reason = "it is not a regular file of yours with one link; if nobody needs it, remove it"}};
}

/// Whoever owns it, and with as many links as it has; but what was looked at before.
void Partial::check_destination(const io::Stat& stat) const {
  if (place_.existing && stat.kind == place_.existing->kind && same_file(stat, *place_.existing)) return;
  throw Error{{.code = ErrorCode::io,
               .operation = "overwrite",
               .path = place_.path(),
               .reason = "somebody put something else in its place at this moment"}};
}

/// A destination is not ours to change, unless publishing made it read-only and was cut short.
bool Partial::may_make_writable(const io::Stat& stat, std::uint32_t user,
                                const std::optional<journal::Row>& row) const {
  if (stat.uid != user || place_.on_device) return false;
  return !in_place() || (is_meant(stat, row) && row->status == journal::Status::verified);
}

/// Publishing gave it the mode of a read-only file already, and then it was cut short.
void Partial::make_writable() {
  constexpr std::uint32_t kPrivate = 0600, kOwnerWrites = 0200;
  file_ = io::open(*place_.directory, place_.partial_name, io::OpenMode::read_back);
  if (!lock()) return;
  const std::uint32_t mode = in_place() ? io::stat(*file_).mode | kOwnerWrites : kPrivate;
  if (const int error = file_->set_mode(mode); error != 0) io::fail("open", place_.partial_path(), error);
}

/// Gives false where the name no longer means the file that is now locked.
bool Partial::lock() {
  const int error = take_lock(*file_);
  if (error == EWOULDBLOCK && place_.on_device) return true;  // udev looks at it; no other rcopy can have it
  if (error == EWOULDBLOCK) fail_busy(place_);
  if (error != 0) io::fail("lock", place_.partial_path(), error);
  locked_ = io::stat(*file_);
  // Nobody gives away the name of a file that was made with it, but who locked it before may have removed it.
  return created_ ? locked_.links == 1 : still_named();
}

bool Partial::still_named() {
  const auto named = io::find(*place_.directory, place_.partial_name);
  const io::Stat ours = io::stat(*file_);
  return named && same_file(*named, ours) && (in_place() || ours.links <= 1);
}

void Partial::check_named(const char* operation) {
  if (still_named()) return;
  lost_ = true;
  throw Error{{.code = ErrorCode::io,
               .operation = operation,
               .path = place_.partial_path(),
               .reason = "while it was copied, somebody removed it or put something else in its place; "
                         "find out who, then run the same command again"}};
}

FoundFile Partial::found() {
  return found_file(io::stat(*file_), place_.fs);
}

void Partial::recreate() {
  if (created_ || in_place()) return;
  io::unlink(*place_.directory, place_.partial_name);
  create();
}

void Partial::create() {
  if (!try_create() || !lock()) fail_busy(place_);
}

void Partial::remove() {
  if (in_place()) return;
  if (still_named()) io::unlink(*place_.directory, place_.partial_name);
}

/// Nobody begins to write beside while this writes in place. False where the name went to another file
/// between two calls.
bool Partial::hold_leftover() {
  const io::Name name = partial_name_for(place_.name);
  const auto found = io::find(*place_.directory, name);
  if (!found || found->kind != io::FileKind::regular) return true;
  // For reading: publishing may have made it read-only already.
  auto opened = place_.directory->open(name, io::OpenMode::read_back);
  if (opened.error == EACCES) return true;  // another user's, which is no partial of ours
  if (opened.error == ENOENT || opened.error == ELOOP || opened.error == EINTR) return false;
  if (opened.error != 0) io::fail("open", place_.directory->path() / name, opened.error);
  const int error = take_lock(*opened.value);
  if (error == EWOULDBLOCK) fail_busy(place_);
  if (error != 0) io::fail("lock", place_.directory->path() / name, error);
  const auto named = io::find(*place_.directory, name);
  if (!named || !same_file(*named, io::stat(*opened.value))) return false;
  leftover_ = std::move(opened.value);
  return true;
}

std::optional<std::uint64_t> Partial::leftover_bytes(const std::optional<journal::Row>& row) {
  if (!leftover_) return std::nullopt;
  const io::Stat stat = io::stat(*leftover_);
  return stat.links == 1 && is_meant(stat, row) ? std::optional{stat.allocated_bytes} : std::nullopt;
}

void Partial::remove_leftover() {
  io::unlink(*place_.directory, partial_name_for(place_.name));
  leftover_.reset();  // until then it takes its space
  io::sync(*place_.directory);
}

void check_nobody_in_place(const Place& place) {
  auto opened = place.directory->open(place.name, io::OpenMode::read_back);
  if (opened.error == 0 && take_lock(*opened.value) == EWOULDBLOCK) fail_busy(place);
}

std::optional<FoundFile> peek_partial(const Place& place) {
  const auto stat = io::find(*place.directory, place.partial_name);
  if (!stat || stat->kind != io::FileKind::regular) return std::nullopt;
  return found_file(*stat, place.fs);
}

}  // namespace rcopy::engine
