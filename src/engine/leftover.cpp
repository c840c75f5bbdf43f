// SPDX-License-Identifier: MIT
#include "engine/leftover.hpp"

#include "engine/identity.hpp"
#include "engine/mount.hpp"
#include "engine/place.hpp"
#include "engine/plan.hpp"

#include <cerrno>
#include <utility>

namespace rcopy::engine {
namespace {

/// Null where it is gone.
std::unique_ptr<io::Directory> open_if_there(io::FileSystem& fs, const std::filesystem::path& path,
                                             io::DirectoryUse use) {
  auto opened = fs.open_directory(path, use);
  while (opened.error == EINTR) opened = fs.open_directory(path, use);
  if (opened.error == ENOENT || opened.error == ENOTDIR) return nullptr;
  if (opened.error != 0) io::fail("open the directory", path, opened.error);
  return std::move(opened.value);
}

bool is_mounted(io::FileSystem& fs, const journal::Row& row, io::Directory& directory) {
  return presence(row.mount, mount_of(fs, directory)) == Presence::same;
}

bool means(const journal::Row& row, const io::Stat& found, const io::FsInfo& fs) {
  return match(row.partial, partial_identity(found, fs)) == Match::same;
}

}  // namespace

void refuse_busy(const std::filesystem::path& destination) {
  throw Error{{.code = ErrorCode::busy,
               .operation = "forget",
               .path = destination,
               .reason = "another rcopy is copying to it"}};
}

Leftover::Leftover(io::FileSystem& fs, const journal::Row& row) : destination_{row.dest_path} {
  if (row.status == journal::Status::complete) return;
  const io::Name name = row.dest_path.filename();
  directory_ = open_if_there(fs, row.dest_path.parent_path(), io::DirectoryUse::look_up);
  if (!directory_) return;
  if (!is_mounted(fs, row, *directory_)) {
    partial_ = partial_name_for(name);
    why_kept_ = "the file system that it is on is not mounted now";
    return;
  }
  hold(*directory_, name);  // in place
  hold(*directory_, partial_name_for(name));
  look_at_partial(row, name);
}

Leftover::Leftover(io::FileSystem& fs, const journal::TreeRow& tree) : destination_{tree.dest_path} {
  directory_ = open_if_there(fs, tree.dest_path, io::DirectoryUse::look_up);
  if (directory_) hold(*directory_, ".");
}

void Leftover::hold(io::Directory& directory, const io::Name& name) {
  auto opened = directory.open(name, io::OpenMode::read_back);
  while (opened.error == EINTR) opened = directory.open(name, io::OpenMode::read_back);
  if (opened.error != 0) return;  // there is none, or it is somebody else's, which no rcopy of ours has
  int error = opened.value->try_lock();
  while (error == EINTR) error = opened.value->try_lock();
  if (error == EWOULDBLOCK) refuse_busy(destination_);
  held_.push_back(std::move(opened.value));  // where there are no locks, nobody has one
}

void Leftover::look_at_partial(const journal::Row& row, const io::Name& name) {
  const io::FsInfo info = io::file_system(*directory_);
  const auto destination = io::find(*directory_, name);
  if (destination && means(row, *destination, info)) {
    why_destination_ = "it was written in place and holds what was copied so far";
  }
  const auto found = io::find(*directory_, partial_name_for(name));
  if (!found) return;
  partial_ = partial_name_for(name);
  const bool ours = found->kind == io::FileKind::regular && found->links == 1 && means(row, *found, info);
  if (!ours) why_kept_ = "it may be another file than the journal means";
}

void Leftover::remove(Forgotten& forgotten) {
  forgotten.reason = why_destination_;
  if (partial_.empty()) return;
  forgotten.partial = directory_->path() / partial_;
  if (!why_kept_.empty()) {
    forgotten.fate = PartialFate::kept;
    forgotten.reason = why_kept_;
    return;
  }
  io::unlink(*directory_, partial_);
  forgotten.fate = PartialFate::removed;
}

bool is_gone(io::FileSystem& fs, const std::filesystem::path& path) {
  const auto found = fs.stat(path, io::Links::nofollow);
  return found.error == ENOENT || found.error == ENOTDIR;
}

bool destination_is_gone(io::FileSystem& fs, const journal::Row& row) {
  const Anchor anchor{.directory = row.dest_path.parent_path(), .mount = row.mount};
  return is_gone(fs, row.dest_path) && answers(fs, anchor, io::DirectoryUse::look_up);
}

bool partial_is_gone(io::FileSystem& fs, const journal::Row& row) {
  const Anchor anchor{.directory = row.dest_path.parent_path(), .mount = row.mount};
  if (!answers(fs, anchor, io::DirectoryUse::look_up)) return false;
  if (!is_gone(fs, row.dest_path.parent_path() / partial_name_for(row.dest_path.filename()))) return false;
  const auto directory = open_if_there(fs, row.dest_path.parent_path(), io::DirectoryUse::look_up);
  if (!directory) return true;
  const auto in_place = io::find(*directory, row.dest_path.filename());
  return !in_place || !means(row, *in_place, io::file_system(*directory));
}

}  // namespace rcopy::engine
