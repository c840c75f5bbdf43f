// SPDX-License-Identifier: MIT
//
// GNU's habits of writing long options, for CLI11, which does not have them. Pure functions.
#pragma once

#include "cli/option_table.hpp"

#include <string>
#include <vector>

namespace rcopy::cli {

/// The words with the full name of each long option in place of an unambiguous beginning of it, and
/// with the value that an option has alone: "--rec" becomes "--recursive", "--wait" becomes
/// "--wait=forever". Words that are values, and those after "--", stay as they are.
///
/// Throws Error (usage) for a long option that does not exist, naming the nearest that does, for one
/// that is ambiguous, and for a value that is missing, empty or unwanted.
[[nodiscard]] std::vector<std::string> spelled_out(const std::vector<std::string>& words,
                                                   const std::vector<Row>& table);

}  // namespace rcopy::cli
