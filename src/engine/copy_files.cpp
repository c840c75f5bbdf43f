// SPDX-License-Identifier: MIT
//
// The public entry: opens what a job shares and runs its transfers one after the other.
#include <rcopy/copy.hpp>

#include "base/text.hpp"
#include "engine/job_report.hpp"
#include "engine/place.hpp"
#include "engine/transfer.hpp"
#include "engine/tree_copier.hpp"
#include "io/idle_priority.hpp"
#include "io/posix.hpp"

#include <cerrno>
#include <optional>
#include <set>
#include <utility>

namespace rcopy {
namespace {

void check_target(io::FileSystem& fs, const Job& job) {
  if (job.target != Target::directory) return;
  const auto found = io::find(fs, job.destination, io::Links::follow);
  if (found && found->kind == io::FileKind::directory) return;
  throw Error{{.code = ErrorCode::usage,
               .operation = "copy to",
               .path = job.destination,
               .os_error = found ? ENOTDIR : ENOENT,
               .reason = found ? "it is not a directory" : "the directory does not exist"}};
}

/// Nothing where it does not answer: each file then says so for itself, and may wait for it.
std::optional<engine::Anchor> job_directory(io::FileSystem& fs, const Job& job) {
  if (job.target != Target::directory) return std::nullopt;
  try {
    return engine::anchor_of(fs, job.destination);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool is_directory(io::FileSystem& fs, const std::filesystem::path& source, const Options& options) {
  const auto links = options.follow == Follow::none ? io::Links::nofollow : io::Links::follow;
  const auto found = io::find(fs, source, links);
  return found && found->kind == io::FileKind::directory;
}

/// DEST as cp reads it: a directory that is there means one in it, with the name of the source.
/// But the same command continues: where an earlier run made it and was cut short, it is the copy itself.
std::filesystem::path tree_destination(io::FileSystem& fs, const Job& job, const std::filesystem::path& source,
                                       journal::TreeCatalog* catalog) {
  const auto found = io::find(fs, job.destination, io::Links::follow);
  const bool below = found && found->kind == io::FileKind::directory && job.target != Target::file;
  if (!below) return job.destination;
  const bool named = job.target == Target::automatic && job.sources.size() == 1 && catalog != nullptr;
  if (named && catalog->is_unfinished(io::resolve(fs, source), io::resolve(fs, job.destination))) return job.destination;
  const io::Name name = engine::destination_name(source);
  return name == ".." ? job.destination : job.destination / name;
}

Error duplicate(const std::filesystem::path& source) {
  return Error{{.code = ErrorCode::io,
                .operation = "copy",
                .path = source,
                .reason = "another source of this run has the same name, and its copy is not overwritten"}};
}

}  // namespace

JobSummary copy_files(const Job& job, const Options& options, Observer& observer, std::stop_token stop) {
  check(options);
  const auto fs = io::posix_file_system();
  check_target(*fs, job);
  engine::EventSink events{observer};
  std::optional<io::IdlePriority> idle;
  if (options.io_priority == IoPriority::idle && !idle.emplace().granted()) {
    events.emit(Warning{.path = {}, .text = "the system refuses an idle priority; copying at the usual one"});
  }
  std::optional<journal::Journal> journal;
  const auto warn = [&](const std::filesystem::path& path, const std::string& text) {
    events.emit(Warning{.path = path, .text = text});
  };
  const bool dry = options.execution == Execution::dry;  // which makes no journal either
  if (options.journal && (!dry || io::find(*fs, *options.journal, io::Links::follow))) {
    journal.emplace(*options.journal, warn);
  }
  const engine::Run run{.fs = *fs,
                        .journal = journal ? &*journal : nullptr,
                        .options = options,
                        .events = events,
                        .stop = std::move(stop),
                        .target = job.target,
                        .directory = job_directory(*fs, job)};
  engine::JobReport report{events};
  std::optional<journal::TreeCatalog> catalog;
  std::optional<engine::TreeCopier> trees;
  std::set<io::Name> names;
  for (const auto& source : job.sources) {
    if (run.stop.stop_requested()) break;
    try {
      if (options.recursion == Recursion::all && is_directory(*fs, source, options)) {
        if (journal && !dry && !catalog) catalog.emplace(journal->path(), warn);
        if (!trees) trees.emplace(run, report, catalog ? &*catalog : nullptr);
        trees->copy(source, tree_destination(*fs, job, source, catalog ? &*catalog : nullptr));
        continue;
      }
      const bool second = job.target == Target::directory && !names.insert(engine::destination_name(source)).second;
      if (second && options.backup == Backup::none) {
        const Error error = duplicate(source);
        events.emit(TransferFailed{.error = error, .source = source, .destination = job.destination});
        throw error;
      }
      report.count(engine::transfer_file(run, source, job.destination));
    } catch (const Error& error) {
      report.count(error);
    }
  }
  if (trees) trees->finish();
  return report.take();
}

}  // namespace rcopy
