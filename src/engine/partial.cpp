// SPDX-License-Identifier: MIT
//
// Open, lock, and look again: between open and lock another rcopy may have published or deleted
// the file, and then the lock is on something that has no name any more.
#include "engine/partial.hpp"

#include "engine/identity.hpp"

#include <cerrno>

namespace rcopy::engine {
namespace {

/// How often the name may vanish or appear between two of our calls before we call it busy.
constexpr int kRaces = 100;

/// Without the device number, which changes with every mount.
bool same_inode(const journal::PartialIdentity& a, const journal::PartialIdentity& b) {
  return a.inode == b.inode && a.birth_ns == b.birth_ns;
}

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

Partial::Partial(io::FileSystem& fs, const Place& place, const std::optional<journal::PartialIdentity>& known)
    : place_{place} {
  for (int race = 0; race < kRaces; ++race) {
    if (!open_existing(fs, known)) continue;
    if (in_place() && !on_device()) hold_leftover();
    return;
  }
  fail_busy(place_);
}

bool Partial::on_device() const {
  return in_place() && place_.existing && is_device(*place_.existing);
}

io::OpenMode Partial::open_mode() const { return on_device() ? io::OpenMode::device : io::OpenMode::partial; }

bool Partial::open_existing(io::FileSystem& fs, const std::optional<journal::PartialIdentity>& known) {
  created_ = false;
  const auto named = io::find(*place_.directory, place_.partial_name);
  if (!named) {
    if (in_place()) io::fail("overwrite", place_.path(), ENOENT);
    auto made = place_.directory->open(place_.partial_name, io::OpenMode::create_partial);
    if (made.error == EEXIST || made.error == EINTR) return false;
    if (made.error != 0) io::fail("create", place_.partial_path(), made.error);
    file_ = std::move(made.value);
    created_ = true;
    return lock();
  }
  check_ours(*named, fs.user(), known);  // before it is opened: a FIFO or a device stays untouched
  auto opened = place_.directory->open(place_.partial_name, open_mode());
  if (opened.error == ENOENT || opened.error == EINTR) return false;
  if (opened.error == EBUSY && on_device()) fail_in_use(fs, place_);
  if (opened.error == EACCES && may_make_writable(*named, fs.user(), known)) {
    make_writable();
    return false;
  }
  if (opened.error != 0) io::fail(in_place() ? "overwrite" : "open", place_.partial_path(), opened.error);
  file_ = std::move(opened.value);
  check_ours(io::stat(*file_), fs.user(), known);
  return lock();
}

void Partial::check_ours(const io::Stat& stat, std::uint32_t user,
                         const std::optional<journal::PartialIdentity>& known) const {
  if (in_place()) return check_destination(stat);
  const bool owned = stat.uid == user || !place_.fs.has_owners ||
                     (known && same_inode(partial_identity(stat, place_.fs), *known));
  if (stat.kind == io::FileKind::regular && stat.links <= 1 && owned) return;
  throw Error{{.code = ErrorCode::io,
               .operation = "use",
               .path = place_.partial_path(),
               .reason = "it is not a regular file of yours with one link; if nobody needs it, remove it"}};
}

/// Whoever owns it, and with as many links as it has; but what was looked at before.
void Partial::check_destination(const io::Stat& stat) const {
  if (place_.existing && stat.kind == place_.existing->kind && stat.rdev == place_.existing->rdev) return;
  throw Error{{.code = ErrorCode::io,
               .operation = "overwrite",
               .path = place_.path(),
               .reason = "somebody put something else in its place at this moment"}};
}

/// A destination is not ours to change, unless publishing made it read-only and was cut short.
bool Partial::may_make_writable(const io::Stat& stat, std::uint32_t user,
                                const std::optional<journal::PartialIdentity>& known) const {
  if (stat.uid != user || on_device()) return false;
  return !in_place() || (known && same_inode(partial_identity(stat, place_.fs), *known));
}

/// Publishing gave it the mode of a read-only file already, and then it was cut short.
void Partial::make_writable() {
  constexpr std::uint32_t kPrivate = 0600;
  file_ = io::open(*place_.directory, place_.partial_name, io::OpenMode::read_back);
  if (!lock()) return;
  if (const int error = file_->set_mode(kPrivate); error != 0) io::fail("open", place_.partial_path(), error);
}

/// Gives false where the name no longer means the file that is now locked.
bool Partial::lock() {
  int error = 0;
  do {
    error = file_->try_lock();
  } while (error == EINTR);
  if (error == EWOULDBLOCK && on_device()) return true;  // udev looks at it; no other rcopy can have it
  if (error == EWOULDBLOCK) fail_busy(place_);
  if (error != 0) io::fail("lock", place_.partial_path(), error);
  return still_named();
}

bool Partial::still_named() {
  const auto named = io::find(*place_.directory, place_.partial_name);
  const io::Stat ours = io::stat(*file_);
  return named && named->inode == ours.inode && named->device == ours.device && (in_place() || ours.links <= 1);
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
  auto made = place_.directory->open(place_.partial_name, io::OpenMode::create_partial);
  while (made.error == EINTR) made = place_.directory->open(place_.partial_name, io::OpenMode::create_partial);
  if (made.error == EEXIST) fail_busy(place_);
  if (made.error != 0) io::fail("create", place_.partial_path(), made.error);
  file_ = std::move(made.value);
  created_ = true;
  if (!lock()) fail_busy(place_);
}

void Partial::remove() {
  if (in_place()) return;
  if (still_named()) io::unlink(*place_.directory, place_.partial_name);
}

/// Nobody begins to write beside while this writes in place. What cannot be opened is no partial of ours.
void Partial::hold_leftover() {
  const io::Name name = partial_name_for(place_.name);
  const auto found = io::find(*place_.directory, name);
  if (!found || found->kind != io::FileKind::regular) return;
  auto opened = place_.directory->open(name, io::OpenMode::partial);
  if (opened.error != 0) return;
  if (opened.value->try_lock() == EWOULDBLOCK) fail_busy(place_);
  leftover_ = std::move(opened.value);
}

std::optional<std::uint64_t> Partial::leftover_bytes(const std::optional<journal::PartialIdentity>& known) {
  if (!leftover_ || !known) return std::nullopt;
  const io::Stat stat = io::stat(*leftover_);
  const bool ours = stat.links == 1 && same_inode(partial_identity(stat, place_.fs), *known);
  return ours ? std::optional{stat.allocated_bytes} : std::nullopt;
}

void Partial::remove_leftover() {
  io::unlink(*place_.directory, partial_name_for(place_.name));
  leftover_.reset();  // until then it takes its space
  io::sync(*place_.directory);
}

void check_nobody_in_place(const Place& place) {
  auto opened = place.directory->open(place.name, io::OpenMode::read_back);
  if (opened.error == 0 && opened.value->try_lock() == EWOULDBLOCK) fail_busy(place);
}

std::optional<FoundFile> peek_partial(const Place& place) {
  const auto stat = io::find(*place.directory, place.partial_name);
  if (!stat || stat->kind != io::FileKind::regular) return std::nullopt;
  return found_file(*stat, place.fs);
}

}  // namespace rcopy::engine
