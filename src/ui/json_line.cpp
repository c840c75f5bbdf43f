// SPDX-License-Identifier: MIT
#include "ui/json_line.hpp"

#include "base/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rcopy::ui {
namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = base::first_character(text).length_bytes;
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

/// RFC 4648, with padding.
std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 3))) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = (group << 8U) | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
    }
    for (std::size_t digit = 0; digit < 4; ++digit) {
      text += digit <= bytes.size() ? kDigits[(group >> (18U - 6U * digit)) & 0x3FU] : '=';
    }
  }
  return text;
}

}  // namespace

void add_path(Json& object, const std::string& key, const std::filesystem::path& path) {
  object[key] = path.native();
  if (!is_utf8(path.native())) object[key + "_base64"] = base64(path.native());
}

std::string to_line(const Json& object) {
  constexpr int kOneLine = -1;
  constexpr bool kAscii = true;
  return object.dump(kOneLine, ' ', kAscii, Json::error_handler_t::replace);
}

}  // namespace rcopy::ui
