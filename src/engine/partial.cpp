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

}  // namespace

Partial::Partial(io::FileSystem& fs, const Place& place, const std::optional<journal::PartialIdentity>& known)
    : place_{place} {
  for (int race = 0; race < kRaces; ++race) {
    if (open_existing(fs, known)) return;
  }
  fail_busy(place_);
}

bool Partial::open_existing(io::FileSystem& fs, const std::optional<journal::PartialIdentity>& known) {
  created_ = false;
  const auto named = io::find(*place_.directory, place_.partial_name);
  if (!named) {
    auto made = place_.directory->open(place_.partial_name, io::OpenMode::create_partial);
    if (made.error == EEXIST || made.error == EINTR) return false;
    if (made.error != 0) io::fail("create", place_.partial_path(), made.error);
    file_ = std::move(made.value);
    created_ = true;
    return lock();
  }
  check_ours(*named, fs.user(), known);  // before it is opened: a FIFO or a device stays untouched
  auto opened = place_.directory->open(place_.partial_name, io::OpenMode::partial);
  if (opened.error == ENOENT || opened.error == EINTR) return false;
  if (opened.error == EACCES && named->uid == fs.user()) {
    make_writable();
    return false;
  }
  if (opened.error != 0) io::fail("open", place_.partial_path(), opened.error);
  file_ = std::move(opened.value);
  check_ours(io::stat(*file_), fs.user(), known);
  return lock();
}

void Partial::check_ours(const io::Stat& stat, std::uint32_t user,
                         const std::optional<journal::PartialIdentity>& known) const {
  const bool owned = stat.uid == user || !place_.fs.has_owners ||
                     (known && same_inode(partial_identity(stat, place_.fs), *known));
  if (stat.kind == io::FileKind::regular && stat.links <= 1 && owned) return;
  throw Error{{.code = ErrorCode::io,
               .operation = "use",
               .path = place_.partial_path(),
               .reason = "it is not a regular file of yours with one link; if nobody needs it, remove it"}};
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
  if (error == EWOULDBLOCK) fail_busy(place_);
  if (error != 0) io::fail("lock", place_.partial_path(), error);
  return still_named();
}

bool Partial::still_named() {
  const auto named = io::find(*place_.directory, place_.partial_name);
  const io::Stat ours = io::stat(*file_);
  return named && named->inode == ours.inode && named->device == ours.device && ours.links <= 1;
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
  if (created_) return;
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
  if (still_named()) io::unlink(*place_.directory, place_.partial_name);
}

std::optional<FoundFile> peek_partial(const Place& place) {
  const auto stat = io::find(*place.directory, place.partial_name);
  if (!stat || stat->kind != io::FileKind::regular) return std::nullopt;
  return found_file(*stat, place.fs);
}

}  // namespace rcopy::engine
