// SPDX-License-Identifier: MIT
//
// Where the journal is when the command line does not say.
#pragma once

#include <filesystem>
#include <string>

namespace rcopy::cli {

/// What of the user's environment decides. An unset variable is the same as an empty one.
struct Environment {
  std::string rcopy_journal = {};   ///< $RCOPY_JOURNAL
  std::string xdg_state_home = {};  ///< $XDG_STATE_HOME
  std::string home = {};            ///< $HOME
  std::string passwd_home = {};     ///< the home directory in the user database
};

/// Reads the variables and the user database. Once, while there is one thread.
[[nodiscard]] Environment read_environment();

/// $RCOPY_JOURNAL; else rcopy/journal.db in $XDG_STATE_HOME, which by the XDG specification counts
/// only if absolute; else in .local/state of the home directory. Throws Error (journal) where
/// there is none of these.
[[nodiscard]] std::filesystem::path journal_location(const Environment& environment);

}  // namespace rcopy::cli
