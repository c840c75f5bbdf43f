// SPDX-License-Identifier: MIT
//
// The guards of step 1. Error operations read as in cp: "cannot stat 'x': No such file ...".
#include "engine/place.hpp"

#include "base/text.hpp"
#include "engine/identity.hpp"
#include "engine/mount.hpp"
#include "hash/hasher.hpp"

#include <cerrno>
#include <span>

namespace rcopy::engine {
namespace {

namespace stdfs = std::filesystem;

constexpr std::size_t kNameMax = 255;  // bytes; NAME_MAX of every Linux file system in common use

[[noreturn]] void refuse(const char* operation, const stdfs::path& path, std::string reason, int os_error = 0) {
  throw Error{{.code = ErrorCode::io,
               .operation = operation,
               .path = path,
               .os_error = os_error,
               .reason = std::move(reason)}};
}

const char* kind_text(io::FileKind kind) {
  switch (kind) {
    case io::FileKind::regular: return "it is a regular file";
    case io::FileKind::directory: return "it is a directory";
    case io::FileKind::symlink: return "it is a symbolic link";
    case io::FileKind::fifo: return "it is a FIFO, and only regular files and block devices can be copied";
    case io::FileKind::socket: return "it is a socket, and only regular files and block devices can be copied";
    case io::FileKind::block_device: return "it is a block device";
    case io::FileKind::character_device:
      return "it is a character device, and only regular files and block devices can be copied";
    case io::FileKind::unknown: return "it is no regular file";
  }
  return "it is no regular file";
}

bool can_be_copied(io::FileKind kind) {
  return kind == io::FileKind::regular || kind == io::FileKind::block_device;
}

/// `given` or, where that is a directory, the file below it.
stdfs::path file_meant(io::FileSystem& fs, const Wanted& wanted) {
  const stdfs::path& given = wanted.destination;
  const auto found = io::find(fs, given, io::Links::follow);
  const bool directory = found && found->kind == io::FileKind::directory;
  if (directory && wanted.target != Target::file) return given / destination_name(wanted.source);
  if (given.native().ends_with('/')) {
    refuse("create", given, found ? "Not a directory" : "the directory does not exist", found ? ENOTDIR : ENOENT);
  }
  return given;
}

/// The file behind symlinks, or the name to create or replace in an existing directory.
stdfs::path resolved_target(io::FileSystem& fs, const stdfs::path& target, const Options& options) {
  if (!makes_new_file(options)) {
    if (io::find(fs, target, io::Links::follow)) return io::resolve(fs, target);
    if (io::find(fs, target, io::Links::nofollow)) {
      refuse("create", target, "it is a dangling symbolic link, and rcopy does not write through those");
    }
  }
  const stdfs::path parent = target.has_parent_path() ? target.parent_path() : stdfs::path{"."};
  if (!io::find(fs, parent, io::Links::follow)) refuse("create", target, "the directory does not exist", ENOENT);
  return io::resolve(fs, parent) / target.filename();
}

void check_existing(Place& place, const Wanted& wanted, const Source& source) {
  if (!place.existing) return;
  const io::Stat& existing = *place.existing;
  if (same_file(existing, source.stat)) {
    refuse("copy", wanted.source,
           "it and " + base::quoted(place.path()) + " are the same file; name another destination");
  }
  if (existing.kind == io::FileKind::directory) {
    const Update update = wanted.options.update;
    const bool newer = existing.mtime_ns >= source.stat.mtime_ns;
    if (update == Update::none || (update == Update::older && newer)) return;  // it is kept, as in cp
    refuse("overwrite", place.path(), "it is a directory", EISDIR);
  }
  const bool replaced = makes_new_file(wanted.options);
  if (replaced && is_device(existing)) refuse("replace", place.path(), kind_text(existing.kind));
  if (!replaced && !can_be_copied(existing.kind)) refuse("overwrite", place.path(), kind_text(existing.kind));
}

/// A disk that is written while its partition is read, or the other way round, is no source.
void check_other_disk(const io::FileSystem& fs, const Place& place, const Source& source) {
  if (!is_device(source.stat) || !fs.share_blocks(place.existing->rdev, source.stat.rdev)) return;
  refuse("copy", source.path,
         "one of it and " + base::quoted(place.path()) + " is a part of the other; name another destination");
}

/// A stick that was pulled leaves no node, and a file of its name in the memory below /dev would look
/// like a copy; so does one that another program left there. What is mounted below it, like /dev/shm, is a
/// place like any other.
void check_no_lost_device(const Place& place) {
  if (place.mount.point != "/dev") return;
  if (!place.existing) refuse("create", place.path(), "there is no such device", ENOENT);
  refuse("overwrite", place.path(), "it is no device but a file in memory; remove it and plug the device in again");
}

/// Who wants to rescue a partial under its final name must not lose it: it would be deleted first.
void check_partial(const Place& place, const stdfs::path& given_source, const Source& source) {
  const auto partial = io::find(*place.directory, partial_name_for(place.name));
  if (!partial || !same_file(*partial, source.stat)) return;
  refuse("copy", given_source, "it is the unfinished copy of " + base::quoted(place.path()) + "; rename it first");
}

/// Cuts to at most `bytes`, not inside a UTF-8 sequence, which some file systems refuse.
std::string cut(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  std::size_t end = bytes;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  for (int back = 0; back < 3 && end > 0 && continues(text[end]); ++back) --end;
  text.resize(end);
  return text;
}

}  // namespace

io::Name destination_name(const stdfs::path& given_source) {
  std::string text = given_source.native();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return stdfs::path{text}.filename();
}

io::Name hidden_name(const io::Name& name, std::string_view suffix) {
  static constexpr std::string_view kPrefix = ".";
  static constexpr std::size_t kHashDigits = 16;
  const std::string& text = name.native();
  std::string middle = text;
  if (kPrefix.size() + text.size() + suffix.size() > kNameMax) {
    hash::Hasher hasher;
    hasher.update(std::as_bytes(std::span{text}));
    middle = cut(text, kNameMax - kPrefix.size() - suffix.size() - 1 - kHashDigits);
    middle += '~' + hasher.digest().hex().substr(0, kHashDigits);
  }
  return std::string{kPrefix} + middle + std::string{suffix};
}

io::Name partial_name_for(const io::Name& name) { return hidden_name(name, kPartialSuffix); }

void check_replaceable(const Place& place, const Options& options) {
  if (!place.existing || place.writing == Writing::in_place) return;
  if (options.replace != Replace::writable || makes_new_file(options)) return;
  const int error = place.directory->check_writable(place.name);
  if (error != 0 && error != ENOENT) io::fail("overwrite", place.path(), error);
}

void check_still_there(io::FileSystem& fs, const Place& place) {
  const auto opened = io::find(*place.directory, ".");
  const auto named = io::find(fs, place.directory->path(), io::Links::follow);
  if (opened && named && same_file(*opened, *named)) return;
  refuse("publish", place.path(),
         "its directory was moved or replaced while it was copied, so put that back first");
}

void check_can_be_copied(io::Directory& directory, const io::Name& name) {
  const auto found = io::find(directory, name);
  if (!found) io::fail("stat", directory.path() / name, ENOENT);
  if (!can_be_copied(found->kind)) refuse("copy", directory.path() / name, kind_text(found->kind));
}

Source open_source(io::FileSystem& fs, const stdfs::path& given) {
  const auto found = io::find(fs, given, io::Links::follow);
  if (!found) io::fail("stat", given, ENOENT);
  // Looked at before it is opened: opening a FIFO or a character device can have effects.
  if (found->kind == io::FileKind::directory) {
    refuse("copy", given, "it is a directory, and only regular files and block devices can be copied", EISDIR);
  }
  if (!can_be_copied(found->kind)) refuse("copy", given, kind_text(found->kind));

  Source source;
  source.path = io::resolve(fs, given);
  source.directory = io::open_directory(fs, source.path.parent_path(), io::DirectoryUse::look_up);
  source.file = io::open(*source.directory, source.path.filename(), io::OpenMode::source);
  source.stat = io::stat(*source.file);
  if (!can_be_copied(source.stat.kind)) refuse("copy", given, kind_text(source.stat.kind));
  source.fs = io::file_system(*source.directory);
  // What a device holds does not go away with the mount of its node.
  if (source.stat.kind == io::FileKind::regular) source.mount = mount_of(fs, *source.directory);
  return source;
}

Place resolve_place(io::FileSystem& fs, const Wanted& wanted, const Source& source) {
  Place place;
  place.named = file_meant(fs, wanted);
  const stdfs::path target = resolved_target(fs, place.named, wanted.options);
  place.directory = io::open_directory(fs, target.parent_path(), io::DirectoryUse::change_names);
  place.name = target.filename();
  look_at(fs, place, wanted, source);
  return place;
}

void look_at(io::FileSystem& fs, Place& place, const Wanted& wanted, const Source& source) {
  place.existing = io::find(*place.directory, place.name);
  check_existing(place, wanted, source);
  check_partial(place, wanted.source, source);
  place.on_device = place.existing && is_device(*place.existing);
  if (place.on_device) check_other_disk(fs, place, source);
  const bool in_place = wanted.options.writing == Writing::in_place;
  if (place.on_device || (place.existing && in_place)) place.writing = Writing::in_place;
  place.partial_name = place.writing == Writing::in_place ? place.name : partial_name_for(place.name);
  place.fs = io::file_system(*place.directory);
  if (place.on_device) return;  // which has no more to do with the file system of its node
  if (place.mount.point.empty()) place.mount = mount_of(fs, *place.directory);
  check_no_lost_device(place);
  if (source.stat.size_bytes > place.fs.max_file_bytes) {
    refuse("create", place.path(), "the file system cannot hold a file of this size", EFBIG);
  }
}

}  // namespace rcopy::engine
