// SPDX-License-Identifier: MIT
//
// Rules and names from the command line and from files: in their order, as rsync reads them, and
// what cannot be read is refused with its name.
#include "cli/arguments.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <rcopy/error.hpp>

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

using namespace rcopy;
using namespace rcopy::cli;
using namespace std::string_literals;
using namespace std::string_view_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

using Words = std::vector<std::string>;
using Paths = std::vector<std::filesystem::path>;

class Files {
 public:
  std::string with(const std::string& name, std::string_view content) const {
    std::ofstream{dir_ / name, std::ios::binary} << content;
    return (dir_ / name).string();
  }
  std::string path(const std::string& name) const { return (dir_ / name).string(); }

 private:
  test::TempDir dir_{test::TempPlace::memory};
};

/// "-a" for a rule that excludes a, "+a" for one that includes it.
Words rules_of(Words words) {
  words.insert(words.end(), {"a", "b"});
  Words shown;
  for (const FilterRule& rule : to_options(parse_arguments(words), {.rcopy_journal = "/j.db"}).filters) {
    shown.push_back((rule.action == FilterRule::Action::exclude ? '-' : '+') + rule.pattern);
  }
  return shown;
}

Paths names_of(Words words) {
  words.insert(words.end(), {"a", "b"});
  return to_job(parse_arguments(words)).only.value();
}

std::string refusal(Words words) {
  try {
    words.insert(words.end(), {"a", "b"});
    const Arguments arguments = parse_arguments(words);
    static_cast<void>(to_job(arguments));
    static_cast<void>(to_options(arguments, {.rcopy_journal = "/j.db"}));
    return "";
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::usage);
    return error.what();
  }
}

}  // namespace

TEST_CASE("rules keep the order of the command line, whichever option they come from") {
  const Files files;
  const std::string out = files.with("out", "x\ny\n");
  const std::string in = files.with("in", "z\n");
  CHECK(rules_of({}).empty());
  CHECK(rules_of({"--include=*.c", "--exclude-from=" + out, "--filter=+ k", "--include-from", in, "--exclude=*"}) ==
        Words{"+*.c", "-x", "-y", "+k", "+z", "-*"});
}

TEST_CASE("a pattern may say itself what it does, and ! forgets what was before") {
  CHECK(rules_of({"--exclude=+ a", "--include=- b", "--exclude=-c", "--include=+d"}) ==
        Words{"+a", "-b", "--c", "++d"});
  CHECK(rules_of({"--exclude=a", "--exclude=!", "--include=b"}) == Words{"+b"});
  CHECK(rules_of({"--exclude=!a", "--exclude= b "}) == Words{"-!a", "- b "});
  const Files files;
  CHECK(rules_of({"--exclude=k", "--include-from=" + files.with("f", "a\n!\n- b\n+ c\nd")}) ==
        Words{"-b", "+c", "+d"});
  CHECK(refusal({"--exclude", ""}) == "a rule '' has no pattern");
  CHECK(refusal({"--exclude", "+ "}) == "a rule '+ ' has no pattern");
}

TEST_CASE("--filter takes rsync's rules that include, exclude, merge and clear") {
  const Files files;
  const std::string inner = files.with("inner", "exclude i\n");
  const std::string outer = files.with("outer", "# what\n+ o\n\nmerge " + inner + "\r\n;\n- p\n");
  CHECK(rules_of({"--filter=- a", "--filter=+ b", "--filter=exclude c", "--filter=include d", "--filter=-_e"}) ==
        Words{"-a", "+b", "-c", "+d", "-e"});
  CHECK(rules_of({"--filter=-  a b"}) == Words{"- a b"});
  CHECK(rules_of({"--exclude=x", "--filter=merge " + outer, "--filter=. " + inner}) ==
        Words{"-x", "+o", "-i", "-p", "-i"});
  CHECK(rules_of({"--exclude=x", "--filter=!"}).empty());
  CHECK(rules_of({"--exclude=x", "--filter=clear", "--filter=- y"}) == Words{"-y"});
}

TEST_CASE("a rule of rsync's that rcopy does not have is refused by name") {
  for (const char* rule : {"dir-merge .rules", ": .rules", "hide x", "H x", "show x", "protect x", "P x", "risk x",
                           "-! x", "-/ x", "-x", "-", "- ", "exclude", "clear x", "! x", "excludes x", "x", " - x"}) {
    CAPTURE(rule);
    CHECK_THAT(refusal({"--filter", rule}),
               ContainsSubstring("filter rule '"s + rule + "' is not supported; one of: "));
  }
  const Files files;
  const std::string file = files.with("f", "- a\nhide b\n");
  CHECK_THAT(refusal({"--filter=. " + file}),
             ContainsSubstring("filter rule 'hide b' in '" + file + "' is not supported"));
}

