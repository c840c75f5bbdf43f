// SPDX-License-Identifier: MIT
//
// A file that rcopy copied with its times has the size and the mtime of its source only when it is complete and
// proven: before that it has another name.
#include "engine/tree_existing.hpp"

#include "engine/attributes.hpp"
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

bool is_known(const TreeTask& task, const io::Stat& source, const io::Stat& existing) {
  const TreeDirectory& directory = *task.directory;
  return directory.job()->is_finished(directory.relative() / task.entry.name,
                                      identity_hash(source, directory.source().volume().fs),
                                      identity_hash(existing, directory.destination().volume().fs));
}

/// Of two files of one size. Read through the page cache, as nothing is to be proven of the medium.
bool has_same_content(const Run& run, const TreeTask& task) {
  const Source source = source_in(*task.directory, task.entry.name, io::OpenMode::source);
  const auto existing = io::open(*task.directory->destination().handle(), task.entry.name, io::OpenMode::read_back);
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

std::shared_ptr<io::Directory> opened(const CopiedName& copied) {
  std::shared_ptr<io::Directory> at = copied.root;
  for (const io::Name& name : copied.below) at = io::open_directory(*at, name, io::DirectoryUse::look_up);
  return at;
}

}  // namespace

std::optional<Outcome> without_copying(const Run& run, const TreeTask& task, const io::Stat& source,
                                       const io::Stat& existing) {
  const Options& options = run.options;
  const io::FsInfo& fs = task.directory->destination().volume().fs;
  if (existing.kind == io::FileKind::directory) {
    throw Error{{.code = ErrorCode::io,
                 .operation = "overwrite directory",
                 .path = task.directory->destination().shown() / task.entry.name,
                 .reason = "with non-directory"}};
  }
  if (options.update == Update::none) return Outcome::kept;
  if (options.update == Update::older && !is_older(existing, source, fs)) return Outcome::kept;
  if (task.link == LinkUse::target || options.update == Update::none_fail) return std::nullopt;
  if (source.kind != io::FileKind::regular) {
    return is_like_source(run, task, source, existing) ? std::optional{Outcome::up_to_date} : std::nullopt;
  }
  if (options.resume != Resume::never && is_known(task, source, existing)) return Outcome::up_to_date;
  // Whose source is to be removed must be proven, and by rcopy.
  const bool comparable = options.sources == Sources::keep && existing.kind == source.kind && existing.size_bytes == source.size_bytes &&
                          options.resume != Resume::never && !same_file(source, existing);
  if (!comparable) return std::nullopt;
  const bool same = options.compare == Compare::content
                        ? has_same_content(run, task)
                        : options.attributes.timestamps == Timestamps::preserve && same_time(source, existing, fs);
  if (!same || options.execution == Execution::dry) return same ? std::optional{Outcome::up_to_date} : std::nullopt;
  if (may_differ(source, existing, options.attributes, fs)) refresh(run, task, existing);
  return Outcome::up_to_date;
}

bool is_name_of(const CopiedName& copied, const io::Stat& existing) {
  const auto found = io::find(*opened(copied), copied.name);
  return found && same_file(*found, existing);
}

}  // namespace rcopy::engine
