// SPDX-License-Identifier: MIT
//
// What the user types when he is asked.
#pragma once

#include <stop_token>
#include <string>

namespace rcopy::ui {

/// One line, without its end, which the last may lack; empty after an error and when `stop` is requested.
/// Takes nothing of what follows the line.
[[nodiscard]] std::string read_line(int descriptor, const std::stop_token& stop);

}  // namespace rcopy::ui