TEST_CASE("files that merge each other without an end are refused") {
  const Files files;
  const std::string file = files.with("f", "- a\n. " + files.path("f") + "\n");
  CHECK(refusal({"--filter=. " + file}) == "too many files of rules merge each other: '" + file + "'");
  CHECK(refusal({"--filter=. " + files.with("g", ". -\n")}) == "a file of rules cannot merge standard input");
}

TEST_CASE("a file of rules has one in a line, or before each zero byte with --from0") {
  const Files files;
  const std::string lines = files.with("lines", "#a\n;b\n\nc\r\n d\n\re\n# \nf#\n");
  CHECK(rules_of({"--exclude-from=" + lines}) == Words{"-c", "- d", "-\re", "-f#"});
  const std::string zeros = files.with("zeros", "#a\0;b\0\0c\r\n\0d"sv);
  CHECK(rules_of({"--exclude-from=" + zeros, "--from0"}) == Words{"-#a", "-;b", "-c\r\n", "-d"});
  CHECK(rules_of({"--from0", "--filter=. " + files.with("merged", "- #a\0+ b\0"sv)}) == Words{"-#a", "+b"});
  CHECK(refusal({"--exclude-from=" + zeros}) ==
        "'" + zeros + "' has zero bytes between its entries; --from0 reads those");
  CHECK(rules_of({"--exclude-from=" + files.with("empty", "")}).empty());
}

TEST_CASE("a file that cannot be read is refused with its name and the reason") {
  const Files files;
  const std::string none = files.path("none");
  for (const std::string option : {"--exclude-from=", "--include-from=", "--filter=merge ", "--files-from="}) {
    CAPTURE(option);
    CHECK(refusal({option + none}) == "cannot read '" + none + "': No such file or directory");
    CHECK(refusal({option + "/"}) == "cannot read '/': Is a directory");
  }
}

TEST_CASE("names are relative to the one source and stay below it") {
  const Files files;
  CHECK(names_of({"--files-from=" + files.with("f", "a\r\n#x\n;y\n\n/b\n//c/\nd//e/./f\n./g/../h\n i\n")}) ==
        Paths{"a", "b", "c", "d/e/f", "h", " i"});
  CHECK(names_of({"--files-from=" + files.with("z", "#x\0/a\nb\0"sv), "--from0"}) == Paths{"#x", "a\nb"});
  CHECK(names_of({"--files-from=" + files.with("dots", ".\n./a\n..b\n/\n")}) == Paths{".", "a", "..b", "."});
  CHECK(names_of({"--files-from=" + files.with("empty", "")}).empty());
  for (const std::string name : {"..", "../a", "a/../../b", "/../c"}) {
    const std::string file = files.with("out", name + "\n");
    CHECK(refusal({"--files-from=" + file}) == "the name '" + name + "' in '" + file + "' leads out of the source");
  }
  CHECK(refusal({"--files-from=" + files.path("f"), "c"}) == "with --files-from there must be one source, a directory");
  CHECK_FALSE(to_job(parse_arguments({"a", "b"})).only);
}

TEST_CASE("standard input is read by one option only") {
  const std::string message = "standard input can be read by one option only";
  CHECK(refusal({"--exclude-from=-", "--files-from=-"}) == message);
  CHECK(refusal({"--exclude-from=-", "--filter=. -"}) == message);
  CHECK_NOTHROW(parse_arguments({"--exclude=-", "--include=-", "--files-from=-", "a", "b"}));
}

TEST_CASE("what else rsync says of files arrives") {
  const auto options_of = [](const char* word) {
    return to_options(parse_arguments({word, "a", "b"}), {.rcopy_journal = "/j.db"});
  };
  CHECK(options_of("--max-size=10K").max_bytes == 10240U);
  CHECK(options_of("--min-size=1kb").min_bytes == 1000U);
  CHECK(options_of("-p").max_bytes == Options{}.max_bytes);
  CHECK(options_of("--checksum").compare == Compare::content);
  CHECK(options_of("--dry-run").execution == Execution::dry);
  CHECK(options_of("--remove-source-files").sources == Sources::remove);
  CHECK(options_of("--catalog").catalog == Catalog::keep);
  CHECK(options_of("-j4").jobs == 4U);
  CHECK(options_of("--jobs=256").jobs == 256U);
  for (const std::string value : {"0", "257", "x", "-1"}) {
    CHECK_THAT(refusal({"--jobs=" + value}), ContainsSubstring("invalid value '" + value + "' for --jobs"));
  }
  CHECK(refusal({"--max-size=1x"}) == "invalid value '1x' for --max-size");
}

TEST_CASE("--dry-run speaks unless it is told to be quiet") {
  CHECK(parse_arguments({"--dry-run"}).verbosity == ui::Verbosity::verbose);
  CHECK(parse_arguments({"-q", "--dry-run"}).verbosity == ui::Verbosity::quiet);
  CHECK(parse_arguments({"--dry-run", "-q"}).verbosity == ui::Verbosity::quiet);
}
