// SPDX-License-Identifier: MIT
//
// The options that are rcopy's own, and those of cp that belong beside them.
#include "base/parse.hpp"
#include "cli/option_rows.hpp"
#include "cli/option_values.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace rcopy::cli {
namespace {

constexpr const char* kForeverWord = "forever";

Verify parse_verify(const std::string& value) {
  return choose<Verify>(
      "--verify", value,
      {{"medium", Verify::medium}, {"cache", Verify::cache}, {"none", Verify::none}});
}

Resume parse_resume(const std::string& value) {
  return choose<Resume>(
      "--resume", value,
      {{"auto", Resume::automatic}, {"check", Resume::check}, {"never", Resume::never}});
}

Sparse parse_sparse(const std::string& value) {
  return choose<Sparse>(
      "--sparse", value,
      {{"auto", Sparse::automatic}, {"always", Sparse::always}, {"never", Sparse::never}});
}

Reflink parse_reflink(const std::string& value) {
  return choose<Reflink>(
      "--reflink", value,
      {{"auto", Reflink::automatic}, {"always", Reflink::always}, {"never", Reflink::never}});
}

Cache parse_cache(const std::string& value) {
  return choose<Cache>(
      "--cache", value,
      {{"auto", Cache::automatic}, {"keep", Cache::keep}, {"drop", Cache::drop}});
}

/// "forever" or a time.
std::chrono::milliseconds parse_wait(const char* option, const std::string& value) {
  if (value == kForeverWord) return kForever;
  return valid(option, value, base::parse_duration(value));
}

void choose_journal(Arguments& arguments, JournalChoice choice) {
  if (arguments.journal_choice != JournalChoice::usual && arguments.journal_choice != choice) {
    refuse("--journal and --no-journal exclude each other");
  }
  arguments.journal_choice = choice;
}

void name_journal(Arguments& arguments, const std::string& path) {
  if (path.empty()) refuse("--journal needs the name of a file");
  choose_journal(arguments, JournalChoice::named);
  arguments.journal = path;
}

}  // namespace

std::vector<Row> proof_rows() {
  return {
      {"", "--verify", "WHERE",
       "read the copy back before it gets its name, from the\n"
       "medium (default), from the cache, or none: not at all",
       [](auto& to, const auto& value) { to.verify = parse_verify(value); }},
      {"", "--no-verify", "", "the same as --verify=none",
       [](auto& to, const auto&) { to.verify = Verify::none; }},
      {"", "--resume", "HOW",
       "auto: continue where an earlier run stopped (default);\n"
       "check: the same, but hash all of the kept part first;\n"
       "never: start over, even if the copy is up to date",
       [](auto& to, const auto& value) { to.resume = parse_resume(value); }},
      {"", "--reflink", "WHEN",
       "auto: share the source's blocks where the file system\n"
       "can, else copy (default); always (the same without\n"
       "WHEN): or fail; never",
       [](auto& to, const auto& value) { to.reflink = parse_reflink(value); }, "always"},
      {"", "--inplace", "",
       "write into an existing destination itself: no second\n"
       "copy, hard links stay, but its old content is lost",
       [](auto& to, const auto&) { to.writing = Writing::in_place; }},
      {"", "--repair", "",
       "with --inplace, or after a read-back that failed:\n"
       "write only the blocks that differ",
       [](auto& to, const auto&) { to.rewrite = Rewrite::differing; }},
      {"", "--retries", "N", "try a file again up to N times (default 3)",
       [](auto& to, const auto& value) {
         to.retries = valid("--retries", value, base::parse_count(value));
       }},
      {"", "--retry-wait", "TIME",
       "wait before the first retry after an I/O error, like\n"
       "500ms, 2s, 1.5m (default 1s); doubles up to 30 s",
       [](auto& to, const auto& value) {
         to.retry_wait = valid("--retry-wait", value, base::parse_duration(value));
       }},
  };
}

std::vector<Row> load_rows() {
  return {
      {"", "--wait", "TIME",
       "when a device is pulled or unmounted, wait until it is\n"
       "back and continue; without TIME, for ever",
       [](auto& to, const auto& value) { to.device_wait = parse_wait("--wait", value); },
       kForeverWord},
      {"", "--lock-wait", "TIME",
       "when another rcopy works on the destination, wait for\n"
       "it; without TIME, for ever",
       [](auto& to, const auto& value) { to.lock_wait = parse_wait("--lock-wait", value); },
       kForeverWord},
      {"", "--bwlimit", "RATE",
       "read and write at most RATE: KiB a second, or\n"
       "with a unit, like 10M or 1.5G",
       [](auto& to, const auto& value) {
         to.bytes_per_second = valid("--bwlimit", value, base::parse_rate(value));
       }},
      {"", "--nice-io", "", "read and write only when nobody else wants the disk",
       [](auto& to, const auto&) { to.io_priority = IoPriority::idle; }},
      {"", "--sparse", "WHEN",
       "auto: make holes where the source has some (default);\n"
       "always: of all zeros; never: none",
       [](auto& to, const auto& value) { to.sparse = parse_sparse(value); }},
      {"", "--cache", "HOW",
       "auto: leave the page cache as it is (default); keep:\n"
       "go through it, as cp does; drop: forget both files",
       [](auto& to, const auto& value) { to.cache = parse_cache(value); }},
  };
}

std::vector<Row> talk_rows() {
  using ui::Verbosity;
  return {
      {"", "--journal", "PATH", "keep the positions in this file", name_journal},
      {"", "--no-journal", "", "keep no positions: nothing to continue by a later run",
       [](auto& to, const auto&) { choose_journal(to, JournalChoice::none); }},
      {"-v", "--verbose", "", "say what is done and why, and the result of each file",
       [](auto& to, const auto&) { to.verbosity = Verbosity::verbose; }},
      {"", "--debug", "", "the same as -v",
       [](auto& to, const auto&) { to.verbosity = Verbosity::verbose; }},
      {"-q", "--quiet", "", "say nothing but errors",
       [](auto& to, const auto&) { to.verbosity = Verbosity::quiet; }},
      {"-h", "--help", "", "show this help and exit",
       [](auto& to, const auto&) { to.action = Action::help; }},
      {"", "--version", "", "show the version and exit",
       [](auto& to, const auto&) { to.action = Action::version; }},
  };
}

}  // namespace rcopy::cli
