// SPDX-License-Identifier: MIT
//
// What of the user's environment decides, read once.
#pragma once

#include <string>

namespace rcopy::cli {

/// An unset variable is the same as an empty one.
struct Environment {
  std::string rcopy_journal = {};         ///< $RCOPY_JOURNAL
  std::string xdg_state_home = {};        ///< $XDG_STATE_HOME
  std::string home = {};                  ///< $HOME
  std::string passwd_home = {};           ///< the home directory in the user database
  std::string version_control = {};       ///< $VERSION_CONTROL: which backups
  std::string simple_backup_suffix = {};  ///< $SIMPLE_BACKUP_SUFFIX
};

/// Reads the variables and the user database. Once, while there is one thread.
[[nodiscard]] Environment read_environment();

}  // namespace rcopy::cli
