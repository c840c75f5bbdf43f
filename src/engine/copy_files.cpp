// SPDX-License-Identifier: MIT
//
// The public entry: opens what a job shares and runs its transfers one after the other.
#include <rcopy/copy.hpp>

#include "base/text.hpp"
#include "engine/place.hpp"
#include "engine/transfer.hpp"
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
  if (options.journal) {
    journal.emplace(*options.journal, [&](const std::filesystem::path& path, const std::string& text) {
      events.emit(Warning{.path = path, .text = text});
    });
  }
  const engine::Run run{.fs = *fs,
                        .journal = journal ? &*journal : nullptr,
                        .options = options,
                        .events = events,
                        .stop = std::move(stop),
                        .target = job.target,
                        .directory = job_directory(*fs, job)};
  JobSummary summary;
  std::set<io::Name> names;
  for (const auto& source : job.sources) {
    try {
      const bool second = job.target == Target::directory && !names.insert(engine::destination_name(source)).second;
      if (second && options.backup == Backup::none) {
        const Error error = duplicate(source);
        events.emit(TransferFailed{.error = error, .source = source, .destination = job.destination});
        throw error;
      }
      summary.done.add(engine::transfer_file(run, source, job.destination));
    } catch (const Error& error) {
      summary.failed.push_back(error);
      if (error.code() == ErrorCode::interrupted) break;
    }
  }
  return summary;
}

}  // namespace rcopy
