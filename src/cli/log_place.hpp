// SPDX-License-Identifier: MIT
//
// A log that is one of the files of the run would be written into them. Looks at names, opens none of them but the
// journal.
#pragma once

#include "cli/arguments.hpp"

#include <rcopy/copy.hpp>
#include <rcopy/journal.hpp>

namespace rcopy::cli {

/// Before the log is opened. Throws Error: usage where the log is a source, a destination, the journal or the manifest;
/// journal where what is unfinished cannot be read (Action::resume_all).
void check_log_place(const Arguments& arguments, const Job& job, const Options& options, const OnWarning& on_warning);

}  // namespace rcopy::cli
