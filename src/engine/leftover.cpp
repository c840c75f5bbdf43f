// SPDX-License-Identifier: MIT
#include "engine/leftover.hpp"

#include "base/text.hpp"
#include "engine/file_lock.hpp"
#include "engine/identity.hpp"
#include "engine/mount.hpp"
#include "engine/place.hpp"
#include "engine/plan.hpp"

#include <cerrno>
#include <utility>

namespace rcopy::engine {
namespace {

constexpr const char* kPerhapsAnother = "it may be another file than the journal means";

bool is_absent(io::FileSystem& fs, const std::filesystem::path& path) {
  const auto found = fs.stat(path, io::Links::nofollow);
  return found.error == ENOENT || found.error == ENOTDIR;
}

/// Null where it is gone.
std::unique_ptr<io::Directory> open_if_there(io::FileSystem& fs, const std::filesystem::path& path,
                                             io::DirectoryUse use) {
  auto opened = fs.open_directory(path, use);
  while (opened.error == EINTR) opened = fs.open_directory(path, use);
  if (opened.error == ENOENT || opened.error == ENOTDIR) return nullptr;
  if (opened.error != 0) io::fail("open the directory", path, opened.error);
  return std::move(opened.value);
}

bool means(const journal::Row& row, const io::Stat& found, const io::FsInfo& fs) {
  return match(row.partial, partial_identity(found, fs)) == Match::same;
}

/// Of a disk that is away nothing can be removed, and its row is what can continue the copy.
[[noreturn]] void refuse_absent(const journal::Row& row) {
  throw Error{{.code = ErrorCode::io,
               .operation = "forget",
               .path = row.dest_path,
               .reason = "the file system that was mounted on " + base::quoted(row.mount.point) +
                         " is not mounted now; plug it in, then forget it"}};
}

/// The directory that holds the destination. Null where it is gone, or not mounted.
struct Found {
  std::unique_ptr<io::Directory> directory;
  Presence presence = Presence::same;
};
Found find_directory(io::FileSystem& fs, const journal::Row& row) {
  const std::filesystem::path path = row.dest_path.parent_path();
  Found found{.directory = open_if_there(fs, path, io::DirectoryUse::look_up)};
  if (found.directory) {
    found.presence = presence(row.mount, mount_of(fs, *found.directory));
    if (found.presence != Presence::same) found.directory.reset();
  } else if (!row.mount.point.empty()) {
    const Anchor anchor{.directory = path, .mount = row.mount};
    if (!answers(fs, anchor, io::DirectoryUse::look_up)) found.presence = Presence::unmounted;
  }
  return found;
}

/// Whether an rcopy that works on the row has locked the destination itself, and not the partial beside it.
bool is_written_itself(io::Directory& directory, const journal::Row& row) {
  const auto found = io::find(directory, row.dest_path.filename());
  return found && (is_device(*found) || means(row, *found, io::file_system(directory)));
}

}  // namespace

void refuse_busy(const std::filesystem::path& destination) {
  throw Error{{.code = ErrorCode::busy,
               .operation = "forget",
               .path = destination,
               .reason = "another rcopy is copying to it"}};
}

HeldLocks::Got HeldLocks::take(io::Directory& directory, const io::Name& name,
                               const std::filesystem::path& destination) {
  auto opened = directory.open(name, io::OpenMode::read_back);
  while (opened.error == EINTR) opened = directory.open(name, io::OpenMode::read_back);
  // There is none, a symlink or a socket: no rcopy has that.
  if (opened.error == ENOENT || opened.error == ELOOP || opened.error == ENXIO) return Got::nothing;
  if (opened.error == EACCES) return Got::no_access;
  if (opened.error != 0) io::fail("open", directory.path() / name, opened.error);
  const io::Stat stat = io::stat(*opened.value);
  if (contains(stat)) return Got::lock;
  // Where there are no locks, nobody has one.
  if (take_lock(*opened.value) == EWOULDBLOCK) refuse_busy(destination);
  held_.emplace(std::pair{stat.device, stat.inode}, std::move(opened.value));
  return Got::lock;
}

Leftover::Leftover(io::FileSystem& fs, const journal::Row& row, HeldLocks& locks) {
  if (row.status == journal::Status::complete) return;
  Found found = find_directory(fs, row);
  if (found.presence != Presence::same) refuse_absent(row);
  if (!found.directory) return;
  directory_ = std::move(found.directory);
  const io::Name name = row.dest_path.filename();
  if (is_written_itself(*directory_, row)) {
    // Who may not read it cannot have begun it.
    (void)locks.take(*directory_, name, row.dest_path);
    why_destination_ = row.status == journal::Status::verified
                           ? "it holds all of the copy"
                           : "it was written in place and holds what was copied so far";
  }
  look_at_partial(row, name, locks);
}

Leftover::Leftover(io::FileSystem& fs, const journal::TreeRow& tree, HeldLocks& locks)
    : directory_{open_if_there(fs, tree.dest_path, io::DirectoryUse::look_up)} {
  if (directory_) (void)locks.take(*directory_, ".", tree.dest_path);  // as above
}

void Leftover::look_at_partial(const journal::Row& row, const io::Name& name, HeldLocks& locks) {
  const HeldLocks::Got got = locks.take(*directory_, partial_name_for(name), row.dest_path);
  const auto found = io::find(*directory_, partial_name_for(name));
  if (!found) return;
  partial_ = partial_name_for(name);
  if (got == HeldLocks::Got::no_access) {
    why_kept_ = "it may not be opened, so that nothing tells who works on it";
    return;
  }
  const bool ours = found->kind == io::FileKind::regular && found->links == 1 && locks.contains(*found) &&
                    means(row, *found, io::file_system(*directory_));
  if (ours) locked_ = found;
  else why_kept_ = kPerhapsAnother;
}

void Leftover::remove(Forgotten& forgotten) {
  forgotten.reason = why_destination_;
  if (partial_.empty()) return;
  forgotten.partial = directory_->path() / partial_;
  if (locked_) {
    const auto named = io::find(*directory_, partial_);
    if (!named || !same_file(*named, *locked_)) why_kept_ = kPerhapsAnother;
  }
  if (!why_kept_.empty()) {
    forgotten.fate = PartialFate::kept;
    forgotten.reason = why_kept_;
    return;
  }
  io::unlink(*directory_, partial_);
  forgotten.fate = PartialFate::removed;
}

Activity activity_of(io::FileSystem& fs, const journal::Row& row) {
  try {
    const Found found = find_directory(fs, row);
    if (!found.directory) return Activity::none;
    const io::Name name = row.dest_path.filename();
    const bool itself = is_written_itself(*found.directory, row) && is_locked(*found.directory, name);
    return itself || is_locked(*found.directory, partial_name_for(name)) ? Activity::running : Activity::none;
  } catch (const Error&) {
    return Activity::none;  // on what does not answer nobody works, as far as can be seen
  }
}

Activity activity_of(io::FileSystem& fs, const journal::TreeRow& tree) {
  try {
    const auto directory = open_if_there(fs, tree.dest_path, io::DirectoryUse::look_up);
    return directory && is_locked(*directory, ".") ? Activity::running : Activity::none;
  } catch (const Error&) {
    return Activity::none;  // as above
  }
}

bool is_gone(io::FileSystem& fs, const std::filesystem::path& path) {
  return is_absent(fs, path) && fs.stat(path.parent_path(), io::Links::follow).error == 0;
}

bool destination_is_gone(io::FileSystem& fs, const journal::Row& row) {
  const Anchor anchor{.directory = row.dest_path.parent_path(), .mount = row.mount};
  return is_absent(fs, row.dest_path) && answers(fs, anchor, io::DirectoryUse::look_up);
}

bool partial_is_gone(io::FileSystem& fs, const journal::Row& row) {
  const Anchor anchor{.directory = row.dest_path.parent_path(), .mount = row.mount};
  if (!answers(fs, anchor, io::DirectoryUse::look_up)) return false;
  if (!is_absent(fs, row.dest_path.parent_path() / partial_name_for(row.dest_path.filename()))) return false;
  const auto directory = open_if_there(fs, row.dest_path.parent_path(), io::DirectoryUse::look_up);
  if (!directory) return true;
  const auto in_place = io::find(*directory, row.dest_path.filename());
  return !in_place || !means(row, *in_place, io::file_system(*directory));
}

}  // namespace rcopy::engine
