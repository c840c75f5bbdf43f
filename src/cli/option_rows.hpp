// SPDX-License-Identifier: MIT
//
// What each option is called, says of itself, and does to Arguments; only option_table.cpp calls
// these. Those that cp has are in cp_options.cpp, the others in own_options.cpp.
#pragma once

#include "cli/option_table.hpp"

#include <vector>

namespace rcopy::cli {

/// What becomes of directories, links and special files, and what a copy is.
[[nodiscard]] std::vector<Row> tree_rows();

/// What a copy gets besides its content.
[[nodiscard]] std::vector<Row> attribute_rows();

/// Where it goes, and what becomes of what is there.
[[nodiscard]] std::vector<Row> replace_rows();

/// Which files of a directory are copied.
[[nodiscard]] std::vector<Row> selection_rows();

/// How it is made, continued and proven.
[[nodiscard]] std::vector<Row> proof_rows();

/// What it waits for, and leaves to others.
[[nodiscard]] std::vector<Row> load_rows();

/// What is kept of it, and said.
[[nodiscard]] std::vector<Row> talk_rows();

/// What the program does with its journal and with lists of hashes.
[[nodiscard]] std::vector<Row> instead_rows();

}  // namespace rcopy::cli
