// SPDX-License-Identifier: MIT
//
// Decides what to do with a file from what the journal says and what is on disk. A pure function:
// no call reaches the disk, so every case can stand as a line of a test.
#pragma once

#include "io/stat.hpp"
#include "journal/row.hpp"

#include <rcopy/options.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace rcopy::engine {

/// A partial or a destination as it is found now.
struct FoundFile {
  io::FileKind kind = io::FileKind::regular;
  journal::PartialIdentity identity;
  journal::ContentTimes times;
  std::uint64_t size_bytes = 0;
};

struct Situation {
  std::filesystem::path source_path;
  journal::SourceIdentity source;
  io::FileKind source_kind = io::FileKind::regular;
  std::optional<FoundFile> partial;      ///< in place: what is there under the final name
  std::optional<FoundFile> destination;
  Writing writing = Writing::beside;
  bool watched = false;  ///< the row was begun in this run
};

enum class Match { same, different, unknown };

/// Whether the inode is the one the row means. Inode numbers are reused at once on some file
/// systems; the birth time, where there is one, tells the two apart. Device numbers are left out:
/// they change with every plug and mount.
[[nodiscard]] Match match(const journal::PartialIdentity& row, const journal::PartialIdentity& found);

/// Where the seven steps of a transfer are entered.
enum class Entry {
  copy,     ///< copy from the kept position (none: from the start)
  verify,   ///< all bytes are there and durable: read them back
  publish,  ///< verified: give it its attributes and its name
  finish,   ///< the rename happened: make it durable and say so
  nothing,  ///< up to date
};

/// How much of the partial a copy may keep.
enum class Keep {
  nothing,    ///< start over with a new partial
  confirmed,  ///< up to the durable point; beyond it what the hash confirms
  checked,    ///< only what the hash confirms, read back from the beginning
};

/// Whether the source still holds what the kept part was read from.
enum class SourceTrust {
  known,
  checked,  ///< only if it begins with the same bytes: nothing tells when a device was written to
};

struct Plan {
  Entry entry = Entry::copy;
  Keep keep = Keep::nothing;
  SourceTrust source = SourceTrust::known;
  std::string reason;  ///< for people: why this and nothing less
};

[[nodiscard]] Plan make_plan(const std::optional<journal::Row>& row, const Situation& now, const Options& options);

/// Whether `now` is the file the row was begun with. Device numbers change when a stick is plugged
/// in again, so they count only where the path differs. A block device is the same only where the
/// kernel tells which disk is in it.
[[nodiscard]] bool same_source(const journal::Row& row, const Situation& now);

}  // namespace rcopy::engine
