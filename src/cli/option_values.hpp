// SPDX-License-Identifier: MIT
//
// The values of options: words for enums, which may be abbreviated as in GNU programs, and numbers.
// What means nothing is refused with the name of the option. Pure functions.
#pragma once

#include "base/text.hpp"
#include "cli/option_table.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rcopy::cli {

template <class Enum>
using Choices = std::vector<std::pair<const char*, Enum>>;

/// The choice of that name, or the one meant by all names that begin so. Throws Error (usage).
template <class Enum>
Enum choose(const char* option, const std::string& value, const Choices<Enum>& choices) {
  std::string known;
  std::string possible;
  std::optional<Enum> meant;
  bool ambiguous = false;
  for (const auto& [name, choice] : choices) {
    if (value == name) return choice;
    known += (known.empty() ? "" : ", ") + std::string{name};
    if (value.empty() || !std::string{name}.starts_with(value)) continue;
    possible += (possible.empty() ? "" : ", ") + std::string{name};
    ambiguous = ambiguous || (meant && *meant != choice);
    meant = choice;
  }
  const std::string subject = " value " + base::quoted(value) + " for " + option;
  if (ambiguous) refuse("ambiguous" + subject + "; it may be: " + possible);
  if (!meant) refuse("invalid" + subject + "; one of: " + known);
  return *meant;
}

template <class Enum>
std::vector<std::string> names_of(const Choices<Enum>& choices) {
  std::vector<std::string> names;
  for (const auto& [name, choice] : choices) names.emplace_back(name);
  return names;
}

/// The row with the words that its value may be.
[[nodiscard]] inline Row offering(Row row, std::vector<std::string> words) {
  row.words = std::move(words);
  return row;
}

/// The row of an option whose value is one of the choices and becomes `member`.
template <class Enum>
Row choosing(Row row, Enum Arguments::*member, const Choices<Enum>& choices) {
  row.apply = [option = row.long_name, member, choices](Arguments& to, const std::string& value) {
    to.*member = choose(option, value, choices);
  };
  return offering(std::move(row), names_of(choices));
}

/// What a parser made of the text. Throws Error (usage) where that is nothing.
template <class Value>
Value valid(const char* option, const std::string& text, const std::optional<Value>& value) {
  if (!value) refuse("invalid value " + base::quoted(text) + " for " + option);
  return *value;
}

/// GNU's words for kinds of backups.
[[nodiscard]] const Choices<Backup>& backup_choices();

/// The value of an option, or of $VERSION_CONTROL. Throws Error (usage).
[[nodiscard]] Backup parse_backup(const char* option, const std::string& value);

}  // namespace rcopy::cli
