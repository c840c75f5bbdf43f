// SPDX-License-Identifier: MIT
//
// By a hard link, so that the destination has its name until the rename gives it to the copy.
#include "engine/backup.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace rcopy::engine {
namespace {

constexpr const char* kKeep = "keep the old file as";

/// The N of `NAME.~N~`; 0 where it is no such name.
std::uint64_t number_of(const io::Name& name, const io::Name& backup) {
  std::string_view text = backup.native();
  const std::string prefix = name.native() + ".~";
  if (!text.starts_with(prefix) || !text.ends_with('~')) return 0;
  text.remove_prefix(prefix.size());
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool all = parsed.ec == std::errc{} && parsed.ptr + 1 == text.data() + text.size();
  return all && text.front() != '0' ? number : 0;
}

io::Name numbered(const io::Name& name, std::uint64_t number) {
  return name.native() + ".~" + std::to_string(number) + '~';
}

std::uint64_t highest_number(const Place& place) {
  std::uint64_t highest = 0;
  for (const io::Entry& entry : io::entries(*place.directory)) {
    highest = std::max(highest, number_of(place.name, entry.name));
  }
  return highest;
}

bool is_backed_up(const Place& place, const io::Name& backup, const io::Stat& old) {
  const auto found = io::find(*place.directory, backup);
  return found && same_file(*found, old);
}

/// The name for the backup of `old`.
io::Name backup_name(const Place& place, const Options& options, const io::Stat& old) {
  const std::uint64_t highest = options.backup == Backup::simple ? 0 : highest_number(place);
  if (options.backup != Backup::numbered && highest == 0) return place.name.native() + options.backup_suffix;
  const io::Name last = numbered(place.name, highest);
  return highest > 0 && is_backed_up(place, last, old) ? last : numbered(place.name, highest + 1);
}

/// Gives the old file the name `backup`, too, in place of what has it. False where there are no hard links.
bool link_as(const Place& place, const io::Name& backup) {
  io::Directory& directory = *place.directory;
  const io::Name temporary = hidden_name(backup, ".rcopy-backup");  // so that what it replaces is not lost before
  io::unlink(directory, temporary);
  if (!io::link(directory, place.name, directory, temporary)) {
    io::unlink(directory, temporary);  // some file systems make it and say no
    return false;
  }
  const bool replaces = io::find(directory, backup).has_value();
  if (replaces) io::rename(directory, temporary, backup, kKeep);
  else io::rename_new(directory, temporary, backup, kKeep);
  return true;
}

}  // namespace

void check_backup(const Place& place, const Source& source, const Options& options) {
  if (options.backup == Backup::none || !place.existing) return;
  const io::Name name = backup_name(place, options, *place.existing);
  if (!is_backed_up(place, name, source.stat)) return;
  throw Error{{.code = ErrorCode::io,
               .operation = "copy",
               .path = source.path,
               .reason = "it has the name that the backup of " + base::quoted(place.path()) + " would get"}};
}

std::optional<io::Name> keep_backup(const Place& place, const Options& options) {
  if (options.backup == Backup::none) return std::nullopt;
  io::Directory& directory = *place.directory;
  const auto old = io::find(directory, place.name);
  // What was there a moment ago is not replaced without its backup.
  if (!old && place.existing) io::fail("back up", place.path(), ENOENT);
  if (!old) return std::nullopt;
  const io::Name name = backup_name(place, options, *old);
  if (is_backed_up(place, name, *old)) return std::nullopt;
  if (link_as(place, name)) return std::nullopt;
  io::rename(directory, place.name, name, kKeep);
  return name;
}

}  // namespace rcopy::engine
