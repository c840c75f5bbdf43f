// SPDX-License-Identifier: MIT
//
// A file that rcopy copied with its times has the size and the mtime of its source only when it is complete and
// proven: before that it has another name.
#include "engine/tree_existing.hpp"

#include "base/text.hpp"
#include "engine/attributes.hpp"
#include "engine/backup.hpp"
#include "engine/content_hash.hpp"
#include "engine/identity.hpp"
#include "engine/staged_name.hpp"

#include <cerrno>
#include <cstring>
#include <vector>

namespace rcopy::engine {
namespace {

constexpr std::size_t kCompareBytes = std::size_t{256} << 10U;

/// FAT keeps every other second.
bool same_time(const io::Stat& source, const io::Stat& existing, const io::FsInfo& fs) {
  constexpr std::int64_t kFatTick = 2'000'000'000;
  const std::int64_t tick = fs.stable_inodes ? 1 : kFatTick;
  return source.mtime_ns / tick == existing.mtime_ns / tick;
}

bool is_older(const io::Stat& existing, const io::Stat& source, const io::FsInfo& fs) {
  return !same_time(source, existing, fs) && existing.mtime_ns < source.mtime_ns;
}

/// What the names alone tell. Extended attributes are looked at where the source's were changed after the copy was made.
bool may_differ(const io::Stat& source, const io::Stat& existing, const Attributes& wanted, const io::FsInfo& fs) {
  if (wanted.mode == Mode::preserve && source.mode != existing.mode) return true;
  const bool owned = source.uid == existing.uid && source.gid == existing.gid;
  if (wanted.ownership == Ownership::preserve && !owned) return true;
  return source.ctime_ns >= existing.ctime_ns && fs.stable_inodes;
}

const journal::KnownFile* known_file(const TreeTask& task, const io::Stat& source, const io::Stat& existing) {
  const TreeDirectory& directory = *task.directory;
  return directory.job()->find_finished(directory.relative() / task.entry.name,
                                      identity_hash(source, directory.source().volume().fs),
                                      identity_hash(existing, directory.destination().volume().fs));
}

bool is_known(const TreeTask& task, const io::Stat& source, const io::Stat& existing) {
  return known_file(task, source, existing) != nullptr;
}

/// Of two files of one size. Read through the page cache, as nothing is to be proven of the medium.
bool has_same_content(const Run& run, const TreeTask& task) {
  const Source source = source_in(*task.directory, task.entry.name, io::OpenMode::source);
  const TreeDirectory& directory = *task.directory;
  const auto existing =
      io::open(*directory.destination().handle(), directory.name_of(task.entry.name), io::OpenMode::read_back);
  std::vector<std::byte> ours(kCompareBytes), theirs(kCompareBytes);
  for (std::uint64_t at = 0; !run.stop.stop_requested(); at += kCompareBytes) {
    const std::size_t got = io::read_full(*source.file, ours, at);
    if (io::read_full(*existing, theirs, at) != got) return false;
    if (std::memcmp(ours.data(), theirs.data(), got) != 0) return false;
    if (got < ours.size()) return true;
  }
  return false;
}

void refresh(const Run& run, const TreeTask& task, const io::Stat& existing) {
  const Source source = source_in(*task.directory, task.entry.name, io::OpenMode::source);
  Place place = place_in(*task.directory, task.entry.name);
  place.existing = existing;
  if (!attributes_differ(place, source, run.options.attributes)) return;
  (void)refresh_attributes(run.fs, place, source, run.options, run.events);
}

/// Of two nodes of one device: whether they are one node.
bool same_inode(const io::Stat& a, const io::Stat& b) { return a.device == b.device && a.inode == b.inode; }

bool is_link(Make make) { return make == Make::hard_link || make == Make::symbolic_link; }

std::filesystem::path shown_source(const TreeTask& task) { return task.directory->source().shown() / task.entry.name; }

std::filesystem::path shown_destination(const TreeTask& task) {
  return task.directory->destination().shown() / task.directory->name_of(task.entry.name);
}

/// By two names that differ, or by the same one.
bool has_same_name(const TreeTask& task) {
  const auto from = io::find(*task.directory->source().handle(), ".");
  const auto to = io::find(*task.directory->destination().handle(), ".");
  return from && to && same_file(*from, *to) && task.directory->name_of(task.entry.name) == task.entry.name;
}

/// What cp does about names that are one file, for all that is not copied by a transfer.
bool is_same_already(const Run& run, const TreeTask& task, const io::Stat& source) {
  const bool other_name = !has_same_name(task);
  if (run.options.make == Make::hard_link) return true;
  if (source.kind == io::FileKind::symlink && other_name && run.options.backup == Backup::none) return true;
  // What a symlink leads to may have no other name.
  if (makes_new_file(run.options) && other_name && task.link == LinkUse::itself) return false;
  throw Error{{.code = ErrorCode::io,
               .operation = "copy",
               .path = shown_source(task),
               .reason = "it and " + base::quoted(shown_destination(task)) + " are the same file"}};
}

/// The symlink that Make::symbolic_link would make.
bool is_link_to_source(const TreeTask& task, const io::Stat& existing) {
  if (existing.kind != io::FileKind::symlink) return false;
  const auto& directory = *task.directory;
  return io::read_link(*directory.destination().handle(), directory.name_of(task.entry.name)) == shown_source(task);
}

/// As in cp: a name is made where there is none, and only some replace another.
void check_may_replace_name(const Run& run, const TreeTask& task, const io::Stat& source, const io::Stat& existing) {
  const Options& options = run.options;
  if (makes_new_file(options)) return;
  if (options.make == Make::hard_link && options.ask != Ask::never) return;
  const bool regular = source.kind == io::FileKind::regular;
  if (options.follow == Follow::none && !regular && options.make != Make::attributes) return;
  if (!is_link(options.make)) {
    if (source.kind == io::FileKind::symlink && options.replace == Replace::any) return;
    if (is_such(task, source, existing)) return;
  }
  const bool symbolic = source.kind == io::FileKind::symlink || options.make == Make::symbolic_link;
  throw Error{{.code = ErrorCode::io,
               .operation = options.make == Make::hard_link ? "create hard link"
                            : symbolic                      ? "create symbolic link"
                                                            : "create special file",
               .path = shown_destination(task),
               .reason = "File exists; use --remove-destination to replace it"}};
}

}  // namespace

bool has_content(const io::Stat& source, const Options& options) {
  if (source.kind == io::FileKind::symlink) return false;
  return source.kind == io::FileKind::regular || options.specials == Specials::contents;
}

bool keeps_existing(const Run& run, const TreeTask& task, const io::Stat& source, const io::Stat& existing) {
  const Options& options = run.options;
  if (options.update == Update::none) return true;
  const bool transferred = has_content(source, options) && options.make == Make::copy;
  if (transferred && existing.kind == io::FileKind::symlink && !makes_new_file(options)) return false;
  const io::FsInfo& fs = task.directory->destination().volume().fs;
  if (options.update == Update::older && !is_older(existing, source, fs)) return true;
  const Place place = place_in(*task.directory, task.entry.name);
  if (existing.kind == io::FileKind::directory) refuse_directory(task, place);
  if (transferred) return false;  // which asks, too
  if (options.update == Update::none_fail) {
    throw Error{{.code = ErrorCode::io, .operation = "replace", .path = place.path(), .reason = "it exists"}};
  }
  return options.ask == Ask::before_replacing && !same_inode(source, existing) &&
         !run.events.may_replace(place.path());
}

bool is_up_to_date(const Run& run, const TreeTask& task, const io::Stat& source, const io::Stat& existing) {
  const Options& options = run.options;
  if (!has_content(source, options) || options.make != Make::copy) {
    if (same_inode(source, existing) && is_same_already(run, task, source)) return true;
    if (options.make == Make::symbolic_link && is_link_to_source(task, existing)) return true;
    if (has_content(source, options) && options.make == Make::attributes) return false;
    // As in cp a backup is made of whatever it is; and a name of which nobody knows whether it is durable is no reason
    // to remove its source.
    const bool made_anew = options.backup != Backup::none || options.sources == Sources::remove;
    if (!made_anew && !is_link(options.make) && is_like_source(run, task, source, existing)) return true;
    check_may_replace_name(run, task, source, existing);
    Place place = place_in(*task.directory, task.entry.name);
    place.existing = existing;
    Source from;
    from.path = shown_source(task);
    from.stat = source;
    check_backup(place, from, options);
    return false;
  }
  if (options.resume == Resume::never || options.expected_hash || same_file(source, existing)) return false;
  if (task.link == LinkUse::target) return is_known(task, source, existing);
  // Whose source is to be removed must be proven, and by rcopy.
  const bool known = is_known(task, source, existing);
  const bool comparable = options.sources == Sources::keep && existing.kind == source.kind &&
                          existing.size_bytes == source.size_bytes;
  if (!known && !comparable) return false;
  const io::FsInfo& fs = task.directory->destination().volume().fs;
  const bool timed = options.attributes.timestamps == Timestamps::preserve;
  const bool on_time = timed && same_time(source, existing, fs);
  const bool same = known || (options.compare == Compare::content ? has_same_content(run, task) : on_time);
  if (!same || options.execution == Execution::dry) return same;
  if (timed && !on_time) refresh(run, task, existing);
  if (may_differ(source, existing, options.attributes, fs)) refresh(run, task, existing);
  return true;
}

std::string hash_of_existing(const Run& run, const TreeTask& task, const io::Stat& source, const io::Stat& existing,
                             std::span<std::byte> buffer) {
  const bool regular = existing.kind == io::FileKind::regular;
  if (!wants_hashes(run.options) || !regular || !has_content(source, run.options)) return {};
  const auto* const known = known_file(task, source, existing);
  if (known != nullptr && known->file_hash != hash::Digest{}) return known->file_hash.hex();
  const auto handle = task.directory->destination().handle();
  return hash_content(run, {*handle, task.directory->name_of(task.entry.name)}, buffer).hex();
}

void give_attributes(const Run& run, const TreeTask& task) {
  const Source source = source_of(run.fs, *task.directory, task.entry.name, task.link, io::OpenMode::source);
  const Place named = place_in(*task.directory, task.entry.name);
  const Place place = resolve_place(run.fs, {named.path(), shown_source(task), run.options, Target::file}, source);
  check_replaceable(place, run.options);
  (void)refresh_attributes(run.fs, place, source, run.options, run.events);
}

bool is_name_of(const CopiedName& copied, const io::Stat& existing) {
  const auto found = io::find(*open_directory_of(copied), copied.name);
  return found && same_inode(*found, existing);
}

}  // namespace rcopy::engine
