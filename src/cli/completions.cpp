// SPDX-License-Identifier: MIT
//
// One function for each shell. What they share: which names an option has, and what its value is.
#include "cli/completions.hpp"

#include "cli/option_table.hpp"

#include <string_view>
#include <vector>

namespace rcopy::cli {
namespace {

/// How a value is completed.
enum class Value { none, unknown, word, list, file, directory };

Value value_of(const Row& row) {
  const std::string_view name = row.value;
  if (name.empty()) return Value::none;
  if (!row.words.empty()) return name == "LIST" ? Value::list : Value::word;
  if (name == "DIR") return Value::directory;
  return name == "FILE" || name == "PATH" ? Value::file : Value::unknown;
}

std::vector<std::string> names_of(const Row& row) {
  std::vector<std::string> names;
  for (const std::string name : {row.short_name, row.long_name}) {
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

/// `text` with `escape` before each of `special`.
std::string escaped(std::string_view text, std::string_view special, const char* escape) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) result += escape;
    result += c;
  }
  return result;
}

/// What --help says, in one line.
std::string description(const Row& row) {
  std::string text = row.help;
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

constexpr const char* kBashHead = R"(# bash completion for rcopy. The build makes it from rcopy's table of options.

_rcopy() {
  local IFS=$' \t\n' current=${COMP_WORDS[COMP_CWORD]} previous='' option='' list='' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} != -- ]] || return 0 # names of files only, as bash completes them
  done
  ((COMP_CWORD == 0)) || previous=${COMP_WORDS[COMP_CWORD - 1]}

  # Readline takes "--option=value" for three words.
  if [[ $current == '=' ]]; then
    option=$previous current=''
  elif [[ $previous == '=' ]] && ((COMP_CWORD > 1)); then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  else
    case $previous in
)";

constexpr const char* kBashTail = R"(    *) compopt +o default; return ;; # anything
  esac
  [[ $list ]] && list=${current%"${current##*,}"} && current=${current##*,}
  mapfile -t COMPREPLY < <(compgen -P "$list" -W "$words" -- "$current")
  compopt +o default
}

complete -o default -F _rcopy rcopy
)";

/// What bash does for the value of that option: a branch of its "case".
std::string bash_branch(const Row& row) {
  std::string action;
  switch (value_of(row)) {
    case Value::none:
    case Value::unknown: return "";
    case Value::file: action = "return"; break;
    case Value::directory: action = "compopt +o default -o dirnames; return"; break;
    case Value::word: action = "words='" + joined(row.words, " ") + "'"; break;
    case Value::list:
      action = "list=yes words='" + joined(row.words, " ") + "'; compopt -o nospace";
      break;
  }
  return "    " + joined(names_of(row), " | ") + ") " + action + " ;;\n";
}

/// How zsh completes the value of that option: a message and an action.
std::string zsh_value(const Row& row) {
  if (!takes_value(row)) return "";
  std::string text = may_stand_alone(row) ? "::" : ":";
  text += std::string{row.value} + ":";
  const std::string words = joined(row.words, " ");
  switch (value_of(row)) {
    case Value::none: break;
    case Value::unknown: text += " "; break;
    case Value::word: text += "(" + words + ")"; break;
    case Value::list: text += "_values -s , " + std::string{row.value} + " " + words; break;
    case Value::file: text += "_files"; break;
    case Value::directory: text += "_files -/"; break;
  }
  return text;
}

}  // namespace

std::string bash_completion() {
  std::vector<std::string> offered;
  std::vector<std::string> taking_next;  // their value may be the next word
  std::string branches;
  for (const Row& row : option_table()) {
    for (const std::string& name : names_of(row)) {
      const bool is_long = name.starts_with("--");
      if (takes_value(row) && is_long) offered.push_back(name + "=");
      if (!takes_value(row) || !is_long || may_stand_alone(row)) offered.push_back(name);
      if (takes_value(row) && !may_stand_alone(row)) taking_next.push_back(name);
    }
    branches += bash_branch(row);
  }
  return kBashHead + ("      " + joined(taking_next, " | ")) +
         ") option=$previous ;;\n"
         "    esac\n"
         "  fi\n"
         "\n"
         "  case $option in\n"
         "    '')\n"
         "      [[ $current == -* ]] || return 0\n"
         "      words='" +
         joined(offered, " ") +
         "'\n"
         "      mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "      [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace\n"
         "      return\n"
         "      ;;\n" +
         branches + kBashTail;
}

std::string zsh_completion() {
  std::string text =
      "#compdef rcopy\n"
      "# zsh completion for rcopy. The build makes it from rcopy's table of options.\n"
      "\n"
      "_arguments -s -S \\\n";
  for (const Row& row : option_table()) {
    for (const std::string& name : names_of(row)) {
      std::string spec = "*" + name;
      // "+": the value may follow in the same word; "=" and "=-": after this sign, and then only there.
      if (takes_value(row)) spec += !name.starts_with("--") ? "+" : may_stand_alone(row) ? "=-" : "=";
      spec += "[" + escaped(description(row), "\\[]", "\\") + "]" + zsh_value(row);
      text += "  '" + escaped(spec, "'", "'\\'") + "' \\\n";
    }
  }
  return text + "  '*:file:_files'\n";
}

std::string fish_completion() {
  std::string text = "# fish completion for rcopy. The build makes it from rcopy's table of options.\n\n";
  for (const Row& row : option_table()) {
    text += "complete -c rcopy";
    for (const std::string& name : names_of(row)) {
      text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    const std::string words = joined(row.words, " ");
    // -r: there must be a value; -f: it is no name of a file.
    if (takes_value(row) && !may_stand_alone(row)) text += " -r";
    switch (value_of(row)) {
      case Value::none: break;
      case Value::unknown: text += " -f"; break;
      case Value::word: text += " -f -a '" + words + "'"; break;
      case Value::list: text += " -f -a '(__fish_append , " + words + ")'"; break;
      case Value::file: text += " -F"; break;
      case Value::directory: text += " -f -a '(__fish_complete_directories)'"; break;
    }
    text += " -d '" + escaped(description(row), "\\'", "\\") + "'\n";
  }
  return text;
}

}  // namespace rcopy::cli
