// SPDX-License-Identifier: MIT
//
// CLI11 recognises the options; what it does not recognise comes back in order and is sorted into
// operands and mistakes here. Operands are not declared to CLI11, because it splits a positional
// like "[a,b]" into two and takes "-1" for an operand.
#include "cli/arguments.hpp"

#include "base/parse.hpp"
#include "base/text.hpp"

#include <rcopy/error.hpp>
#include <rcopy/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

namespace rcopy::cli {
namespace {

[[noreturn]] void refuse(std::string message) {
  throw Error{
      {.code = ErrorCode::usage, .operation = {}, .path = {}, .reason = std::move(message)}};
}

using Apply = std::function<void(Arguments&, const std::string& value)>;

/// One option. Options are applied in the order they are given, so the last one counts.
struct Row {
  const char* short_name;  ///< "" where there is none
  const char* long_name;   ///< "" where there is none
  const char* value;       ///< what --help calls its value; "" for an option without one
  const char* help;        ///< lines end with '\n' where --help breaks them
  Apply apply;
  const char* without = "";  ///< the value of the option alone, where it may be left out
};

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

/// "forever" or a time.
std::chrono::milliseconds parse_wait(const char* option, const std::string& value) {
  if (value == kForeverWord) return kForever;
  return valid(option, value, base::parse_duration(value));
}

/// The one table of options.
std::vector<Row> option_table() {
  using ui::Verbosity;
  return {
      {"-p", "", "", "keep mode, owner (where permitted) and times",
       [](auto& to, const auto&) { to.attributes = Attributes::preserve; }},
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

bool takes_value(const Row& row) { return *row.value != '\0'; }

bool may_stand_alone(const Row& row) { return *row.without != '\0'; }

/// Gives an option that stands alone the value it has then: "--wait" becomes "--wait=forever", for
/// CLI11 would take the next word.
std::vector<std::string> completed(std::vector<std::string> words, const std::vector<Row>& table) {
  for (std::string& word : words) {
    if (word == "--") break;
    for (const Row& row : table) {
      if (may_stand_alone(row) && word == row.long_name) word += '=' + std::string{row.without};
    }
  }
  return words;
}

std::string cli11_names(const Row& row) {
  const std::string short_name = row.short_name;
  const std::string long_name = row.long_name;
  return short_name + (short_name.empty() || long_name.empty() ? "" : ",") + long_name;
}

void declare(CLI::App& app, const Row& row, Arguments& arguments) {
  const Apply& apply = row.apply;
  if (takes_value(row)) {
    app.add_option_function<std::string>(
           cli11_names(row),
           [&arguments, apply](const std::string& value) { apply(arguments, value); })
        ->trigger_on_parse();
  } else {
    app.add_flag_callback(cli11_names(row), [&arguments, apply] { apply(arguments, ""); })
        ->trigger_on_parse()
        ->disable_flag_override();
  }
}

/// Catches "--journal=" and "--verbose=x" before CLI11 does: it takes the next word for the value
/// of the first, and its message for the second says less.
void check_equals_signs(const std::vector<std::string>& words, const std::vector<Row>& table) {
  for (const std::string& word : words) {
    if (word == "--") return;
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    const std::string name = word.substr(0, equals);
    const auto row = std::find_if(table.begin(), table.end(),
                                  [&name](const Row& one) { return one.long_name == name; });
    if (row == table.end()) continue;
    if (!takes_value(*row)) refuse("option " + name + " takes no value");
    if (equals + 1 == word.size()) refuse("option " + name + " needs a value");
  }
}

/// What CLI11 did not recognise: operands, and options that do not exist. After the first "--",
/// which is the mark, everything is an operand.
std::vector<std::filesystem::path> operands_among(const std::vector<std::string>& rest) {
  std::vector<std::filesystem::path> operands;
  bool after_mark = false;
  for (const std::string& word : rest) {
    if (!after_mark && word == "--") {
      after_mark = true;
      continue;
    }
    if (!after_mark && word.size() > 1 && word.front() == '-') {
      refuse("unknown option " + base::quoted(word.substr(0, word.find('='))));
    }
    operands.emplace_back(word);
  }
  return operands;
}

constexpr std::size_t kHelpColumn = 26;

std::string help_of(const Row& row) {
  const std::string long_name = row.long_name;
  std::string line = "  " + (*row.short_name != '\0' ? std::string{row.short_name} : "  ");
  line += *row.short_name != '\0' && !long_name.empty() ? ", " : "  ";
  const std::string value = "=" + std::string{row.value};
  if (takes_value(row)) line += long_name + (may_stand_alone(row) ? "[" + value + "]" : value);
  else line += long_name;
  std::string_view help = row.help;
  for (;;) {
    const std::size_t end = std::min(help.find('\n'), help.size());
    line.resize(line.size() + kHelpColumn - (line.size() - (line.rfind('\n') + 1)), ' ');
    line += std::string{help.substr(0, end)} + "\n";
    if (end == help.size()) return line;
    help.remove_prefix(end + 1);
  }
}

constexpr const char* kHelpHead =
    "Usage: rcopy [OPTION]... SOURCE DEST\n"
    "  or:  rcopy [OPTION]... SOURCE... DIRECTORY\n"
    "Copy files like cp, but so that they can be trusted: a copy that was cut short\n"
    "is continued by the same command, and a finished one is read back from the\n"
    "medium before it gets its name.\n"
    "\n";

constexpr const char* kHelpTail =
    "\n"
    "Options may follow file names; -- ends the options. Of contradicting options the\n"
    "last one counts. The journal is $RCOPY_JOURNAL, else rcopy/journal.db in\n"
    "$XDG_STATE_HOME, else in ~/.local/state.\n"
    "\n"
    "Exit codes: 0 everything copied and verified, or up to date; 1 a file could not\n"
    "be copied; 2 usage error; 3 verification failed; 4 the source changed; 5 another\n"
    "rcopy works on this destination; 6 the journal cannot be used; 7 no space or\n"
    "quota; 70 a bug; 128+N stopped by signal N, position saved.\n"
    "\n"
    "Examples:\n"
    "  rcopy big.iso /mnt/stick/          after an interruption: the same again\n"
    "  rcopy -p *.mkv /mnt/backup/        several files, with their times\n"
    "  rcopy --resume=check a.img b.img   trust nothing an earlier run left\n"
    "  rcopy -- -odd-name /mnt/stick/     a name that begins with a dash\n";

}  // namespace

Arguments parse_arguments(const std::vector<std::string>& words) {
  Arguments arguments;
  const std::vector<Row> table = option_table();
  check_equals_signs(words, table);

  CLI::App app;
  app.set_help_flag();  // the table has its own
  app.allow_extras();
  for (const Row& row : table) declare(app, row, arguments);
  try {
    std::vector<std::string> rest = completed(words, table);
    std::reverse(rest.begin(), rest.end());  // as CLI11 wants them
    app.parse(std::move(rest));
  } catch (const CLI::ArgumentMismatch&) {  // the last word is an option that needs a value
    refuse("option " + words.back() + " needs a value");
  } catch (const CLI::ParseError& error) {
    refuse(error.what());
  }
  arguments.operands = operands_among(app.remaining());
  return arguments;
}

Options to_options(const Arguments& arguments, const Environment& environment) {
  Options options{
      .verify = arguments.verify,
      .resume = arguments.resume,
      .attributes = arguments.attributes,
      .reflink = arguments.reflink,
      .writing = arguments.writing,
      .rewrite = arguments.rewrite,
      .retries = arguments.retries,
      .retry_wait = arguments.retry_wait,
      .device_wait = arguments.device_wait,
      .bytes_per_second = arguments.bytes_per_second,
      .io_priority = arguments.io_priority,
      .cache = arguments.cache,
      .sparse = arguments.sparse,
      .lock_wait = arguments.lock_wait,
  };
  switch (arguments.journal_choice) {
    case JournalChoice::usual: options.journal = journal_location(environment); break;
    case JournalChoice::named: options.journal = arguments.journal; break;
    case JournalChoice::none: break;
  }
  return options;
}

Job to_job(const Arguments& arguments) {
  const auto& operands = arguments.operands;
  if (operands.empty()) refuse("missing file operand");
  if (std::any_of(operands.begin(), operands.end(), [](const auto& one) { return one.empty(); })) {
    refuse("a file operand is empty");
  }
  if (operands.size() == 1) {
    refuse("missing destination file operand after " + base::quoted(operands.front()));
  }
  const bool slash_at_end = operands.back().native().back() == '/';
  return {
      .sources = {operands.begin(), std::prev(operands.end())},
      .destination = operands.back(),
      .target = operands.size() > 2 || slash_at_end ? Target::directory : Target::automatic,
  };
}

std::string help_text() {
  std::string text = kHelpHead;
  for (const Row& row : option_table()) text += help_of(row);
  return text + kHelpTail;
}

std::string version_text() {
  return std::string{"rcopy "} + kVersion +
         "\n"
         "License MIT. There is no warranty, to the extent permitted by law.\n";
}

std::vector<std::string> option_names() {
  std::vector<std::string> names;
  for (const Row& row : option_table()) {
    for (const std::string name : {row.short_name, row.long_name}) {
      if (!name.empty()) names.push_back(name);
    }
  }
  return names;
}

}  // namespace rcopy::cli
