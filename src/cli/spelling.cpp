// SPDX-License-Identifier: MIT
#include "cli/spelling.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>

namespace rcopy::cli {
namespace {

/// How many letters must be put in, left out or replaced to make one of the other (Levenshtein).
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

/// "; did you mean '--recursive'?", or nothing where no option is near: a third of the letters may
/// be wrong, and two at most.
std::string suggestion(const std::string& name, const std::vector<Row>& table) {
  std::size_t nearest = std::min<std::size_t>(2, (name.size() - 2) / 3) + 1;
  std::string text;
  for (const Row& row : table) {
    const std::size_t away = distance(name, row.long_name);
    if (away >= nearest) continue;
    nearest = away;
    text = "; did you mean " + base::quoted(row.long_name) + "?";
  }
  return text;
}

/// The row that `name` is the name of, or begins the name of.
const Row& row_of(const std::string& name, const std::vector<Row>& table) {
  std::vector<const Row*> begun;
  for (const Row& row : table) {
    if (row.long_name == name) return row;
    if (name != "--" && std::string_view{row.long_name}.starts_with(name)) begun.push_back(&row);
  }
  if (begun.empty()) refuse("unknown option " + base::quoted(name) + suggestion(name, table));
  if (begun.size() == 1) return *begun.front();
  std::string possible;
  for (const Row* row : begun) possible += (possible.empty() ? "" : ", ") + std::string{row->long_name};
  refuse("option " + base::quoted(name) + " is ambiguous; it may be: " + possible);
}

/// Of a word like "-pt" the option whose value is the next word: "-t"; else empty.
std::string waiting_for_value(const std::string& word, const std::vector<Row>& table) {
  for (std::size_t i = 1; i < word.size(); ++i) {
    const std::string name{'-', word[i]};
    const auto row = std::find_if(table.begin(), table.end(),
                                  [&name](const Row& one) { return one.short_name == name; });
    if (row == table.end()) return "";
    if (takes_value(*row)) return i + 1 == word.size() ? name : "";
  }
  return "";
}

/// Spells out `word`, and says whose value the next word is, if it is one's.
std::string spell_out(std::string& word, const std::vector<Row>& table) {
  if (!word.starts_with("--")) return word.starts_with('-') ? waiting_for_value(word, table) : "";
  const std::size_t equals = word.find('=');
  const Row& row = row_of(word.substr(0, equals), table);
  const std::string name = row.long_name;
  if (equals != std::string::npos) {
    if (!takes_value(row)) refuse("option " + name + " takes no value");
    if (equals + 1 == word.size()) refuse("option " + name + " needs a value");
    word.replace(0, equals, name);
    return "";
  }
  word = may_stand_alone(row) ? name + '=' + row.without : name;
  return takes_value(row) && !may_stand_alone(row) ? name : "";
}

}  // namespace

std::vector<std::string> spelled_out(const std::vector<std::string>& words,
                                     const std::vector<Row>& table) {
  std::vector<std::string> spelled = words;
  std::string waiting;  // the option whose value the next word is
  for (std::string& word : spelled) {
    if (!std::exchange(waiting, "").empty()) continue;
    if (word == "--") return spelled;
    waiting = spell_out(word, table);
  }
  if (!waiting.empty()) refuse("option " + waiting + " needs a value");
  return spelled;
}

}  // namespace rcopy::cli
