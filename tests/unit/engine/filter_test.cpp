// SPDX-License-Identifier: MIT
//
// Patterns and names, as rsync 3.5.0 answers them; cli.filter asks the rsync that is installed.
#include "engine/filter.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace rcopy::engine {
namespace {

using io::FileKind;

/// A name with a slash at its end is a directory.
struct Row {
  std::string pattern;
  std::vector<std::string> fitting;
  std::vector<std::string> others;
};

FilterRule exclude(std::string pattern) {
  return {.action = FilterRule::Action::exclude, .pattern = std::move(pattern)};
}

FilterRule include(std::string pattern) {
  return {.action = FilterRule::Action::include, .pattern = std::move(pattern)};
}

/// The pattern that leaves the name out, "" where none does.
std::string excluded_by(const Filter& filter, std::string name) {
  const bool is_directory = name.ends_with('/');
  if (is_directory) name.pop_back();
  const FilterRule* rule =
      filter.excluded_by(name, is_directory ? FileKind::directory : FileKind::regular);
  return rule == nullptr ? "" : rule->pattern;
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.pattern);
    const Filter filter{{exclude(row.pattern)}};
    for (const std::string& name : row.fitting) {
      CAPTURE(name);
      CHECK(excluded_by(filter, name) == row.pattern);
    }
    for (const std::string& name : row.others) {
      CAPTURE(name);
      CHECK(excluded_by(filter, name).empty());
    }
  }
}

TEST_CASE("what no rule fits is copied", "[filter]") {
  CHECK(excluded_by(Filter{{}}, "a/b").empty());
  CHECK(excluded_by(Filter{{exclude("*.o")}}, "a.c").empty());
  CHECK(excluded_by(Filter{{include("*.c")}}, "a.o").empty());
}

TEST_CASE("the first rule that fits decides, and is told", "[filter]") {
  const Filter sources{{include("*/"), include("*.c"), exclude("old.*"), exclude("*")}};
  CHECK(excluded_by(sources, "a/").empty());
  CHECK(excluded_by(sources, "a/old.c").empty());
  CHECK(excluded_by(sources, "a/old.o") == "old.*");
  CHECK(excluded_by(sources, "a/new.o") == "*");

  const Filter late{{exclude("*.o"), include("keep.o"), exclude("/a/")}};
  CHECK(excluded_by(late, "keep.o") == "*.o");
  CHECK(excluded_by(late, "a/") == "/a/");
}

TEST_CASE("a pattern without slashes fits the last component", "[filter]") {
  check({
      {"a", {"a", "a/", "b/a", "c/b/a/"}, {"a/b", "ab", "ba", "b/ab", "b/ba", "A"}},
      {"a.o", {"a.o", "x/a.o"}, {"a_o", "a.o/x", "xa.o"}},
      {"*.o", {".o", "a.o", "b/a.o", "a.o/"}, {"a.o.c", "o", "a.o/b"}},
      {"a*", {"a", "ab", "b/ab"}, {"ba", "a/b"}},
      {"a*b*c", {"abc", "aXbYc", "abcbc", "x/a.b.c"}, {"acb", "ab/c", "abcd"}},
      {"*", {"a", "a/", "a/b", ".a"}, {}},
      {"?", {"a", "b/a", "\xff"}, {"ab", "b/ab"}},
      {"??", {"ab", "\xc3\xa4"}, {"a", "abc", "b/a", "a/b"}},
      {"a?c", {"abc", "a.c", "x/a?c"}, {"ac", "a/c", "abbc"}},
  });
}

TEST_CASE("a pattern with slashes fits the last components", "[filter]") {
  check({
      {"a/b", {"a/b", "c/a/b", "c/d/a/b/"}, {"b", "a/b/c", "xa/b", "c/xa/b", "a/bx"}},
      {"a/*", {"a/b", "c/a/b/"}, {"a", "a/b/c", "xa/b", "a/"}},
      {"*/b", {"a/b", "c/a/b"}, {"b", "b/c"}},
      {"*/*", {"a/b", "a/b/c"}, {"a"}},
      {"a/*/c", {"a/b/c", "x/a/b/c/"}, {"a/c", "a/b/b/c", "xa/b/c"}},
      {"a?b/c", {"axb/c"}, {"a/b/c"}},
      {"a//b", {}, {"a/b"}},
  });
}

