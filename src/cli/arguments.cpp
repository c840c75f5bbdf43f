// SPDX-License-Identifier: MIT
//
// CLI11 recognises the options; what it does not recognise comes back in order and is sorted into
// operands and mistakes here. Operands are not declared to CLI11, because it splits a positional
// like "[a,b]" into two and takes "-1" for an operand.
#include "cli/arguments.hpp"

#include "base/text.hpp"
#include "cli/option_table.hpp"
#include "cli/option_values.hpp"
#include "cli/spelling.hpp"

#include <rcopy/error.hpp>
#include <rcopy/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace rcopy::cli {
namespace {

std::string cli11_names(const Row& row) {
  const std::string short_name = row.short_name;
  const std::string long_name = row.long_name;
  return short_name + (short_name.empty() || long_name.empty() ? "" : ",") + long_name;
}

/// The word that means the option, for who continues the copy.
void keep_word(Arguments& arguments, const Row& row, const std::string& value) {
  if (row.kept == Kept::no) return;
  std::string word = *row.long_name != '\0' ? row.long_name : row.short_name;
  const bool file = word.ends_with("-from") && value != "-";  // who continues may be in another directory
  if (takes_value(row)) word += "=" + (file ? std::filesystem::absolute(value).native() : value);
  arguments.words += base::escaped_line(word) + "\n";
}

void declare(CLI::App& app, const Row& row, Arguments& arguments) {
  const Apply apply = [&row](Arguments& to, const std::string& value) {
    keep_word(to, row, value);
    row.apply(to, value);
  };
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

/// What CLI11 did not recognise: operands, and letters that are no options. After the first "--",
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

/// What is read to its end by one option is empty for the next.
void check_standard_input(const Arguments& arguments) {
  using Kind = RuleWord::Kind;
  const auto readers = std::count_if(arguments.rules.begin(), arguments.rules.end(), [](const RuleWord& word) {
    return word.text == "-" && word.kind != Kind::exclude && word.kind != Kind::include;
  });
  if (readers + (arguments.files_from == "-" ? 1 : 0) > 1) refuse("standard input can be read by one option only");
}

/// What would be passed over in silence. What is continued is copied, but may be parts of several jobs.
void check_unheeded(const Arguments& arguments) {
  const bool copies = arguments.action == Action::resume_all;
  const auto refuse_if = [&](bool given, const char* option) {
    if (given) refuse(arguments.action_name + " and " + option + " exclude each other");
  };
  refuse_if(arguments.manifest.has_value(), "--manifest");
  refuse_if(!copies && arguments.expected_hash, "--expect");
  refuse_if(!copies && arguments.time_limit, "--max-duration");
  refuse_if(!copies && arguments.log_file, "--log-file");
  refuse_if(!copies && arguments.figures == Figures::wanted, "--stats");
}

/// Where nothing is copied there is nothing to name.
void check_instead(const Arguments& arguments) {
  if (arguments.action_name.empty() || asks_for_help(arguments.action)) return;
  const std::string& action = arguments.action_name;
  check_unheeded(arguments);
  if (!arguments.operands.empty()) {
    const char* const but = arguments.action == Action::audit ? "; a path is given as --audit=PATH" : "";
    refuse("extra operand " + base::quoted(arguments.operands.front()) + "; " + action + " takes none" + but);
  }
  if (arguments.action != Action::check && arguments.journal_choice == JournalChoice::none) {
    refuse(action + " and --no-journal exclude each other");
  }
}

std::filesystem::path without_slashes(const std::filesystem::path& path) {
  std::string text = path.native();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

/// What cp does with symlinks where neither -H nor -L nor -P is said.
Follow usual_follow(const Arguments& arguments) {
  const bool tree = arguments.recursion == Recursion::all && arguments.make != Make::hard_link;
  return tree ? Follow::none : Follow::all;
}

/// Nothing can be written into a name for it to become a link: with -f it is replaced, as in cp.
Replace replacing(const Arguments& arguments) {
  const bool link = arguments.make == Make::hard_link || arguments.make == Make::symbolic_link;
  return link && arguments.replace == Replace::any ? Replace::name : arguments.replace;
}

/// What the destination is taken for. There is at least one operand.
Target target_of(const Arguments& arguments) {
  const auto& operands = arguments.operands;
  const bool never_directory = arguments.target == Target::file;
  if (arguments.target_directory) {
    if (never_directory) refuse("cannot combine --target-directory (-t) and --no-target-directory (-T)");
    return Target::directory;
  }
  if (operands.size() == 1) refuse("missing destination file operand after " + base::quoted(operands.front()));
  if (never_directory && operands.size() > 2) refuse("extra operand " + base::quoted(operands[2]));
  if (arguments.naming == Naming::whole_path) {
    if (never_directory) refuse("with --parents, the destination must be a directory");
    return Target::directory;
  }
  if (never_directory) return Target::file;
  // "cp -r DIR NEW/" makes NEW.
  const bool slash_at_end = operands.back().native().back() == '/' && arguments.recursion == Recursion::none;
  return operands.size() > 2 || slash_at_end ? Target::directory : Target::automatic;
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
    if (line.size() - (line.rfind('\n') + 1) >= kHelpColumn) line += '\n';
    line.resize(line.size() + kHelpColumn - (line.size() - (line.rfind('\n') + 1)), ' ');
    line += std::string{help.substr(0, end)} + "\n";
    if (end == help.size()) return line;
    help.remove_prefix(end + 1);
  }
}

constexpr const char* kHelpHead =
    "Usage: rcopy [OPTION]... SOURCE DEST\n"
    "  or:  rcopy [OPTION]... SOURCE... DIRECTORY\n"
    "  or:  rcopy [OPTION]... -t DIRECTORY SOURCE...\n"
    "  or:  rcopy [OPTION]... --list, --resume-all, --audit, --check=FILE, ...\n"
    "Copy files like cp, but so that they can be trusted: a copy that was cut short\n"
    "is continued by the same command, and a finished one is read back from the\n"
    "medium before it gets its name.\n";

constexpr const char* kHelpTail =
    "\n"
    "Options may follow file names; -- ends the options. Long options, and words that\n"
    "are values, may be abbreviated. Of contradicting options the last one counts.\n"
    "The journal is $RCOPY_JOURNAL, else rcopy/journal.db in $XDG_STATE_HOME, else in\n"
    "~/.local/state.\n"
    "\n"
    "Exit codes: 0 everything copied and verified, or up to date; 1 a file could not\n"
    "be copied; 2 usage error; 3 verification failed; 4 the source changed; 5 another\n"
    "rcopy works on this destination; 6 the journal cannot be used; 7 no space or\n"
    "quota; 8 time limit reached, position saved; 70 a bug; 128+N stopped by signal\n"
    "N, position saved.\n"
    "\n"
    "Examples:\n"
    "  rcopy big.iso /mnt/stick/          after an interruption: the same again\n"
    "  rcopy -p *.mkv /mnt/backup/        several files, with their times\n"
    "  rcopy --resume=check a.img b.img   trust nothing an earlier run left\n"
    "  rcopy -- -odd-name /mnt/stick/     a name that begins with a dash\n";

}  // namespace

Arguments parse_arguments(const std::vector<std::string>& words) {
  Arguments arguments;
  const std::vector<Row>& table = option_table();

  CLI::App app;
  app.set_help_flag();  // the table has its own
  app.allow_extras();
  for (const Row& row : table) declare(app, row, arguments);
  try {
    std::vector<std::string> rest = spelled_out(words, table);
    std::reverse(rest.begin(), rest.end());  // as CLI11 wants them
    app.parse(std::move(rest));
  } catch (const CLI::ParseError& error) {
    refuse(error.what());
  }
  arguments.operands = operands_among(app.remaining());
  check_instead(arguments);
  check_standard_input(arguments);
  return arguments;
}

Options to_options(const Arguments& arguments, const Environment& environment) {
  Options options{
      .verify = arguments.verify,
      .resume = arguments.resume,
      .attributes = arguments.attributes,
      .recursion = arguments.recursion,
      .follow = arguments.follow.value_or(usual_follow(arguments)),
      .make = arguments.make,
      .specials = arguments.specials,
      .mounts = arguments.mounts,
      .directory_links = arguments.directory_links,
      .compare = arguments.compare,
      .filters = read_rules(arguments.rules, arguments.separator),
      .min_bytes = arguments.min_bytes,
      .max_bytes = arguments.max_bytes,
      .execution = arguments.execution,
      .sources = arguments.sources,
      .catalog = arguments.catalog,
      .jobs = arguments.jobs,
      .reflink = arguments.reflink,
      .writing = arguments.writing,
      .rewrite = arguments.rewrite,
      .update = arguments.clobber == Clobber::never ? Update::none : arguments.update,
      .replace = replacing(arguments),
      .ask = arguments.ask,
      .backup = Backup::none,
      .backup_suffix = Options{}.backup_suffix,
      .expected_hash = arguments.expected_hash,
      .manifest = arguments.manifest,
      .retries = arguments.retries,
      .retry_wait = arguments.retry_wait,
      .device_wait = arguments.device_wait,
      .bytes_per_second = arguments.bytes_per_second,
      .io_priority = arguments.io_priority,
      .cache = arguments.cache,
      .sparse = arguments.sparse,
      .lock_wait = arguments.lock_wait,
      .words = arguments.words,
  };
  if (arguments.backups == BackupChoice::wanted) {
    const std::string& usual = environment.version_control;
    options.backup = arguments.backup ? *arguments.backup
                     : usual.empty() ? Backup::existing
                                     : parse_backup("$VERSION_CONTROL", usual);
    for (const std::string& suffix : {environment.simple_backup_suffix, arguments.backup_suffix}) {
      if (!suffix.empty() && suffix.find('/') == std::string::npos) options.backup_suffix = suffix;
    }
  }
  if (options.backup != Backup::none && (options.update == Update::none || options.update == Update::none_fail)) {
    refuse("options --backup and --no-clobber are mutually exclusive");
  }
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
  Job job{
      .sources = operands, .destination = {}, .target = target_of(arguments), .naming = arguments.naming};
  if (arguments.target_directory) {
    job.destination = *arguments.target_directory;
  } else {
    job.destination = operands.back();
    job.sources.pop_back();
  }
  if (arguments.slashes == TrailingSlashes::strip) {
    for (auto& source : job.sources) source = without_slashes(source);
  }
  if (arguments.files_from) {
    if (job.sources.size() != 1) refuse("with --files-from there must be one source, a directory");
    job.only = read_names(*arguments.files_from, arguments.separator);
  }
  return job;
}

std::string short_help_text() {
  std::string text = std::string{kHelpHead} + "\nThe options that people use most:\n";
  for (const Row& row : usual_rows()) text += help_of(row);
  return text + "\nrcopy --help shows all options, man rcopy explains them.\n";
}

std::string help_text() {
  std::string text = kHelpHead;
  for (const Group& group : option_groups()) {
    text += std::string{"\n"} + group.title + ":\n";
    for (const Row& row : group.rows) text += help_of(row);
  }
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
