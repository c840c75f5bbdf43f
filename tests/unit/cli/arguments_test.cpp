// SPDX-License-Identifier: MIT
//
// The command line, hostile words included: a file name comes out as the bytes that went in, and
// what is not understood is refused.
#include "cli/arguments.hpp"
#include "support/catch.hpp"

#include <rcopy/error.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace rcopy;
using namespace rcopy::cli;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;
using Paths = std::vector<std::filesystem::path>;

/// The message of the refusal; empty where the words are good.
std::string refusal(const Words& words) {
  try {
    const Arguments arguments = parse_arguments(words);
    if (arguments.action == Action::copy) static_cast<void>(to_job(arguments));
    return "";
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::usage);
    return error.what();
  }
}

Options options_of(const Words& words) {
  return to_options(parse_arguments(words), {.rcopy_journal = "/j.db"});
}

}  // namespace

TEST_CASE("without options the defaults of the library hold") {
  const Arguments arguments = parse_arguments({"a", "b"});
  CHECK(arguments.action == Action::copy);
  CHECK(arguments.verbosity == ui::Verbosity::normal);
  CHECK(arguments.operands == Paths{"a", "b"});
  const Options options = to_options(arguments, {.rcopy_journal = "/j.db"});
  CHECK(options.journal == "/j.db");
  CHECK(options.verify == Verify::medium);
  CHECK(options.resume == Resume::automatic);
  CHECK(options.attributes == Attributes{});
  CHECK(options.reflink == Reflink::automatic);
  CHECK(options.writing == Writing::beside);
  CHECK(options.rewrite == Rewrite::all);
  CHECK(options.retries == 3);
  CHECK(options.retry_wait == 1s);
}

TEST_CASE("every option arrives") {
  CHECK(options_of({"-p", "a", "b"}).attributes == kPreserved);
  CHECK(options_of({"--verify=medium"}).verify == Verify::medium);
  CHECK(options_of({"--verify=cache"}).verify == Verify::cache);
  CHECK(options_of({"--verify", "none"}).verify == Verify::none);
  CHECK(options_of({"--no-verify"}).verify == Verify::none);
  CHECK(options_of({"--resume=auto"}).resume == Resume::automatic);
  CHECK(options_of({"--resume=check"}).resume == Resume::check);
  CHECK(options_of({"--resume=never"}).resume == Resume::never);
  CHECK(options_of({"--inplace"}).writing == Writing::in_place);
  CHECK(options_of({"--repair"}).rewrite == Rewrite::differing);
  CHECK(options_of({"--reflink=auto"}).reflink == Reflink::automatic);
  CHECK(options_of({"--reflink=always"}).reflink == Reflink::always);
  CHECK(options_of({"--reflink=never"}).reflink == Reflink::never);
  CHECK(options_of({"--retries=0"}).retries == 0);
  CHECK(options_of({"--retries", "7"}).retries == 7);
  CHECK(options_of({"--retry-wait=250ms"}).retry_wait == 250ms);
  CHECK(options_of({}).device_wait == 0ms);
  CHECK(options_of({"--wait"}).device_wait == rcopy::kForever);
  CHECK(options_of({"--wait=90s"}).device_wait == 90s);
  CHECK(options_of({}).lock_wait == 0ms);
  CHECK(options_of({"--lock-wait"}).lock_wait == rcopy::kForever);
  CHECK(options_of({"--lock-wait=1.5m"}).lock_wait == 90s);
  CHECK(options_of({"--journal=x.db"}).journal == "x.db");
  CHECK(options_of({"--journal", "x.db"}).journal == "x.db");
  CHECK(options_of({"--no-journal"}).journal == std::nullopt);
  for (const char* word : {"-v", "--verbose"}) {
    CHECK(parse_arguments({word}).verbosity == ui::Verbosity::verbose);
  }
  for (const char* word : {"-q", "--quiet"}) {
    CHECK(parse_arguments({word}).verbosity == ui::Verbosity::quiet);
  }
  CHECK(parse_arguments({"-h"}).action == Action::short_help);
  CHECK(parse_arguments({"--help"}).action == Action::help);
  CHECK(parse_arguments({"--version"}).action == Action::version);
}

