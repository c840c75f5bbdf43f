// SPDX-License-Identifier: MIT
//
// Device numbers are of no use here: they change with every plug and mount. The root of a file
// system has the birth time of the file system itself, which tells two sticks apart where the
// kernel has no other id (xfs).
#include "engine/mount.hpp"

#include <algorithm>
#include <cerrno>

namespace rcopy::engine {
namespace {

namespace stdfs = std::filesystem;

io::Stat stat_of(io::FileSystem& fs, const stdfs::path& path) {
  const auto found = io::find(fs, path, io::Links::nofollow);
  if (!found) io::fail("stat", path, ENOENT);
  return *found;
}

bool is_below(const stdfs::path& path, const stdfs::path& ancestor) {
  const auto [in_path, in_ancestor] = std::mismatch(path.begin(), path.end(), ancestor.begin(), ancestor.end());
  return in_ancestor == ancestor.end() && in_path != path.end();
}

bool same_file_system(const journal::MountIdentity& a, const journal::MountIdentity& b) {
  if (a.fs_type != b.fs_type) return false;
  if (a.fs_id != 0 || b.fs_id != 0) return a.fs_id == b.fs_id;
  return a.root_inode == b.root_inode && a.root_birth_ns == b.root_birth_ns;
}

}  // namespace

journal::MountIdentity mount_of(io::FileSystem& fs, io::Directory& directory) {
  stdfs::path point = directory.path();
  io::Stat at = stat_of(fs, point);
  const auto opened = io::find(directory, ".");
  if (!opened || opened->inode != at.inode || opened->device != at.device) {
    io::fail("use the directory", point, ESTALE);
  }
  while (point.has_relative_path()) {
    const io::Stat above = stat_of(fs, point.parent_path());
    // A part of a file system that is mounted within the same one (bind) can not lie bare.
    if (at.mount_root && above.device != at.device) break;
    point = point.parent_path();
    at = above;
  }
  const io::FsInfo info = io::file_system(directory);
  return {.point = point,
          .fs_type = info.type,
          .fs_id = info.id,
          .root_inode = info.stable_inodes ? at.inode : 0,
          .root_birth_ns = info.stable_inodes ? at.birth_ns : 0};  // exFAT's is the time of the mount
}

Presence presence(const journal::MountIdentity& known, const journal::MountIdentity& now) {
  if (known.point.empty()) return Presence::same;
  if (known.fs_id != 0 && same_file_system(known, now)) return Presence::same;
  if (known.point != now.point) return is_below(known.point, now.point) ? Presence::unmounted : Presence::same;
  if (known.fs_type == 0 || same_file_system(known, now)) return Presence::same;
  return Presence::other;
}

Anchor anchor_of(io::FileSystem& fs, const stdfs::path& directory) {
  Anchor anchor{.directory = io::resolve(fs, directory), .mount = {}};
  const auto opened = io::open_directory(fs, anchor.directory, io::DirectoryUse::look_up);
  anchor.mount = mount_of(fs, *opened);
  return anchor;
}

bool answers(io::FileSystem& fs, const Anchor& anchor, io::DirectoryUse use) {
  try {
    // A directory that is missing on a mount that is there was removed: nobody brings it back.
    const bool named = io::find(fs, anchor.directory, io::Links::follow).has_value();
    const auto& path = named || anchor.mount.point.empty() ? anchor.directory : anchor.mount.point;
    if (!named && !io::find(fs, path, io::Links::follow)) return false;
    const auto directory = io::open_directory(fs, path, use);
    if (presence(anchor.mount, mount_of(fs, *directory)) != Presence::same) return false;
    if (use == io::DirectoryUse::change_names) io::sync(*directory);
    return true;
  } catch (const Error& error) {
    // Another answer is an answer. EROFS comes from a sync where the file system gave up its device;
    // a read-only mount syncs well.
    const int os_error = error.info().os_error;
    return !io::is_transient(os_error) && os_error != EROFS;
  }
}

}  // namespace rcopy::engine
