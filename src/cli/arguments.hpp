// SPDX-License-Identifier: MIT
//
// The command line: words -> Arguments -> rcopy::Options and rcopy::Job. One table declares every
// option; parser and help both come from it. File names pass through as the bytes they are.
#pragma once

#include "cli/journal_location.hpp"
#include "cli/rule_files.hpp"
#include "ui/text_renderer.hpp"

#include <rcopy/copy.hpp>
#include <rcopy/journal.hpp>
#include <rcopy/options.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rcopy::cli {

enum class Action { copy, short_help, help, version, list, resume_all, forget, prune, audit, check };

/// Then nothing is done, whatever else is asked for.
[[nodiscard]] constexpr bool asks_for_help(Action action) {
  return action == Action::short_help || action == Action::help || action == Action::version;
}

enum class JournalChoice {
  usual,  ///< where the environment says
  named,  ///< Arguments::journal
  none,
};

/// What a program gets to read on standard output.
enum class Format { text, json };

/// Whether a run ends with what it did, in figures.
enum class Figures { unsaid, wanted };

enum class Clobber { usual, never };

enum class BackupChoice { unsaid, wanted };

enum class TrailingSlashes { keep, strip };

/// How long a run may take, and as the user wrote it.
struct TimeLimit {
  std::chrono::milliseconds time{0};
  std::string text;
};

enum class ProgressChoice {
  automatic,  ///< on a terminal, where it is not to be quiet
  always,
  never,
};

/// What the user wrote, with the defaults filled in.
struct Arguments {
  Action action = Action::copy;
  std::string action_name;          ///< the option that says so
  std::vector<RecordKey> forgotten;
  std::chrono::seconds pruned_age{0};
  std::filesystem::path audited;    ///< empty: everything
  std::filesystem::path checked;    ///< a list of hashes; "-" is standard input
  std::string words;                ///< Options::words: those of the copy, one a line, as base::escaped_line() makes it
  ui::Verbosity verbosity = ui::Verbosity::normal;
  Format format = Format::text;
  ProgressChoice progress = ProgressChoice::automatic;
  Figures figures = Figures::unsaid;
  std::optional<std::filesystem::path> log_file;
  JournalChoice journal_choice = JournalChoice::usual;
  std::filesystem::path journal;
  Verify verify = Options{}.verify;
  Resume resume = Options{}.resume;
  Attributes attributes = Options{}.attributes;
  Recursion recursion = Options{}.recursion;
  std::optional<Follow> follow;  ///< nothing: as cp does
  Make make = Options{}.make;
  Specials specials = Options{}.specials;
  Mounts mounts = Options{}.mounts;
  DirectoryLinks directory_links = Options{}.directory_links;
  std::vector<RuleWord> rules;
  std::optional<std::filesystem::path> files_from;  ///< "-" is standard input
  Separator separator = Separator::line;            ///< of all files of rules and names
  Compare compare = Options{}.compare;
  std::uint64_t min_bytes = Options{}.min_bytes;
  std::uint64_t max_bytes = Options{}.max_bytes;
  Execution execution = Options{}.execution;
  Sources sources = Options{}.sources;
  Catalog catalog = Options{}.catalog;
  unsigned jobs = Options{}.jobs;
  Reflink reflink = Options{}.reflink;
  Writing writing = Options{}.writing;
  Rewrite rewrite = Options{}.rewrite;
  std::optional<std::string> expected_hash;
  std::optional<std::filesystem::path> manifest;
  unsigned retries = Options{}.retries;
  std::chrono::milliseconds retry_wait = Options{}.retry_wait;
  std::chrono::milliseconds device_wait = Options{}.device_wait;
  std::uint64_t bytes_per_second = Options{}.bytes_per_second;
  IoPriority io_priority = Options{}.io_priority;
  Cache cache = Options{}.cache;
  Sparse sparse = Options{}.sparse;
  std::chrono::milliseconds lock_wait = Options{}.lock_wait;
  std::optional<TimeLimit> time_limit;
  Update update = Options{}.update;
  Replace replace = Options{}.replace;
  Ask ask = Options{}.ask;
  Clobber clobber = Clobber::usual;  ///< never: whatever `update` says
  BackupChoice backups = BackupChoice::unsaid;
  std::optional<Backup> backup;  ///< of those wanted; nothing: as the environment says
  std::string backup_suffix;     ///< empty: likewise
  std::optional<std::filesystem::path> target_directory;
  Target target = Target::automatic;
  Naming naming = Naming::last_component;
  TrailingSlashes slashes = TrailingSlashes::keep;
  std::vector<std::filesystem::path> operands;
};

/// `words` is argv without the program's name. As in GNU programs options may follow operands, "--"
/// ends the options, and of contradicting options the last one counts; only --journal and
/// --no-journal exclude each other. Throws Error (usage) whose text is the whole message.
[[nodiscard]] Arguments parse_arguments(const std::vector<std::string>& words);

/// Reads the files of rules. Throws Error: journal where the journal has no place; usage for backups of
/// an unknown kind and for rules that cannot be read.
[[nodiscard]] Options to_options(const Arguments& arguments, const Environment& environment);

/// Reads the list of --files-from. Throws Error (usage) for missing or empty operands, and for names that
/// cannot be read.
[[nodiscard]] Job to_job(const Arguments& arguments);

/// One screen of 24 lines: the options that people use most, and how to see all.
[[nodiscard]] std::string short_help_text();
[[nodiscard]] std::string help_text();
[[nodiscard]] std::string version_text();

/// Every name an option goes by: "-p", "-v", "--verbose", ...
[[nodiscard]] std::vector<std::string> option_names();

}  // namespace rcopy::cli
