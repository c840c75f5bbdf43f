// SPDX-License-Identifier: MIT
//
// The one table of options: parser, help and the lists that tests compare come from it.
#pragma once

#include "cli/arguments.hpp"

#include <functional>
#include <string>
#include <vector>

namespace rcopy::cli {

/// Throws Error (usage) with this text.
[[noreturn]] void refuse(std::string message);

using Apply = std::function<void(Arguments&, const std::string& value)>;

/// One option. Options are applied in the order they are given, so the last one counts.
struct Row {
  const char* short_name;  ///< "" where there is none
  const char* long_name;   ///< "" where there is none
  const char* value;       ///< what --help calls its value; "" for an option without one
  const char* help;        ///< lines end with '\n' where --help breaks them
  Apply apply;
  const char* without = "";  ///< the value of the option alone, where it may be left out
};

[[nodiscard]] const std::vector<Row>& option_table();

/// The value of an option, or of $VERSION_CONTROL, in GNU's words. Throws Error (usage).
[[nodiscard]] Backup parse_backup(const char* option, const std::string& value);

}  // namespace rcopy::cli
