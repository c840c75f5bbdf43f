// SPDX-License-Identifier: MIT
//
// One row of parts, fitted into a width: those that matter least are left out, and each keeps its columns, so that
// nothing jumps while a figure changes. Columns are counted without the locale's tables: an ASCII character is one
// column, any other at most two, so a row may come out shorter than it could be but never longer. Pure; any thread.
#pragma once

#include "ui/terminal.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rcopy::ui {

enum class Tone { plain, good, trouble };

struct Part {
  std::string text;
  std::size_t room = 0;  ///< columns it keeps; 0: it has nothing to say
  std::string_view gap = "  ";
  Tone tone = Tone::plain;
};

[[nodiscard]] std::size_t columns(std::string_view text);

/// A part that keeps the columns of `text`, or more.
[[nodiscard]] Part part(std::string text, std::size_t room = 0);

/// Asks for `width` columns in the order of `priority`, and takes the room of those that do not get theirs. Gives the
/// columns that are left.
std::size_t fit(const std::vector<Part*>& priority, std::size_t width);

/// The parts that have room, one behind the other.
[[nodiscard]] std::string joined(const std::vector<Part>& parts, Colour colour);

/// The name as a shell reads it, in at most `room` columns: cut at a character and marked. Empty where that makes no
/// sense. Of a path with directories the end is kept.
[[nodiscard]] std::string fitted_name(const std::filesystem::path& name, std::size_t room, Charset charset);
constexpr std::size_t kShortestName = 8;

/// `text` in at most `room` columns.
[[nodiscard]] std::string fitted(const std::string& text, std::size_t room, Charset charset);

}  // namespace rcopy::ui
