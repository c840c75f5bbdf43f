// SPDX-License-Identifier: MIT
//
// What the journal holds, as plain values: to list what is unfinished, to continue it, to forget it. None of
// this makes a journal where there is none: that is an empty one. Reentrant; throws Error (journal) where it
// cannot be used.
#pragma once

#include <rcopy/error.hpp>
#include <rcopy/events.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rcopy {

enum class RecordKind {
  file,  ///< one source file to one destination file
  tree,  ///< a directory with everything in it
};

/// Each kind counts for itself.
struct RecordId {
  RecordKind kind = RecordKind::file;
  std::int64_t number = 0;

  friend bool operator==(const RecordId&, const RecordId&) = default;
};

enum class Activity {
  none,
  running,  ///< an rcopy works on it at this moment
};

/// docs/journal-format.md has the meaning of each.
struct JournalRecord {
  RecordId id;
  std::filesystem::path source;
  std::filesystem::path destination;
  std::string status;                    ///< of trees "in_progress" or "complete"
  std::uint64_t total_bytes = 0;         ///< of a file, as the two below
  std::uint64_t transferred_bytes = 0;
  std::uint64_t durable_bytes = 0;
  std::uint64_t finished_files = 0;      ///< of a tree
  std::string last_error = {};                ///< empty: nothing was noted
  std::string options = {};                   ///< Options::words of the run that worked on it last
  std::optional<std::filesystem::path> root_name = {};  ///< of a tree: what the names in it begin with; empty: nothing
  std::chrono::sys_seconds started_at{};
  std::chrono::sys_seconds updated_at{};  ///< when it was last written; of a tree, when a run began it last
  /// Of what is unfinished, as far as can be seen: an rcopy that waits (for a disk, or to try again) has no lock, and
  /// is not seen.
  Activity activity = Activity::none;
};

using OnWarning = std::function<void(const Warning&)>;

/// Whether JournalRecord::activity is looked for.
enum class Look { at_disk, at_journal };

/// What is not finished: trees, then files; what was begun first comes first.
[[nodiscard]] std::vector<JournalRecord> unfinished_records(const std::filesystem::path& journal,
                                                            const OnWarning& on_warning, Look look = Look::at_disk);

/// By its id, or all of one destination.
using RecordKey = std::variant<RecordId, std::filesystem::path>;

/// What became of the partial beside the destination.
enum class PartialFate {
  none,     ///< there was none
  removed,  ///< it was the one that the row means
  kept,     ///< the row may mean another file, or it cannot be looked at
};

struct Forgotten {
  JournalRecord record;
  PartialFate fate = PartialFate::none;
  std::filesystem::path partial = {};
  std::string reason = {};  ///< why it was kept; of a pruned row why that is gone
};

/// Removes these rows, then their partials. A destination that was begun in place is left as it is.
/// Throws Error: io where there is no such row, or the destination of an unfinished one cannot be looked at or is not
/// mounted; busy where an rcopy works on one: nothing is removed then. An rcopy that waits (for a disk, or to try
/// again) holds no lock, so that what it will continue can be forgotten: it begins from nothing then.
[[nodiscard]] std::vector<Forgotten> forget(const std::filesystem::path& journal, const RecordKey& key,
                                            const OnWarning& on_warning);

/// Removes the rows of finished files that are older than `age`, or whose destination is gone; and of what is not
/// finished what no run began since and has neither source nor partial any more (a tree: neither source nor
/// destination). Trees that are kept as a catalog stay, as does everything on a file system that is not mounted. Of
/// sources and of trees no mount is known: what lies right in a mount point that is there and bare counts as gone; what
/// lies deeper, or in a mount point that is gone with its mount, stays.
[[nodiscard]] std::vector<Forgotten> prune(const std::filesystem::path& journal, std::chrono::seconds age,
                                           const OnWarning& on_warning);

}  // namespace rcopy
