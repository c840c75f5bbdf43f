// SPDX-License-Identifier: MIT
//
// The way in: copy files so that they can be trusted. Reentrant: jobs may run in parallel threads
// and processes and share a journal.
#pragma once

#include <rcopy/error.hpp>
#include <rcopy/events.hpp>
#include <rcopy/options.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <vector>

namespace rcopy {

/// What DEST is taken for.
enum class Target {
  automatic,  ///< a directory if it is one, else the file to write
  directory,  ///< must be a directory
  file,       ///< the file to write, even if it is a directory: then it is an error
};

/// What a source is called in a destination directory.
enum class Naming {
  last_component,
  whole_path,  ///< its path as given, with the directories in it (cp --parents)
};

struct Job {
  std::vector<std::filesystem::path> sources;
  std::filesystem::path destination;
  Target target = Target::automatic;
  Naming naming = Naming::last_component;
  /// Only these, relative to each source, which is then a directory (rsync --files-from).
  std::optional<std::vector<std::filesystem::path>> only = std::nullopt;
};

/// How many files, links and special files had which outcome. Directories do not count.
struct Tally {
  std::uint64_t copied = 0;       ///< their bytes were copied, or their copy finished, in this run
  std::uint64_t up_to_date = 0;
  std::uint64_t kept = 0;
  std::uint64_t planned = 0;      ///< Execution::dry: they would be copied
  std::uint64_t bytes = 0;        ///< of those copied
  std::uint64_t moved_bytes = 0;  ///< of these, what went from source to destination in this run

  void add(const FileSummary& file);
  [[nodiscard]] std::uint64_t files() const { return copied + up_to_date + kept + planned; }
};

/// How long transfers were in which phase, waits left out. Small files of trees are not in it: many of them are
/// under way at once.
struct PhaseTimes {
  std::chrono::nanoseconds checking{0};  ///< what was kept, and what is there
  std::chrono::nanoseconds copying{0};
  std::chrono::nanoseconds syncing{0};  ///< after the last byte was written
  std::chrono::nanoseconds verifying{0};
};

struct JobSummary {
  Tally done;
  std::vector<Error> failed;      ///< empty: everything is as asked, but for
  bool lost_attributes = false;   ///< some that were to be preserved could not be; there was a warning
  PhaseTimes times = {};
};

/// Makes each file of `job.sources` a verified copy at the destination, or carries on with one
/// that was cut short. One bad file does not stop the others; a requested stop does.
///
/// With Recursion::all the process's soft limit of open files is raised as far as it may be.
///
/// Durability: for each file reported as finished, data and name survive a power cut. For each
/// that failed or was stopped, whatever the journal claims is on stable storage and the old
/// destination is untouched.
///
/// Throws Error for what concerns the whole job, before anything was touched: usage (options or
/// target make no sense), journal (cannot be opened), io or busy (of the manifest). What concerns one
/// file is an event and an entry in `failed`: io, not_mounted, busy, no_space, source_changed, verify_failed,
/// unexpected_content, interrupted, journal.
[[nodiscard]] JobSummary copy_files(const Job& job, const Options& options, Observer& observer,
                                    std::stop_token stop = {});

}  // namespace rcopy
