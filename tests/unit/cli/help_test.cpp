// SPDX-License-Identifier: MIT
//
// Parser, --help and the man page know the same options.
#include "cli/arguments.hpp"
#include "support/catch.hpp"

#include <rcopy/version.hpp>

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

std::string man_page() {
  const auto root = std::filesystem::path{__FILE__} / "../../../..";
  std::ifstream file{root.lexically_normal() / "docs/man/rcopy.1"};
  REQUIRE(file);
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

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
