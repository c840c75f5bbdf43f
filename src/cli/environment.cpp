// SPDX-License-Identifier: MIT
#include "cli/environment.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace rcopy::cli {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Environment read_environment() {
  const passwd* const user = ::getpwuid(::geteuid());
  return {
      .rcopy_journal = variable("RCOPY_JOURNAL"),
      .xdg_state_home = variable("XDG_STATE_HOME"),
      .home = variable("HOME"),
      .passwd_home = user == nullptr || user->pw_dir == nullptr ? "" : user->pw_dir,
      .version_control = variable("VERSION_CONTROL"),
      .simple_backup_suffix = variable("SIMPLE_BACKUP_SUFFIX"),
  };
}

}  // namespace rcopy::cli
