// SPDX-License-Identifier: MIT
#include "ui/phrases.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

namespace rcopy::ui {

std::string about(const std::filesystem::path& path, const std::string& text) {
  return path.empty() ? text : base::quoted(path) + ": " + text;
}

std::string arrow(const std::filesystem::path& source, const std::filesystem::path& destination) {
  return base::quoted(source) + " -> " + base::quoted(destination);
}

std::string without_controls(const std::string& text) {
  std::string line;
  for (const char one : text) {
    const auto byte = static_cast<unsigned char>(one);
    const bool control = byte < 0x20 || byte == 0x7f;
    line += control ? fmt::format("\\{:03o}", byte) : std::string(1, one);
  }
  return line;
}

}  // namespace rcopy::ui