TEST_CASE("short options may be joined, and options may follow operands") {
  const Arguments arguments = parse_arguments({"a", "-pv", "b", "--no-verify"});
  CHECK(arguments.attributes == kPreserved);
  CHECK(arguments.verbosity == ui::Verbosity::verbose);
  CHECK(arguments.verify == Verify::none);
  CHECK(arguments.operands == Paths{"a", "b"});
}

TEST_CASE("of contradicting options the last one counts") {
  CHECK(options_of({"--no-verify", "--verify=cache"}).verify == Verify::cache);
  CHECK(options_of({"--verify=cache", "--no-verify"}).verify == Verify::none);
  CHECK(options_of({"--verify=none", "--no-verify", "--verify=medium"}).verify == Verify::medium);
  CHECK(options_of({"--verify=cache", "--no-verify", "--verify=cache"}).verify == Verify::cache);
  CHECK(options_of({"--resume=never", "--resume=auto"}).resume == Resume::automatic);
  CHECK(options_of({"--retries=1", "--retries=2"}).retries == 2);
  CHECK(options_of({"--journal=a", "--journal=b"}).journal == "b");
  CHECK(parse_arguments({"-q", "-v"}).verbosity == ui::Verbosity::verbose);
  CHECK(parse_arguments({"-v", "-v", "-q"}).verbosity == ui::Verbosity::quiet);
  CHECK(parse_arguments({"-p", "-p", "-p"}).attributes == kPreserved);
}

TEST_CASE("--journal and --no-journal exclude each other") {
  const std::string message = "--journal and --no-journal exclude each other";
  CHECK(refusal({"--journal=x", "--no-journal", "a", "b"}) == message);
  CHECK(refusal({"--no-journal", "--journal=x", "a", "b"}) == message);
}

TEST_CASE("file names pass through as the bytes they are") {
  for (const char* name :
       {"-",        "a=b",  "@file", "[a,b]", "[]",  "{}", "%%",   "++",  "a b", " ",
        "\t",       "\n",   "\"a\"", "'a'",   "\\n", "/s", "/s:x", "a,b", "~",   "*",
        "\xff\xfe", "help", "true",  "1",     "1e5", "#",  ";",    "="}) {
    CAPTURE(name);
    CHECK(parse_arguments({name, "b"}).operands == Paths{name, "b"});
    CHECK(parse_arguments({"a", name, "-p"}).operands == Paths{"a", name});
    CHECK(parse_arguments({"--", name, name}).operands == Paths{name, name});
    CHECK(options_of({"--journal", name, "a", "b"}).journal == name);
    CHECK(options_of({std::string{"--journal="} + name, "a", "b"}).journal == name);
  }
}

TEST_CASE("after -- everything is a file name") {
  CHECK(parse_arguments({"-p", "--", "-v", "--help"}).operands == Paths{"-v", "--help"});
  CHECK(parse_arguments({"--", "--", "-"}).operands == Paths{"--", "-"});
  CHECK(parse_arguments({"a", "--", "-1", "---x", "--journal="}).operands ==
        Paths{"a", "-1", "---x", "--journal="});
  CHECK(parse_arguments({"--", "--verify=none", "b"}).verify == Verify::medium);
}

TEST_CASE("an option's value may look like an option") {
  const Arguments arguments = parse_arguments({"--journal", "-p", "a", "b"});
  CHECK(arguments.journal == "-p");
  CHECK(arguments.attributes == Attributes{});
  CHECK(parse_arguments({"--journal", "--", "a", "-p"}).attributes == kPreserved);
}

TEST_CASE("an unknown option is refused by name") {
  CHECK(refusal({"--bogus", "a", "b"}) == "unknown option '--bogus'");
  CHECK(refusal({"a", "b", "--bogus=1"}) == "unknown option '--bogus'");
  CHECK(refusal({"-k", "a", "b"}) == "unknown option '-k'");
  CHECK(refusal({"-pk", "a", "b"}) == "unknown option '-k'");
  CHECK(refusal({"-1", "a", "b"}) == "unknown option '-1'");
  CHECK(refusal({"-v5", "a", "b"}) == "unknown option '-5'");
  CHECK(refusal({"---p", "a", "b"}) == "unknown option '---p'");
  CHECK(refusal({"--=p", "a", "b"}) == "unknown option '--'");
  CHECK(refusal({"-!", "a", "b"}) == "unknown option '-!'");
  CHECK(refusal({"- ", "a", "b"}) == "unknown option '- '");
  CHECK(refusal({"-\xc3\xbc", "a", "b"}) == "unknown option '-ü'");
  CHECK(refusal({"-verbose", "a", "b"}).substr(0, 14) == "unknown option");
  CHECK(refusal({"-pü\n", "a", "b"}).find('\n') == std::string::npos);
}