TEST_CASE("a slash at the begin anchors at the root of the transfer", "[filter]") {
  check({
      {"/a", {"a", "a/"}, {"b/a", "a/b", "ab"}},
      {"/a/b", {"a/b"}, {"c/a/b", "a", "a/b/c", "b"}},
      {"/*.o", {"a.o"}, {"b/a.o"}},
      {"/*/b", {"a/b", "c/b/"}, {"b", "a/c/b"}},
      {"/a*", {"a", "ab"}, {"a/b", "b/a"}},
      {"/**", {"a", "a/b", "a/b/c"}, {}},
      {"/**/c", {"a/c", "a/b/c"}, {"c"}},
      {"//a", {}, {"a", "b/a"}},
      {"/", {}, {"a", "a/", "a/b"}},
      {"//", {}, {"a", "a/", "a/b"}},
  });
}

TEST_CASE("a slash at the end means directories only", "[filter]") {
  check({
      {"a/", {"a/", "b/a/"}, {"a", "b/a", "ab/", "a/b/"}},
      {"/a/", {"a/"}, {"a", "b/a/"}},
      {"a/b/", {"a/b/", "c/a/b/"}, {"a/b", "b/"}},
      {"*/", {"a/", "a/b/"}, {"a", "a/b"}},
      {"a*/", {"ab/", "c/ab/"}, {"ab", "a/b/"}},
      {"**/", {"a/", "a/b/"}, {"a", "a/b"}},
      {"a//", {}, {"a", "a/", "a/b/"}},
  });
}

TEST_CASE("two stars go over slashes, and what is behind any slash may fit", "[filter]") {
  check({
      {"**", {"a", "a/", "a/b"}, {}},
      {"**/a", {"a", "b/a", "c/b/a/"}, {"ab", "ba", "b/ba", "a/b"}},
      {"**a", {"a", "ba", "b/a", "b/ba"}, {"ab", "a/b"}},
      {"a**", {"a", "ab", "a/b", "a/b/c", "c/ab", "c/a/b"}, {"ba", "c/ba", "b/c"}},
      {"a**z", {"az", "a/z", "a/b/c.z", "x/a/z"}, {"xa/z", "a/zx"}},
      {"a/**", {"a/b", "a/b/c", "x/a/b"}, {"a", "a/", "xa/b"}},
      {"a/**/z", {"a/b/z", "a/b/c/z", "x/a/b/z"}, {"a/z", "xa/b/z"}},
      {"a/**z", {"a/z", "a/b/z", "a/bz"}, {"az", "xa/z"}},
      {"/a/**/z", {"a/b/z", "a/b/c/z"}, {"x/a/b/z", "a/z"}},
      {"**/a/**", {"a/b", "x/a/b", "x/a/b/c"}, {"a", "a/", "x/a/", "xa/b"}},
      {"*/a/**", {"x/a/b", "y/x/a/b"}, {"a/b"}},
      {"a****b", {"ab", "a/b"}, {"a/bc"}},
      {"*a**b*", {"ab", "xa/by", "x/xa/y/by"}, {"ab/c", "b/a"}},
      {"a*/**b", {"ax/b", "a/b", "ax/y/xb"}, {"ab", "xa/b/c"}},
  });
}

TEST_CASE("three stars behind a slash also fit the directory itself", "[filter]") {
  check({
      {"a/***", {"a/", "a/b", "a/b/", "a/b/c", "x/a/", "x/a/b"}, {"a", "x/a", "xa/", "ab/"}},
      {"/a/***", {"a/", "a/b", "a/b/c"}, {"a", "x/a/", "x/a/b"}},
      {"**/a/***", {"a/", "a/b", "x/a/", "x/a/b"}, {"a", "x/a", "xa/b"}},
      {"/*/a/***", {"x/a/", "x/a/b"}, {"a/", "y/x/a/", "x/a"}},
      {"a/b/***", {"a/b/", "x/a/b/c"}, {"a/", "a/b"}},
      {"a***", {"a", "a/", "ab", "a/b"}, {"ba", "b/"}},
      {"***", {"a", "a/", "a/b"}, {}},
      {"/***", {"a", "a/", "a/b"}, {}},
      {"a/***/", {"a/", "a/b/"}, {"a", "a/b"}},
      {"a/***/b", {"a/x/b", "x/a/y/z/b/"}, {"a/b", "a/"}},
      {"a/**/", {"a/b/"}, {"a/", "a/b"}},
  });
}

