// SPDX-License-Identifier: MIT
//
// The public entry: opens what a job shares, and copies its sources one after the other.
#include <rcopy/copy.hpp>

#include "engine/job_report.hpp"
#include "engine/manifest.hpp"
#include "engine/operands.hpp"
#include "io/idle_priority.hpp"
#include "io/posix.hpp"

#include <cerrno>
#include <optional>
#include <utility>

namespace rcopy {
namespace {

void check_target(io::FileSystem& fs, const Job& job) {
  if (job.target != Target::directory) return;
  const auto found = io::find(fs, job.destination, io::Links::follow);
  if (found && found->kind == io::FileKind::directory) return;
  if (job.naming == Naming::whole_path && found) {
    throw Error{{.code = ErrorCode::usage,
                 .operation = "",
                 .path = {},
                 .reason = "with --parents, the destination must be a directory"}};
  }
  throw Error{{.code = ErrorCode::usage,
               .operation = "copy to",
               .path = job.destination,
               .os_error = found ? ENOTDIR : ENOENT,
               .reason = found ? "it is not a directory" : "the directory does not exist"}};
}

/// What the expected hash is that of.
void check_one_source(const Job& job, const Options& options) {
  if (!options.expected_hash || (job.sources.size() == 1 && !job.only)) return;
  throw Error{{.code = ErrorCode::usage,
               .operation = "compare with the expected hash",
               .path = {},
               .reason = "it is that of one file; name one source"}};
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

/// It is of all files or not at all.
void finish_manifest(engine::Manifest& manifest, const std::filesystem::path& path, engine::JobReport& report,
                     engine::EventSink& events) {
  if (report.has_failed()) {
    manifest.abandon();
    events.emit(Warning{.path = path, .text = "the manifest was not written, for not all files were copied"});
    return;
  }
  try {
    manifest.publish();
  } catch (const Error& error) {
    manifest.abandon();
    report.failed(error, {}, path);
  }
}

}  // namespace

JobSummary copy_files(const Job& job, const Options& options, Observer& observer, std::stop_token stop) {
  check(options);
  const auto fs = io::posix_file_system();
  check_target(*fs, job);
  check_one_source(job, options);
  engine::EventSink events{observer};
  std::optional<io::IdlePriority> idle;
  if (options.io_priority == IoPriority::idle && !idle.emplace().granted()) {
    events.emit(Warning{.path = {}, .text = "the system refuses an idle priority; copying at the usual one"});
  }
  std::optional<journal::Journal> journal;
  const auto warn = [&](const std::filesystem::path& path, const std::string& text) {
    events.emit(Warning{.path = path, .text = text});
  };
  const bool dry = options.execution == Execution::dry;  // which makes no journal and no manifest either
  std::optional<engine::Manifest> manifest;
  if (options.manifest && !dry) manifest.emplace(*fs, *options.manifest, job);
  if (options.journal && (!dry || io::find(*fs, *options.journal, io::Links::follow))) {
    journal.emplace(*options.journal, warn);
  }
  std::optional<journal::TreeCatalog> catalog;
  if (journal && !dry && options.recursion == Recursion::all) catalog.emplace(journal->path(), warn);
  const engine::Run run{.fs = *fs,
                        .journal = journal ? &*journal : nullptr,
                        .options = options,
                        .events = events,
                        .stop = std::move(stop),
                        .catalog = catalog ? &*catalog : nullptr,
                        .target = job.target,
                        .directory = job_directory(*fs, job)};
  engine::JobReport report{events, manifest ? &*manifest : nullptr};
  engine::Operands operands{run, job, report};
  for (const auto& source : job.sources) operands.copy(source);
  operands.finish();
  if (manifest) finish_manifest(*manifest, *options.manifest, report, events);
  return report.take();
}

}  // namespace rcopy
