// SPDX-License-Identifier: MIT
//
// Where the journal is when the command line does not say.
#pragma once

#include "cli/environment.hpp"

#include <filesystem>

namespace rcopy::cli {

/// $RCOPY_JOURNAL; else rcopy/journal.db in $XDG_STATE_HOME, which by the XDG specification counts
/// only if absolute; else in .local/state of the home directory. Throws Error (journal) where
/// there is none of these.
[[nodiscard]] std::filesystem::path journal_location(const Environment& environment);

}  // namespace rcopy::cli
