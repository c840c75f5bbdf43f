// SPDX-License-Identifier: MIT
//
// The one table of options, in the groups of --help: parser, help, the shells' completions and the lists
// that tests compare come from it.
#pragma once

#include "cli/arguments.hpp"

#include <functional>
#include <string>
#include <vector>

namespace rcopy::cli {

/// Throws Error (usage) with this text.
[[noreturn]] void refuse(std::string message);

using Apply = std::function<void(Arguments&, const std::string& value)>;

/// Whether the journal keeps an option, so that a copy that is continued later has it, too.
enum class Kept { yes, no };

/// One option. Options are applied in the order they are given, so the last one counts.
struct Row {
  const char* short_name;  ///< "" where there is none
  const char* long_name;   ///< "" where there is none
  const char* value;       ///< what --help calls its value; "" for an option without one. Shells complete
                           ///< FILE, PATH and DIR by names, and LIST by words with commas between
  const char* help;        ///< lines end with '\n' where --help breaks them
  Apply apply;
  const char* without = "";  ///< the value of the option alone, where it may be left out
  Kept kept = Kept::yes;
  std::vector<std::string> words = {};  ///< that its value may be, where these are a few: see offering()
};

[[nodiscard]] inline bool takes_value(const Row& row) { return *row.value != '\0'; }

[[nodiscard]] inline bool may_stand_alone(const Row& row) { return *row.without != '\0'; }

/// Options that are about one thing.
struct Group {
  const char* title;
  std::vector<Row> rows;
};

/// In the order of --help.
[[nodiscard]] const std::vector<Group>& option_groups();

/// The rows of all groups.
[[nodiscard]] const std::vector<Row>& option_table();

/// The ten that people use most, for -h.
[[nodiscard]] std::vector<Row> usual_rows();

}  // namespace rcopy::cli
