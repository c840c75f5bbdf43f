// SPDX-License-Identifier: MIT
//
// Parser, --help and the man page know the same options, and the same words that are their values.
// tests/cli/completions_test.sh compares what shells offer.
#include "cli/arguments.hpp"
#include "cli/option_table.hpp"
#include "support/catch.hpp"

#include <rcopy/error.hpp>
#include <rcopy/version.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace rcopy::cli;

namespace {

using Names = std::set<std::string>;

Names parser_names() {
  const auto names = option_names();
  return {names.begin(), names.end()};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream{text};
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Runs of letters, digits and dashes.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-') {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// The options a line of --help is about: "  -v, --verbose   say ..." gives -v and --verbose.
void add_listed(Names& names, const std::string& line) {
  if (line.rfind("  -", 0) != 0 && line.rfind("      --", 0) != 0) return;
  for (const std::string& word : words_of(line)) {
    if (word.front() == '-') names.insert(word);
    if (word.front() >= 'a' && word.front() <= 'z') return;  // the description begins
  }
}

/// The options that the macro Fl marks in a line of the man page.
void add_flags(Names& names, const std::string& line) {
  const std::vector<std::string> words = words_of(line);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "Fl") names.insert("-" + words[i + 1]);
  }
}

/// The words that the parser names when it is given another one, but for those it then refuses.
Names words_taken(const Row& row) {
  const auto complaint = [&row](const std::string& value) -> std::string {
    try {
      Arguments arguments;
      row.apply(arguments, value);
      return "";
    } catch (const rcopy::Error& error) {
      return error.info().reason;
    }
  };
  const std::string mark = std::string{" for "} + row.long_name + "; one of: ";
  const std::string text = complaint("?");
  Names taken;
  if (text.find(mark) == std::string::npos) return taken;
  for (const std::string& word : words_of(text.substr(text.find(mark) + mark.size()))) {
    if (complaint(word).empty()) taken.insert(word);
  }
  return taken;
}

/// "--no-preserve" has the words of "--preserve", which says what they are.
const Row& explaining(const Row& row) {
  const std::string name = row.long_name;
  for (const Row& other : option_table()) {
    if (name.rfind("--no-", 0) == 0 && other.long_name == "--" + name.substr(5)) return other;
  }
  return row;
}

/// Older words of GNU for the same, in the man page only.
const Names kOldWords{"off", "never", "t", "nil"};

std::string man_page() {
  const auto root = std::filesystem::path{__FILE__} / "../../../..";
  std::ifstream file{root.lexically_normal() / "docs/man/rcopy.1"};
  REQUIRE(file);
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// What the man page says about an option, up to the next.
std::string man_entry(const Row& row) {
  std::string entry;
  bool inside = false;
  for (const std::string& line : lines_of(man_page())) {
    const bool is_option = line.rfind(".It Fl", 0) == 0;
    if (is_option || line.rfind(".Ss", 0) == 0) {
      Names names;
      if (is_option) add_flags(names, line);
      inside = names.count(row.long_name) == 1;
    }
    if (inside) entry += line + "\n";
  }
  return entry;
}

/// The words that are marked as such, with the macro Cm.
Names marked_words(const std::string& entry) {
  Names marked;
  for (const std::string& line : lines_of(entry)) {
    if (line.rfind(".Cm", 0) != 0 && line.rfind(".It Cm", 0) != 0) continue;
    for (const std::string& word : words_of(line)) marked.insert(word);
  }
  return marked;
}

}  // namespace

TEST_CASE("the table offers the words that the parser takes") {
  std::size_t with_words = 0;
  for (const Row& row : option_table()) {
    if (!takes_value(row)) continue;
    CAPTURE(row.long_name);
    CHECK(Names{row.words.begin(), row.words.end()} == words_taken(row));
    if (!row.words.empty()) ++with_words;
  }
  CHECK(with_words >= 8);
}

TEST_CASE("--help and the man page name the words that the parser takes") {
  for (const Row& row : option_table()) {
    const std::vector<std::string> helped = words_of(explaining(row).help);
    const Names marked = marked_words(man_entry(explaining(row)) + man_entry(row));
    for (const std::string& word : row.words) {
      CAPTURE(row.long_name, word);
      CHECK(marked.count(word) == 1);
      if (std::string{row.long_name} == "--backup" && kOldWords.count(word) == 1) continue;
      if (word == "context") continue;  // of --no-preserve, where it means nothing
      CHECK(std::find(helped.begin(), helped.end(), word) != helped.end());
    }
  }
}

TEST_CASE("the man page lists no words that the parser does not take") {
  for (const Row& row : option_table()) {
    if (row.words.empty()) continue;
    Names listed;
    for (const std::string& line : lines_of(man_entry(row))) {
      if (line.rfind(".It Cm ", 0) != 0) continue;
      const std::vector<std::string> words = words_of(line.substr(7));
      listed.insert(words.begin(), words.end());
    }
    const Names taken{row.words.begin(), row.words.end()};
    CAPTURE(row.long_name, listed);
    CHECK(std::includes(taken.begin(), taken.end(), listed.begin(), listed.end()));
  }
}

TEST_CASE("-h is one screen with ten of the options, and says how to see all") {
  const std::vector<std::string> lines = lines_of(short_help_text());
  CHECK(lines.size() < 24);  // the last line is the shell's
  Names listed;
  std::size_t entries = 0;
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(line.size() <= 80);
    if (line.rfind("  -", 0) == 0 || line.rfind("      --", 0) == 0) ++entries;
    add_listed(listed, line);
  }
  CHECK(entries == 10);
  const Names known = parser_names();
  CHECK(std::includes(known.begin(), known.end(), listed.begin(), listed.end()));
  CHECK(short_help_text().find("rcopy --help") != std::string::npos);
}

TEST_CASE("--help lists the options the parser takes") {
  Names listed;
  for (const std::string& line : lines_of(help_text())) add_listed(listed, line);
  CHECK(listed == parser_names());
}

TEST_CASE("the man page lists the options the parser takes") {
  Names listed;
  for (const std::string& line : lines_of(man_page())) {
    if (line.rfind(".It Fl", 0) == 0) add_flags(listed, line);
  }
  CHECK(listed == parser_names());
}

TEST_CASE("--help and the man page mention no option that does not exist") {
  Names mentioned;
  for (const std::string& word : words_of(help_text())) {
    if (word.rfind("--", 0) == 0 && word != "--") mentioned.insert(word);
  }
  for (const std::string& line : lines_of(man_page())) add_flags(mentioned, line);
  const Names known = parser_names();
  for (const std::string& name : mentioned) {
    CAPTURE(name);
    CHECK(known.count(name) == 1);
  }
}

TEST_CASE("--help fits a terminal of 80 columns") {
  for (const std::string& line : lines_of(help_text())) {
    CAPTURE(line);
    CHECK(line.size() <= 80);
  }
}

TEST_CASE("--version names the program and its version") {
  CHECK(version_text().substr(0, version_text().find('\n')) ==
        std::string{"rcopy "} + rcopy::kVersion);
}