TEST_CASE("brackets are sets of bytes", "[filter]") {
  check({
      {"[abc]", {"a", "b", "c", "x/a"}, {"d", "ab", "[abc]"}},
      {"[a-c]x", {"ax", "bx", "cx"}, {"dx", "-x"}},
      {"[!a-c]", {"d", "-", "!"}, {"a", "b", "c"}},
      {"[^a-c]", {"d", "-", "^"}, {"a", "b", "c"}},
      {"[a!]", {"a", "!"}, {"b"}},
      {"[a^]", {"a", "^"}, {"b"}},
      {"[!!]", {"a", "^"}, {"!"}},
      {"[]]", {"]"}, {"a", "[]]"}},
      {"[]-a]", {"]", "^", "_", "`", "a"}, {"-", "b", "["}},
      {"[!]]", {"a"}, {"]"}},
      {"[a-]", {"a", "-"}, {"b"}},
      {"[-a]", {"a", "-"}, {"b"}},
      {"[a-c-e]", {"a", "b", "c", "-", "e"}, {"d"}},
      {"[z-a]", {"z"}, {"a", "m", "-"}},
      {"[+--]", {"+", ",", "-"}, {".", "*"}},
      {"[\\]x]", {"]", "x"}, {"\\"}},
      {"[\\-x]", {"-", "x"}, {"\\", "y"}},
      {"[a-\\c]", {"a", "b", "c"}, {"\\", "d"}},
      {"[\\\\]", {"\\"}, {"]"}},
      {"[*?]", {"*", "?"}, {"a"}},
      {"x[a/]y", {}, {"x/y", "xay"}},
      {"**x[!a]y", {"xby"}, {"x/y"}},
      {"**x[.-0]y", {"x.y", "x0y"}, {"x/y"}},
      {"x[**]y", {"x*y", "a/x*y"}, {"xy", "x/y"}},
  });
}

TEST_CASE("classes of POSIX are ASCII", "[filter]") {
  check({
      {"[[:alnum:]]", {"a", "Z", "5"}, {"_", "\xe4", " "}},
      {"[[:alpha:]]", {"a", "Z"}, {"5", "\xe4", "@", "[", "`", "{"}},
      {"[[:blank:]]", {" ", "\t"}, {"\n", "a"}},
      {"[[:cntrl:]]", {"\x01", "\n", "\x1f", "\x7f"}, {" ", "~", "\x80"}},
      {"[[:digit:]]", {"0", "9"}, {"a", ":"}},
      {"[[:graph:]]", {"!", "~", "a"}, {" ", "\x7f", "\xe4"}},
      {"[[:lower:]]", {"a", "z"}, {"A", "\xe4"}},
      {"[[:print:]]", {" ", "~"}, {"\n", "\x7f", "\xe4"}},
      {"[[:punct:]]", {"!", ".", ":", "@", "[", "`", "{", "~"}, {"a", "0", "A", " ", "\xe4"}},
      {"x[[:punct:]]y", {"x.y"}, {"x/y"}},
      {"[[:space:]]", {" ", "\t", "\n", "\v", "\f", "\r"}, {"a", "\x08", "\xa0"}},
      {"[[:upper:]]", {"A", "Z"}, {"a", "[", "@"}},
      {"[[:xdigit:]]", {"0", "9", "a", "F"}, {"g", "G"}},
      {"[![:digit:]]", {"a"}, {"0"}},
      {"[^[:digit:]a]", {"b"}, {"0", "a"}},
      {"[[:digit:]-z]", {"0", "-", "z"}, {"a", ":"}},
      {"[[:upper:][:digit:]_]", {"A", "0", "_"}, {"a", ":"}},
  });
}

