// SPDX-License-Identifier: MIT
//
// The options that are rcopy's own, and those of cp that belong beside them.
#include "base/parse.hpp"
#include "base/text.hpp"
#include "cli/option_rows.hpp"
#include "cli/option_values.hpp"
#include "cli/rule_files.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace rcopy::cli {
namespace {

constexpr const char* kForeverWord = "forever";
constexpr unsigned kMostJobs = 256;

/// Of letters that are digits.
std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
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

TimeLimit parse_time_limit(const std::string& value) {
  const auto time = valid("--max-duration", value, base::parse_duration(value));
  if (time == time.zero()) refuse("invalid value " + base::quoted(value) + " for --max-duration; it is no time");
  return {.time = time, .text = value};
}

void name_log(Arguments& to, const std::string& path) {
  if (path.empty()) refuse("--log-file needs the name of a file");
  to.log_file = path;
}

/// A rule that is read later, in the place of this word.
void read_rules_from(Arguments& to, RuleWord::Kind kind, const std::string& file) {
  if (file.empty()) refuse("a file of rules needs a name");
  to.rules.push_back({.kind = kind, .text = file});
}

void name_files(Arguments& to, const std::string& file) {
  if (file.empty()) refuse("--files-from needs the name of a file");
  to.files_from = file;
}

void name_manifest(Arguments& to, const std::string& file) {
  if (file == "-") refuse("--manifest needs the name of a file: it is written as a whole, at the end; ./- is a file, too");
  to.manifest = file;
}

unsigned parse_jobs(const std::string& value) {
  const unsigned jobs = valid("--jobs", value, base::parse_count(value));
  if (jobs == 0 || jobs > kMostJobs) refuse("invalid value " + base::quoted(value) + " for --jobs; 1 to 256");
  return jobs;
}

}  // namespace

std::vector<Row> selection_rows() {
  using Kind = RuleWord::Kind;
  return {
      {"", "--exclude", "PATTERN",
       "leave out what fits, below a SOURCE; of all rules the\n"
       "first that fits decides, as in rsync",
       [](auto& to, const auto& value) { to.rules.push_back(pattern_word(value, Kind::exclude)); }},
      {"", "--include", "PATTERN", "do not leave out what fits",
       [](auto& to, const auto& value) { to.rules.push_back(pattern_word(value, Kind::include)); }},
      {"", "--exclude-from", "FILE", "a pattern to exclude in each line; - is standard input",
       [](auto& to, const auto& value) { read_rules_from(to, Kind::exclude_from, value); }},
      {"", "--include-from", "FILE", "likewise, to include",
       [](auto& to, const auto& value) { read_rules_from(to, Kind::include_from, value); }},
      {"", "--filter", "RULE",
       "rule '- PATTERN' excludes, '+ PATTERN' includes,\n"
       "'. FILE' reads such rules, '!' forgets those before",
       [](auto& to, const auto& value) { to.rules.push_back(filter_word(value)); }},
      {"", "--files-from", "FILE", "copy only the names in FILE, below the one SOURCE", name_files},
      {"", "--from0", "", "all these files have zero bytes for ends of lines",
       [](auto& to, const auto&) { to.separator = Separator::nul; }},
      {"", "--max-size", "SIZE",
       "leave out larger files: a number of bytes, or like\n"
       "10K, 1.5G (powers of 1024), 10KB, 1.5GB (of 1000)",
       [](auto& to, const auto& value) { to.max_bytes = valid("--max-size", value, base::parse_size(value)); }},
      {"", "--min-size", "SIZE", "leave out smaller files",
       [](auto& to, const auto& value) { to.min_bytes = valid("--min-size", value, base::parse_size(value)); }},
      {"", "--checksum", "",
       "compare content, not size and time, to know what is\n"
       "there already",
       [](auto& to, const auto&) { to.compare = Compare::content; }},
  };
}

