// SPDX-License-Identifier: MIT
//
// What each option is called, says of itself, and does to Arguments.
#include "cli/option_table.hpp"

#include "base/parse.hpp"
#include "base/text.hpp"

#include <rcopy/error.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace rcopy::cli {

void refuse(std::string message) {
  throw Error{
      {.code = ErrorCode::usage, .operation = {}, .path = {}, .reason = std::move(message)}};
}

namespace {

constexpr const char* kForeverWord = "forever";

template <class Enum>
using Choices = std::vector<std::pair<const char*, Enum>>;

template <class Enum>
Enum choose(const char* option, const std::string& value, const Choices<Enum>& choices) {
  std::string known;
  for (const auto& [name, choice] : choices) {
    if (value == name) return choice;
    known += (known.empty() ? "" : ", ") + std::string{name};
  }
  refuse("invalid value " + base::quoted(value) + " for " + option + "; one of: " + known);
}

template <class Value>
Value valid(const char* option, const std::string& text, const std::optional<Value>& value) {
  if (!value) refuse("invalid value " + base::quoted(text) + " for " + option);
  return *value;
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

Backup parse_backup(const char* option, const std::string& value) {
  return choose<Backup>(option, value,
                        {{"none", Backup::none},
                         {"off", Backup::none},
                         {"simple", Backup::simple},
                         {"never", Backup::simple},
                         {"numbered", Backup::numbered},
                         {"t", Backup::numbered},
                         {"existing", Backup::existing},
                         {"nil", Backup::existing}});
}

namespace {

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

Cache parse_cache(const std::string& value) {
  return choose<Cache>(
      "--cache", value,
      {{"auto", Cache::automatic}, {"keep", Cache::keep}, {"drop", Cache::drop}});
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

Update parse_update(const std::string& value) {
  return choose<Update>("--update", value,
                        {{"all", Update::all},
                         {"older", Update::older},
                         {"none", Update::none},
                         {"none-fail", Update::none_fail}});
}

constexpr const char* kPlainPreserve = "mode,ownership,timestamps";

/// One of the words that --preserve and --no-preserve take.
enum class Kept { mode, ownership, timestamps, xattr, all };

std::vector<Kept> kept_words(const char* option, const std::string& list) {
  std::vector<Kept> words;
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string word = list.substr(begin, end - begin);
    if (word == "links" || word == "context") refuse(std::string{option} + '=' + word + " is not supported");
    words.push_back(choose<Kept>(option, word,
                                 {{"mode", Kept::mode},
                                  {"ownership", Kept::ownership},
                                  {"timestamps", Kept::timestamps},
                                  {"xattr", Kept::xattr},
                                  {"all", Kept::all}}));
    begin = end + 1;
  }
  return words;
}

void keep_attributes(Arguments& to, const std::string& list) {
  for (const Kept word : kept_words("--preserve", list)) {
    const bool all = word == Kept::all;
    if (all || word == Kept::mode) to.attributes.mode = Mode::preserve;
    if (all || word == Kept::ownership) to.attributes.ownership = Ownership::preserve;
    if (all || word == Kept::timestamps) to.attributes.timestamps = Timestamps::preserve;
    if (word == Kept::xattr) to.attributes.xattrs = Xattrs::preserve;
    if (all && to.attributes.xattrs == Xattrs::like_cp) to.attributes.xattrs = Xattrs::possible;
  }
}

void drop_attributes(Arguments& to, const std::string& list) {
  for (const Kept word : kept_words("--no-preserve", list)) {
    const bool all = word == Kept::all;
    if (all || word == Kept::mode) to.attributes.mode = Mode::usual;
    if (all || word == Kept::ownership) to.attributes.ownership = Ownership::like_cp;
    if (all || word == Kept::timestamps) to.attributes.timestamps = Timestamps::like_cp;
    if (all || word == Kept::xattr) to.attributes.xattrs = Xattrs::like_cp;
  }
}

/// --backup alone.
constexpr const char* kUsualBackup = "as-the-environment-says";

void choose_backup(Arguments& to, const std::string& value) {
  if (value != kUsualBackup) to.backup = parse_backup("--backup", value);
  to.backups = BackupChoice::wanted;
}

/// "forever" or a time.
std::chrono::milliseconds parse_wait(const char* option, const std::string& value) {
  if (value == kForeverWord) return kForever;
  return valid(option, value, base::parse_duration(value));
}

/// What the copy gets besides its content.
std::vector<Row> attribute_rows() {
  return {
      {"-p", "", "", "keep mode, owner (where permitted) and times",
       [](auto& to, const auto&) { keep_attributes(to, kPlainPreserve); }},
      {"", "--preserve", "LIST",
       "keep these, with commas between: mode, ownership,\n"
       "timestamps (the same as -p without LIST), xattr, all",
       keep_attributes, kPlainPreserve},
      {"", "--no-preserve", "LIST", "do not keep these",
       drop_attributes},
  };
}

/// Where it goes, and what becomes of what is there.
std::vector<Row> replace_rows() {
  return {
      {"-t", "--target-directory", "DIR", "copy all operands into this directory",
       [](auto& to, const auto& value) { to.target_directory = value; }},
      {"-T", "--no-target-directory", "", "DEST is the file to write, never a directory",
       [](auto& to, const auto&) { to.target = Target::file; }},
      {"", "--strip-trailing-slashes", "", "take slashes off the ends of the sources",
       [](auto& to, const auto&) { to.slashes = TrailingSlashes::strip; }},
      {"-f", "--force", "", "replace also what may not be written",
       [](auto& to, const auto&) { to.replace = std::max(to.replace, Replace::any); }},
      {"", "--remove-destination", "",
       "replace what has the name itself, be it a link, and\n"
       "keep nothing of it",
       [](auto& to, const auto&) { to.replace = Replace::name; }},
      {"-i", "--interactive", "", "ask before something is replaced",
       [](auto& to, const auto&) {
         to.ask = Ask::before_replacing;
         to.clobber = Clobber::usual;
       }},
      {"-n", "--no-clobber", "", "replace nothing, whatever -u or --update say",
       [](auto& to, const auto&) {
         to.ask = Ask::never;
         to.clobber = Clobber::never;
       }},
      {"-u", "", "", "the same as --update=older",
       [](auto& to, const auto&) { to.update = Update::older; }},
      {"", "--update", "WHICH",
       "replace all (default), or those that are older than\n"
       "the source (the same without WHICH), or none; or\n"
       "none-fail: none, and each is a failure",
       [](auto& to, const auto& value) { to.update = parse_update(value); }, "older"},
      {"-b", "", "", "the same as --backup",
       [](auto& to, const auto&) { choose_backup(to, kUsualBackup); }},
      {"", "--backup", "HOW",
       "keep what is replaced: simple, as NAME~; numbered, as\n"
       "NAME.~1~; existing (default): numbered where there\n"
       "are some; none",
       choose_backup, kUsualBackup},
      {"-S", "--suffix", "SUFFIX", "of simple backups, instead of ~; implies --backup",
       [](auto& to, const auto& value) {
         if (to.backups == BackupChoice::unsaid) to.backups = BackupChoice::wanted;
         to.backup_suffix = value;
       }},
  };
}

/// How it is made, continued and proven.
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
       "can, else copy (default); always: or fail; never",
       [](auto& to, const auto& value) { to.reflink = parse_reflink(value); }},
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

/// What it waits for, and leaves to others.
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

/// What is kept of it, and said.
std::vector<Row> talk_rows() {
  using ui::Verbosity;
  return {
      {"", "--journal", "PATH", "keep the positions in this file", name_journal},
      {"", "--no-journal", "", "keep no positions: nothing to continue by a later run",
       [](auto& to, const auto&) { choose_journal(to, JournalChoice::none); }},
      {"-v", "--verbose", "", "say what is done and why, and the result of each file",
       [](auto& to, const auto&) { to.verbosity = Verbosity::verbose; }},
      {"-q", "--quiet", "", "say nothing but errors",
       [](auto& to, const auto&) { to.verbosity = Verbosity::quiet; }},
      {"-h", "--help", "", "show this help and exit",
       [](auto& to, const auto&) { to.action = Action::help; }},
      {"", "--version", "", "show the version and exit",
       [](auto& to, const auto&) { to.action = Action::version; }},
  };
}

/// In the order of --help.
std::vector<Row> make_table() {
  std::vector<Row> table;
  for (const auto& rows : {attribute_rows(), replace_rows(), proof_rows(), load_rows(), talk_rows()}) {
    table.insert(table.end(), rows.begin(), rows.end());
  }
  return table;
}

}  // namespace

const std::vector<Row>& option_table() {
  static const std::vector<Row> table = make_table();
  return table;
}

}  // namespace rcopy::cli
