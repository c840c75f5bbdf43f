// SPDX-License-Identifier: MIT
#include "ui/json_line.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
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

const char* word(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage: return "usage";
    case ErrorCode::io: return "io";
    case ErrorCode::not_mounted: return "not_mounted";
    case ErrorCode::busy: return "busy";
    case ErrorCode::journal: return "journal";
    case ErrorCode::no_space: return "no_space";
    case ErrorCode::no_reflink: return "no_reflink";
    case ErrorCode::source_changed: return "source_changed";
    case ErrorCode::verify_failed: return "verify_failed";
    case ErrorCode::unexpected_content: return "unexpected_content";
    case ErrorCode::interrupted: return "interrupted";
    case ErrorCode::internal: break;
  }
  return "internal";
}

}  // namespace

Json object(const char* type) {
  return {{"type", type}, {"time", base::format_time(std::chrono::system_clock::now())}};
}

double seconds(std::chrono::nanoseconds duration) {
  constexpr double kPerSecond = 1000;  // milliseconds say enough
  return std::round(std::chrono::duration<double>(duration).count() * kPerSecond) / kPerSecond;
}

void add_path(Json& object, const std::string& key, const std::filesystem::path& path) {
  object[key] = path.native();
  if (!is_utf8(path.native())) object[key + "_base64"] = base64(path.native());
}

void add_path_if_any(Json& to, const char* key, const std::filesystem::path& path) {
  if (!path.empty()) add_path(to, key, path);
}

void add_error(Json& to, const Error& error, const std::string& message) {
  const ErrorInfo& info = error.info();
  to["code"] = word(info.code);
  to["message"] = message;
  if (!info.operation.empty()) to["operation"] = info.operation;
  add_path_if_any(to, "path", info.path);
  if (info.offset_bytes) to["offset_bytes"] = *info.offset_bytes;
  if (info.os_error != 0) to["errno"] = info.os_error;
}

std::string to_line(const Json& object) {
  constexpr int kOneLine = -1;
  constexpr bool kAscii = true;
  return object.dump(kOneLine, ' ', kAscii, Json::error_handler_t::replace);
}

}  // namespace rcopy::ui