TEST_CASE("a value that is missing, empty or unwanted is refused") {
  CHECK(refusal({"a", "b", "--journal"}) == "option --journal needs a value");
  CHECK(refusal({"a", "b", "--retries"}) == "option --retries needs a value");
  CHECK(refusal({"--journal=", "a", "b"}) == "option --journal needs a value");
  CHECK(refusal({"--verify=", "none", "a", "b"}) == "option --verify needs a value");
  CHECK(refusal({"--journal", "", "a", "b"}) == "--journal needs the name of a file");
  CHECK(refusal({"--no-verify=1", "a", "b"}) == "option --no-verify takes no value");
  CHECK(refusal({"--verbose=false", "a", "b"}) == "option --verbose takes no value");
  CHECK(refusal({"--help=", "a", "b"}) == "option --help takes no value");
}

TEST_CASE("a value that means nothing is refused and the good ones are named") {
  CHECK(refusal({"--verify=disk", "a", "b"}) ==
        "invalid value 'disk' for --verify; one of: medium, cache, none");
  CHECK(refusal({"--resume=AUTO", "a", "b"}) ==
        "invalid value 'AUTO' for --resume; one of: auto, check, never");
  CHECK(refusal({"--reflink=yes", "a", "b"}) ==
        "invalid value 'yes' for --reflink; one of: auto, always, never");
  CHECK(refusal({"--verify", "", "a", "b"}) ==
        "invalid value '' for --verify; one of: medium, cache, none");
  for (const char* value : {"-1", "x", "1.5", "99999999999", " 1", "true"}) {
    CHECK(refusal({"--retries", value, "a", "b"}) ==
          std::string{"invalid value '"} + value + "' for --retries");
  }
  CHECK(refusal({"--wait=soon", "a", "b"}) == "invalid value 'soon' for --wait");
  CHECK(refusal({"--lock-wait=", "a", "b"}) == "option --lock-wait needs a value");
  CHECK(refusal({"--retry-wait=-1s", "a", "b"}) == "invalid value '-1s' for --retry-wait");
  CHECK(refusal({"--retry-wait=\x1b", "a", "b"}) == "invalid value $'\\033' for --retry-wait");
}

TEST_CASE("missing operands are named as cp names them") {
  CHECK(refusal({}) == "missing file operand");
  CHECK(refusal({"-p", "--"}) == "missing file operand");
  CHECK(refusal({"x"}) == "missing destination file operand after 'x'");
  CHECK(refusal({"", "b"}) == "a file operand is empty");
  CHECK(refusal({"a", ""}) == "a file operand is empty");
  CHECK(refusal({"--help"}).empty());
  CHECK(refusal({"--version", "x"}).empty());
}

TEST_CASE("the last operand is the destination, and a directory where it must be one") {
  const Job one = to_job(parse_arguments({"a", "b"}));
  CHECK(one.sources == Paths{"a"});
  CHECK(one.destination == "b");
  CHECK(one.target == Target::automatic);
  const Job several = to_job(parse_arguments({"a", "b", "c"}));
  CHECK(several.sources == Paths{"a", "b"});
  CHECK(several.destination == "c");
  CHECK(several.target == Target::directory);
  CHECK(to_job(parse_arguments({"a", "b/"})).target == Target::directory);
}

TEST_CASE("with -t all operands are sources, and with -T the last is never a directory") {
  for (const Words& words :
       {Words{"-t", "d", "a", "b"}, Words{"a", "-td", "b"}, Words{"a", "b", "--target-directory=d"}}) {
    const Job job = to_job(parse_arguments(words));
    CHECK(job.sources == Paths{"a", "b"});
    CHECK(job.destination == "d");
    CHECK(job.target == Target::directory);
  }
  CHECK(to_job(parse_arguments({"-t", "d", "a"})).sources == Paths{"a"});
  CHECK(to_job(parse_arguments({"-T", "a", "b"})).target == Target::file);
  CHECK(to_job(parse_arguments({"-T", "a", "b/"})).target == Target::file);
  CHECK(refusal({"-T", "a", "b", "c"}) == "extra operand 'c'");
  CHECK(refusal({"-T", "-t", "d", "a"}) == "cannot combine --target-directory (-t) and --no-target-directory (-T)");
  CHECK(to_job(parse_arguments({"--strip-trailing-slashes", "a//", "/", "d"})).sources == Paths{"a", "/"});
}

