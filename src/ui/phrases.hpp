// SPDX-License-Identifier: MIT
//
// What lines for people are made of in more than one place. For ui/*.cpp; pure functions, any thread.
#pragma once

#include <filesystem>
#include <string>

namespace rcopy::ui {

/// "'path': text", or the text alone.
[[nodiscard]] std::string about(const std::filesystem::path& path, const std::string& text);

/// "'a' -> 'b'".
[[nodiscard]] std::string arrow(const std::filesystem::path& source, const std::filesystem::path& destination);

/// In one line, whatever it has in it: control characters as \ooo. File names in it are escaped already.
[[nodiscard]] std::string without_controls(const std::string& text);

}  // namespace rcopy::ui
