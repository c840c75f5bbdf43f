// SPDX-License-Identifier: MIT
//
// What the program does instead of copying: with its journal, and with lists of hashes.
#pragma once

#include "cli/arguments.hpp"
#include "cli/exit_codes.hpp"

#include <rcopy/check.hpp>

namespace rcopy::cli {

/// How that ended: by `signal`, or where that is 0 with `code`.
struct InsteadEnd {
  ExitCode code = ExitCode::success;
  int signal = 0;
};

/// --list, --forget, --prune, --audit and --check. Throws Error: journal; usage for a list that cannot be read.
[[nodiscard]] InsteadEnd do_instead(const Arguments& arguments, const Environment& environment);

/// 3 where content differs, 1 where something is missing or could not be read.
[[nodiscard]] ExitCode exit_code(const CheckSummary& summary);

}  // namespace rcopy::cli
