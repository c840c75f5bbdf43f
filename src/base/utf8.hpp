// SPDX-License-Identifier: MIT
//
// Just enough UTF-8 to tell which bytes may go to a terminal, and where a text may be cut. Strict:
// overlong forms, surrogates and code points past U+10FFFF are not UTF-8. Pure functions; any
// thread; independent of the locale.
#pragma once

#include <cstddef>
#include <string_view>

namespace rcopy::base {

/// One character at the start of a text. `length_bytes` 0: there is none, or it is not UTF-8.
struct Utf8Character {
  char32_t code_point = 0;
  std::size_t length_bytes = 0;
};

[[nodiscard]] Utf8Character first_character(std::string_view text);

/// Whether the character shows as itself. No: control characters, and what is invisible or
/// reorders a line (direction marks, zero-width characters, line separators), for a file name
/// could use them to look like something else.
[[nodiscard]] bool is_printable(char32_t code_point);

}  // namespace rcopy::base
