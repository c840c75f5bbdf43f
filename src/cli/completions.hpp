// SPDX-License-Identifier: MIT
//
// What bash, zsh and fish offer when somebody presses Tab after "rcopy": each text is the whole file
// for that shell, made from the table of options. Only the build calls these (write_completions.cpp).
#pragma once

#include <string>

namespace rcopy::cli {

[[nodiscard]] std::string bash_completion();
[[nodiscard]] std::string zsh_completion();
[[nodiscard]] std::string fish_completion();

}  // namespace rcopy::cli
