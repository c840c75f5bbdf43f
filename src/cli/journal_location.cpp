// SPDX-License-Identifier: MIT
//
// XDG base directories: https://specifications.freedesktop.org/basedir-spec/latest/
#include "cli/journal_location.hpp"

#include <rcopy/error.hpp>

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace rcopy::cli {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_absolute(const std::string& path) { return !path.empty() && path.front() == '/'; }

}  // namespace

Environment read_environment() {
  const passwd* const user = ::getpwuid(::geteuid());
  return {
      .rcopy_journal = variable("RCOPY_JOURNAL"),
      .xdg_state_home = variable("XDG_STATE_HOME"),
      .home = variable("HOME"),
      .passwd_home = user == nullptr || user->pw_dir == nullptr ? "" : user->pw_dir,
  };
}

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