std::vector<Row> proof_rows() {
  return {
      choosing({"", "--verify", "WHERE",
                "read the copy back before it gets its name, from the\n"
                "medium (default), from the cache, or none: not at all",
                {}},
               &Arguments::verify,
               {{"medium", Verify::medium}, {"cache", Verify::cache}, {"none", Verify::none}}),
      {"", "--no-verify", "", "the same as --verify=none",
       [](auto& to, const auto&) { to.verify = Verify::none; }},
      {"", "--expect", "HASH",
       "the one SOURCE must have this hash, 32 digits as from\n"
       "xxh128sum; else nothing is replaced, and exit code 3",
       [](auto& to, const auto& value) { to.expected_hash = lower_case(value); }},
      choosing({"", "--resume", "HOW",
                "auto: continue where an earlier run stopped (default);\n"
                "check: the same, but hash all of the kept part first;\n"
                "never: start over, even if the copy is up to date",
                {}},
               &Arguments::resume,
               {{"auto", Resume::automatic}, {"check", Resume::check}, {"never", Resume::never}}),
      choosing({"", "--reflink", "WHEN",
                "auto: share the source's blocks where the file system\n"
                "can, else copy (default); always (the same without\n"
                "WHEN): or fail; never",
                {}, "always"},
               &Arguments::reflink,
               {{"auto", Reflink::automatic}, {"always", Reflink::always}, {"never", Reflink::never}}),
      {"", "--inplace", "",
       "write into an existing destination itself: no second\n"
       "copy, hard links stay, but its old content is lost",
       [](auto& to, const auto&) { to.writing = Writing::in_place; }},
      {"", "--repair", "",
       "with --inplace, or after a read-back that failed:\n"
       "write only the blocks that differ",
       [](auto& to, const auto&) { to.rewrite = Rewrite::differing; }},
      {"", "--remove-source-files", "", "remove what is no directory once its copy is proven",
       [](auto& to, const auto&) { to.sources = Sources::remove; }},
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
      {"-j", "--jobs", "N", "copy up to N small files at once, 1 to 256",
       [](auto& to, const auto& value) { to.jobs = parse_jobs(value); }},
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
      {"", "--max-duration", "TIME",
       "stop after TIME, like 90s, 30m, 2h, with the position\n"
       "saved and exit code 8",
       [](auto& to, const auto& value) { to.time_limit = parse_time_limit(value); }, "", Kept::no},
      {"", "--bwlimit", "RATE",
       "read and write at most RATE: KiB a second, or\n"
       "with a unit, like 10M or 1.5G",
       [](auto& to, const auto& value) {
         to.bytes_per_second = valid("--bwlimit", value, base::parse_rate(value));
       }},
      {"", "--nice-io", "", "read and write only when nobody else wants the disk",
       [](auto& to, const auto&) { to.io_priority = IoPriority::idle; }},
      choosing({"", "--sparse", "WHEN",
                "auto: make holes where the source has some (default);\n"
                "always: of all zeros; never: none",
                {}},
               &Arguments::sparse,
               {{"auto", Sparse::automatic}, {"always", Sparse::always}, {"never", Sparse::never}}),
      choosing({"", "--cache", "HOW",
                "auto: leave the page cache as it is (default); keep:\n"
                "go through it, as cp does; drop: forget both files",
                {}},
               &Arguments::cache,
               {{"auto", Cache::automatic}, {"keep", Cache::keep}, {"drop", Cache::drop}}),
  };
}

std::vector<Row> talk_rows() {
  using ui::Verbosity;
  return {
      {"", "--journal", "PATH", "keep the positions in this file", name_journal, "", Kept::no},
      {"", "--no-journal", "", "keep no positions: nothing to continue by a later run",
       [](auto& to, const auto&) { choose_journal(to, JournalChoice::none); }},
      {"", "--catalog", "", "keep the list of finished files in the journal",
       [](auto& to, const auto&) { to.catalog = Catalog::keep; }},
      {"", "--manifest", "FILE",
       "write the hashes of all copies to FILE when all is\n"
       "well, for xxh128sum -c",
       name_manifest, "", Kept::no},
      {"", "--dry-run", "", "do nothing, but say what would be done",
       [](auto& to, const auto&) {
         to.execution = Execution::dry;
         if (to.verbosity == Verbosity::normal) to.verbosity = Verbosity::verbose;
       },
       "", Kept::no},
      {"-v", "--verbose", "", "say what is done and why, and the result of each file",
       [](auto& to, const auto&) { to.verbosity = Verbosity::verbose; }, "", Kept::no},
      {"", "--debug", "", "the same as -v",
       [](auto& to, const auto&) { to.verbosity = Verbosity::verbose; }, "", Kept::no},
      {"-q", "--quiet", "", "say nothing but errors",
       [](auto& to, const auto&) { to.verbosity = Verbosity::quiet; }, "", Kept::no},
      {"", "--stats", "", "say at the end what was done, in figures",
       [](auto& to, const auto&) { to.figures = Figures::wanted; }, "", Kept::no},
      {"", "--json", "", "print one JSON object a line, for programs",
       [](auto& to, const auto&) { to.format = Format::json; }, "", Kept::no},
      {"", "--log-file", "PATH", "append what happens to this file, one line an event", name_log, "",
       Kept::no},
      choosing({"", "--progress", "WHEN",
                "auto: a line of progress on a terminal (default);\n"
                "always (the same without WHEN): elsewhere, lines now\n"
                "and then; never",
                {}, "always", Kept::no},
               &Arguments::progress,
               {{"auto", ProgressChoice::automatic}, {"always", ProgressChoice::always}, {"never", ProgressChoice::never}}),
      {"-h", "", "", "show the options that people use most and exit",
       [](auto& to, const auto&) { to.action = Action::short_help; }},
      {"", "--help", "", "show this help and exit",
       [](auto& to, const auto&) { to.action = Action::help; }},
      {"", "--version", "", "show the version and exit",
       [](auto& to, const auto&) { to.action = Action::version; }},
  };
}

}  // namespace rcopy::cli