TEST_CASE("malformed brackets fit nothing", "[filter]") {
  check({
      {"[", {}, {"[", "a"}},
      {"[a", {}, {"[a", "a"}},
      {"[]", {}, {"[]", "]", "["}},
      {"[!]", {}, {"[!]", "!", "]"}},
      {"[a-", {}, {"a", "-", "[a-"}},
      {"[a-\\", {}, {"a", "\\"}},
      {"[a\\]", {}, {"a", "]", "\\"}},
      {"a*[", {}, {"a[", "ax["}},
      {"[[:bogus:]]", {}, {"a", "b", ":", "[[:bogus:]]"}},
      {"[[::]]", {}, {":", "[", ":]"}},
      {"[a[:alph:]]", {}, {"a"}},
      {"[[:alpha:]", {}, {"a", "[", ":"}},
      {"[[:alpha]", {"[", ":", "a", "l", "p", "h"}, {"b"}},
      {"[[:]", {"[", ":"}, {"]"}},
      {"[[.a.]]", {"[]", ".]", "a]"}, {"a"}},
      {"[[=a=]]", {"=]", "a]"}, {"a"}},
  });
}

TEST_CASE("a backslash escapes only where there are wildcards", "[filter]") {
  check({
      {"a\\b", {"a\\b", "x/a\\b"}, {"ab"}},
      {"a\\\\b", {"a\\\\b"}, {"a\\b"}},
      {"a\\", {"a\\"}, {"a"}},
      {"a\\b*", {"ab", "abc"}, {"a\\b"}},
      {"a\\*", {"a*"}, {"ab", "a\\*", "a"}},
      {"\\[a]", {"[a]"}, {"a", "\\[a]"}},
      {"a\\?", {"a?"}, {"ab"}},
      {"\\\\*", {"\\", "\\a"}, {"a"}},
      {"*\\", {}, {"a\\", "\\", "a"}},
      {"a\\/b*", {"a/b", "x/a/bc"}, {"ab"}},
      {"\\/a*", {}, {"a", "x/a", "\\/a"}},
      {"\\**a", {"*a", "*xa", "x/*ya"}, {"xa", "a", "*x/a"}},
      {"a\\***", {"a*", "a*/", "a*/b"}, {"a", "ab", "a/"}},
  });
}

TEST_CASE("names and patterns are bytes", "[filter]") {
  check({
      {"\xff*", {"\xff", "\xff\xfe"}, {"\xfe", "\xc3\xbf"}},
      {"[\x80-\xff]", {"\x80", "\xe4", "\xff"}, {"a", "\x7f", "\xc3\xa4"}},
      {"[!a]", {"\xff"}, {"\xc3\xa4"}},
      {"\xc3?", {"\xc3\xa4", "\xc3\xb6"}, {"\xc3", "\xc4\xa4"}},
      {"a\nb", {"a\nb"}, {"a", "b", "a b"}},
      {"*\n*", {"a\nb", "\n", "x/\n"}, {"a\n/b", "ab"}},
      {" *", {" ", " a"}, {"a "}},
      {".*", {".a", "x/.a/"}, {"a.b", ".a/b"}},
      {"-x", {"-x"}, {"x"}},
      {"# x", {"# x"}, {"x"}},
      {"", {}, {"a", "a/", "a/b"}},
  });
}

TEST_CASE("no pattern takes exponential time", "[filter]") {
  const std::string name(4000, 'a');
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += i % 3 == 0 ? "a**" : "a*";
  const auto begin = std::chrono::steady_clock::now();
  check({
      {"a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", {name + "b"}, {name, name + "/b", name + "bc"}},
      {"**a**a**a**a**a**a**a**a**a**a**b", {name + "b", name + "/b"}, {name, name + "bc"}},
      {stars + "[!a]", {name + "b"}, {name}},
  });
  // 16 stars in 4000 bytes can be set in more than 10^44 ways.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{30});
}

}  // namespace
}  // namespace rcopy::engine