TEST_CASE("which backups are kept is asked of the option, then of the environment") {
  const auto backup_of = [](Words words, const Environment& environment) {
    words.insert(words.end(), {"a", "b"});
    const Options options = to_options(parse_arguments(words), environment);
    return std::pair{options.backup, options.backup_suffix};
  };
  const Environment bare{.rcopy_journal = "/j.db"};
  Environment told = bare;
  told.version_control = "numbered";
  told.simple_backup_suffix = ".env";
  CHECK(backup_of({}, told) == std::pair{Backup::none, std::string{"~"}});
  CHECK(backup_of({"-b"}, bare) == std::pair{Backup::existing, std::string{"~"}});
  CHECK(backup_of({"--backup"}, told) == std::pair{Backup::numbered, std::string{".env"}});
  CHECK(backup_of({"--backup=simple", "-b"}, told) == std::pair{Backup::simple, std::string{".env"}});
  CHECK(backup_of({"-S.orig"}, told) == std::pair{Backup::numbered, std::string{".orig"}});
  CHECK(backup_of({"--backup=off"}, told).first == Backup::none);
  told.version_control = "sometimes";
  CHECK_THROWS_AS(backup_of({"-b"}, told), Error);
  CHECK(backup_of({"--backup=t"}, told).first == Backup::numbered);
}

TEST_CASE("-n goes before -u and --update, and the last of -i and -n counts") {
  CHECK(options_of({"-u", "a", "b"}).update == Update::older);
  CHECK(options_of({"--update", "a", "b"}).update == Update::older);
  CHECK(options_of({"--update=none-fail", "a", "b"}).update == Update::none_fail);
  CHECK(options_of({"-nu", "a", "b"}).update == Update::none);
  CHECK(options_of({"-un", "a", "b"}).update == Update::none);
  CHECK(options_of({"-n", "-i", "a", "b"}).ask == Ask::before_replacing);
  CHECK(options_of({"-n", "-i", "-u", "a", "b"}).update == Update::older);
  CHECK(options_of({"-i", "-n", "a", "b"}).ask == Ask::never);
  CHECK_THROWS_AS(options_of({"-b", "-n", "a", "b"}), Error);
}

TEST_CASE("attributes are kept and dropped by their names, from left to right") {
  CHECK(options_of({"--preserve", "a", "b"}).attributes == kPreserved);
  CHECK(options_of({"--preserve=mode,xattr", "a", "b"}).attributes ==
        Attributes{.mode = Mode::preserve, .xattrs = Xattrs::preserve});
  CHECK(options_of({"--preserve=all", "a", "b"}).attributes.xattrs == Xattrs::possible);
  CHECK(options_of({"--preserve=xattr", "--preserve=all", "a", "b"}).attributes.xattrs == Xattrs::preserve);
  CHECK(options_of({"-p", "--no-preserve=mode,ownership", "a", "b"}).attributes ==
        Attributes{.mode = Mode::usual, .timestamps = Timestamps::preserve});
  CHECK(options_of({"--no-preserve=mode", "-p", "a", "b"}).attributes == kPreserved);
  CHECK(refusal({"--preserve=mode,", "a", "b"}).starts_with("invalid value '' for --preserve"));
  CHECK(options_of({"--preserve=links", "a", "b"}).attributes == Attributes{.hard_links = HardLinks::preserve});
  CHECK(options_of({"--preserve=all", "a", "b"}).attributes.hard_links == HardLinks::preserve);
  CHECK(options_of({"-p", "a", "b"}).attributes.hard_links == HardLinks::separate);
  CHECK(options_of({"-d", "--no-preserve=links", "a", "b"}).attributes == Attributes{});
  CHECK(options_of({"-a", "--no-preserve=all", "a", "b"}).attributes == Attributes{.mode = Mode::usual});
}

