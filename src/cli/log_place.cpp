// SPDX-License-Identifier: MIT
#include "cli/log_place.hpp"

#include "base/text.hpp"
#include "cli/option_table.hpp"

#include <system_error>

namespace rcopy::cli {
namespace {

namespace stdfs = std::filesystem;

/// Where it is or would be; empty where that cannot be known.
stdfs::path resolved(const stdfs::path& path) {
  std::error_code unknown;
  const stdfs::path absolute = stdfs::absolute(path, unknown);
  return unknown ? stdfs::path{} : stdfs::weakly_canonical(absolute, unknown);
}

/// By device and inode, or where one of them is not there by name.
bool is_one_file(const stdfs::path& one, const stdfs::path& other) {
  std::error_code missing;
  if (stdfs::equivalent(one, other, missing)) return true;
  return missing && !resolved(one).empty() && resolved(one) == resolved(other);
}

class Place {
 public:
  explicit Place(stdfs::path log) : log_{std::move(log)} {}

  void must_not_be(const char* what, const stdfs::path& path) const {
    if (!is_one_file(log_, path)) return;
    refuse("the log " + base::quoted(log_) + " is the same file as the " + what + " " + base::quoted(path) +
           "; name another with --log-file");
  }

 private:
  stdfs::path log_;
};

/// What the source becomes where the destination is a directory.
stdfs::path name_in_directory(const Job& job, const stdfs::path& source) {
  if (job.naming == Naming::whole_path) return job.destination / source.relative_path();
  return job.destination / (source / "").parent_path().filename();
}

}  // namespace

void check_log_place(const Arguments& arguments, const Job& job, const Options& options, const OnWarning& on_warning) {
  const Place place{*arguments.log_file};
  if (options.journal) {
    for (const char* suffix : {"", "-wal", "-shm"}) place.must_not_be("journal", stdfs::path{*options.journal} += suffix);
  }
  if (options.manifest) place.must_not_be("manifest", *options.manifest);
  for (const stdfs::path& source : job.sources) {
    place.must_not_be("source", source);
    place.must_not_be("destination", name_in_directory(job, source));
  }
  if (!job.sources.empty()) place.must_not_be("destination", job.destination);
  if (arguments.action != Action::resume_all) return;
  for (const JournalRecord& record : unfinished_records(*options.journal, on_warning)) {
    place.must_not_be("source", record.source);
    place.must_not_be("destination", record.destination);
  }
}

}  // namespace rcopy::cli
