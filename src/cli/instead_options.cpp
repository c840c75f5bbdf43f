// SPDX-License-Identifier: MIT
//
// The options that ask for something else than a copy. They exclude each other.
#include "base/parse.hpp"
#include "base/text.hpp"
#include "cli/option_rows.hpp"
#include "cli/option_values.hpp"

#include <charconv>
#include <string>
#include <vector>

namespace rcopy::cli {
namespace {

void choose_action(Arguments& to, Action action, const char* option) {
  if (asks_for_help(to.action)) return;
  if (!to.action_name.empty() && to.action_name != option) {
    refuse(to.action_name + " and " + option + " exclude each other");
  }
  to.action = action;
  to.action_name = option;
}

/// As --list writes it: 12 for a file, t3 for a tree. Everything else is a path.
RecordKey parse_key(const std::string& value) {
  const bool tree = value.starts_with('t');
  const char* const begin = value.data() + (tree ? 1 : 0);
  const char* const end = value.data() + value.size();
  std::int64_t number = 0;
  const auto [stopped, error] = std::from_chars(begin, end, number);
  if (error == std::errc{} && stopped == end && number > 0) {
    return RecordId{.kind = tree ? RecordKind::tree : RecordKind::file, .number = number};
  }
  return std::filesystem::path{value};
}

void forget_one(Arguments& to, const std::string& value) {
  choose_action(to, Action::forget, "--forget");
  to.forgotten.push_back(parse_key(value));
}

void name_list(Arguments& to, const std::string& value) {
  if (to.action == Action::check) refuse("--check can be given once only");
  choose_action(to, Action::check, "--check");
  to.checked = value;
}

void choose_audit(Arguments& to, const std::string& value) {
  if (to.action == Action::audit) refuse("--audit can be given once only");
  choose_action(to, Action::audit, "--audit");
  to.audited = value;
}

}  // namespace

std::vector<Row> instead_rows() {
  return {
      {"", "--list", "", "show what is not finished, and why",
       [](auto& to, const auto&) { choose_action(to, Action::list, "--list"); }, "", Kept::no},
      {"", "--resume-all", "", "continue all of that, each with the options it had",
       [](auto& to, const auto&) { choose_action(to, Action::resume_all, "--resume-all"); }, "", Kept::no},
      {"", "--forget", "ID|DEST",
       "forget an entry that --list shows, or all of a\n"
       "destination; what is left of its partial goes, too",
       forget_one, "", Kept::no},
      {"", "--prune", "AGE",
       "forget what is finished and older than AGE, like 30d\n"
       "(default 90d), and what is gone",
       [](auto& to, const auto& value) {
         choose_action(to, Action::prune, "--prune");
         to.pruned_age = valid("--prune", value, base::parse_age(value));
       },
       "90d", Kept::no},
      {"", "--audit", "PATH",
       "read all finished copies, or those in PATH, from the\n"
       "medium again and compare them with the journal",
       choose_audit, "/", Kept::no},
      {"", "--check", "FILE",
       "read the files of a list that xxh128sum made from the\n"
       "medium and compare them; - is standard input",
       name_list, "", Kept::no},
  };
}

}  // namespace rcopy::cli