TEST_CASE("SELinux contexts are refused where they are asked for by name") {
  const std::string message = "SELinux contexts are not supported";
  for (const Words& words : {Words{"-Z", "a", "b"}, Words{"--context", "a", "b"}, Words{"--context=x", "a", "b"},
                             Words{"--preserve=context", "a", "b"}, Words{"--preserve=mode,context", "a", "b"}}) {
    CHECK(refusal(words) == message);
  }
  CHECK(refusal({"--preserve=all", "a", "b"}).empty());
  CHECK(refusal({"-a", "a", "b"}).empty());
  CHECK(refusal({"--no-preserve=context", "a", "b"}).empty());
}

TEST_CASE("what is done instead of copying excludes operands, each other and --no-journal") {
  CHECK(parse_arguments({"--list"}).action == Action::list);
  CHECK(parse_arguments({"--prune"}).pruned_age == std::chrono::days{90});
  CHECK(parse_arguments({"--prune=12h"}).pruned_age == 12h);
  CHECK(parse_arguments({"--audit"}).audited == "/");
  CHECK(parse_arguments({"--audit=a"}).audited == "a");
  CHECK(parse_arguments({"--check", "-"}).checked == "-");
  CHECK(parse_arguments({"--no-journal", "--check=a"}).action == Action::check);
  const auto keys = parse_arguments({"--forget=12", "--forget=t3", "--forget=./12", "--forget=t"}).forgotten;
  CHECK(keys == std::vector<RecordKey>{RecordId{.kind = RecordKind::file, .number = 12},
                                       RecordId{.kind = RecordKind::tree, .number = 3},
                                       std::filesystem::path{"./12"}, std::filesystem::path{"t"}});

  CHECK(refusal({"--list", "a"}) == "extra operand 'a'; --list takes none");
  CHECK(refusal({"--audit", "--prune"}) == "--audit and --prune exclude each other");
  CHECK(refusal({"--check=a", "--check=a"}) == "--check can be given once only");
  CHECK(refusal({"--resume-all", "--no-journal"}) == "--resume-all and --no-journal exclude each other");
  CHECK(refusal({"--prune=soon"}) == "invalid value 'soon' for --prune");
}

TEST_CASE("the journal keeps the options of a copy, so that they can be read again") {
  CHECK(options_of({"a", "b"}).words.empty());
  const std::string words = options_of({"-pv", "--verify", "cache", "--exclude=a\\b\nc", "--wait", "-j2", "--journal=x"}).words;
  CHECK(words == "-p\n--verify=cache\n--exclude=a\\\\b\\nc\n--wait=forever\n--jobs=2\n");
  const std::string rules = options_of({"--journal=x", "--exclude-from=/dev/null"}).words;
  CHECK(rules == "--exclude-from=/dev/null\n");
}

TEST_CASE("the journal does not keep what is about one run") {
  CHECK(options_of({"--manifest=m", "--log-file=l", "--json", "--stats", "--progress=always", "--max-duration=1h", "-v", "-q",
                    "--debug", "--dry-run"})
            .words.empty());
}

TEST_CASE("help and version win over what is done instead of copying, whatever comes first") {
  for (const auto& [help, action] :
       {std::pair{"-h", Action::short_help}, std::pair{"--help", Action::help}, std::pair{"--version", Action::version}}) {
    for (const char* other : {"--forget=1", "--prune", "--resume-all", "--list", "--audit", "--check=a"}) {
      CHECK(parse_arguments({help, other}).action == action);
      CHECK(parse_arguments({other, help}).action == action);
      CHECK(parse_arguments({other, help, "a"}).action == action);
    }
  }
}

TEST_CASE("what is done instead of copying passes over no option that is about one copy or its run") {
  for (const char* action : {"--forget=1", "--prune", "--list", "--audit", "--check=a"}) {
    const std::string name = std::string{action}.substr(0, std::string{action}.find('='));
    for (const char* option : {"--manifest=m", "--expect=00112233445566778899aabbccddeeff", "--max-duration=1h", "--log-file=l",
                               "--stats"}) {
      const std::string unheeded = std::string{option}.substr(0, std::string{option}.find('='));
      CHECK(refusal({action, option}) == name + " and " + unheeded + " exclude each other");
    }
  }
  CHECK(refusal({"--resume-all", "--manifest=m"}) == "--resume-all and --manifest exclude each other");
  CHECK(parse_arguments({"--resume-all", "--log-file=l", "--stats", "--max-duration=1h"}).action == Action::resume_all);
}
