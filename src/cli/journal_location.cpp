// SPDX-License-Identifier: MIT
//
// XDG base directories: https://specifications.freedesktop.org/basedir-spec/latest/
#include "cli/journal_location.hpp"

#include <rcopy/error.hpp>

namespace rcopy::cli {
namespace {

bool is_absolute(const std::string& path) { return !path.empty() && path.front() == '/'; }

}  // namespace

std::filesystem::path journal_location(const Environment& environment) {
  const std::filesystem::path file = "rcopy/journal.db";
  if (!environment.rcopy_journal.empty()) return environment.rcopy_journal;
  if (is_absolute(environment.xdg_state_home)) return environment.xdg_state_home / file;
  for (const std::string& home : {environment.home, environment.passwd_home}) {
    if (is_absolute(home)) return std::filesystem::path{home} / ".local/state" / file;
  }
  throw Error{{.code = ErrorCode::journal,
               .operation = "find a place for the journal",
               .path = {},
               .reason = "there is no home directory"}};
}

}  // namespace rcopy::cli
