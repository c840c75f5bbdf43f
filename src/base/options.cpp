// SPDX-License-Identifier: MIT
//
// What the values of rcopy::Options must satisfy together.
#include <rcopy/options.hpp>

#include <rcopy/error.hpp>

#include <string>

namespace rcopy {
namespace {

constexpr unsigned kMostRetries = 1'000'000;
constexpr unsigned kMostJobs = 256;
constexpr std::chrono::hours kLongestWait{24};

[[noreturn]] void refuse(const char* operation, const char* reason) {
  throw Error{{.code = ErrorCode::usage, .operation = operation, .path = {}, .reason = reason}};
}

/// What the options say about which files, and about the files they come from.
void check_selection(const Options& options) {
  if (options.min_bytes > options.max_bytes) refuse("copy files of such sizes", "the least is above the most");
  for (const FilterRule& rule : options.filters) {
    if (rule.pattern.empty()) refuse("use a filter rule", "its pattern is empty");
  }
  if (options.sources == Sources::keep) return;
  if (options.verify == Verify::none) {
    refuse("remove the sources", "a source is removed only when its copy is proven; leave out --verify=none");
  }
  if (options.make != Make::copy) {
    refuse("remove the sources", "no content is copied; leave out --link, --symbolic-link or --attributes-only");
  }
}

void check_manifest(const Options& options) {
  if (!options.manifest) return;
  if (options.manifest->empty()) refuse("write the manifest", "its name is empty");
  if (options.make != Make::copy) {
    refuse("write the manifest", "no content is copied; leave out --link, --symbolic-link or --attributes-only");
  }
}

void check_expected_hash(const Options& options) {
  constexpr std::size_t kDigits = 32;
  const std::string& hash = options.expected_hash.value_or(std::string(kDigits, '0'));
  const bool sound = hash.size() == kDigits && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!sound) refuse("compare with the expected hash", "it is not 32 hexadecimal digits, as xxh128sum prints them");
  if (options.expected_hash && options.make != Make::copy) {
    refuse("compare with the expected hash",
           "no content is copied; leave out --link, --symbolic-link or --attributes-only");
  }
}

}  // namespace

void check(const Options& options) {
  check_selection(options);
  check_expected_hash(options);
  check_manifest(options);
  if (options.journal && options.journal->empty()) refuse("use the journal", "its name is empty");
  if (options.resume == Resume::check && !options.journal) {
    refuse("check what an earlier run kept", "nothing is kept without a journal");
  }
  if (options.catalog == Catalog::keep && !options.journal) {
    refuse("keep the list of finished files", "it is in the journal, and there is none");
  }
  if (options.jobs > kMostJobs) refuse("copy that many files at once", "at most 256");
  if (options.writing == Writing::in_place && options.reflink == Reflink::always) {
    refuse("clone in place", "a clone is always a new file; leave out --inplace or --reflink=always");
  }
  if (options.sparse != Sparse::automatic && options.reflink == Reflink::always) {
    refuse("change the holes of a clone", "it has those of its source; leave out --sparse or --reflink=always");
  }
  if (options.writing == Writing::in_place && options.make != Make::copy) {
    refuse("make something else than a copy in place", "no content is written; leave out --inplace");
  }
  if (options.writing == Writing::in_place && options.backup != Backup::none) {
    refuse("keep a backup in place", "the old content is written over; leave out --inplace or --backup");
  }
  if (options.writing == Writing::in_place && options.replace == Replace::name) {
    refuse("replace a name in place", "that makes a new file; leave out --inplace or --remove-destination");
  }
  if (options.backup_suffix.empty() || options.backup_suffix.find('/') != std::string::npos) {
    refuse("use this backup suffix", "it is empty or has a slash");
  }
  if (options.retries > kMostRetries) refuse("retry that often", "at most 1000000 times");
  if (options.retry_wait < std::chrono::milliseconds::zero()) {
    refuse("wait before a retry", "the time is negative");
  }
  if (options.retry_wait > kLongestWait)
    refuse("wait that long before a retry", "at most 24 hours");
  if (options.device_wait < std::chrono::milliseconds::zero()) {
    refuse("wait for a device", "the time is negative");
  }
  if (options.lock_wait < std::chrono::milliseconds::zero()) {
    refuse("wait for another rcopy", "the time is negative");
  }
}

}  // namespace rcopy
