// SPDX-License-Identifier: MIT
//
// How a failure reads. The text is made once, in the constructor, so that what() cannot fail.
#include <rcopy/error.hpp>

#include "base/text.hpp"

#include <cstring>
#include <utility>

namespace rcopy {
namespace {

// strerror_r comes in two shapes: GNU returns the text, POSIX returns 0 and fills the buffer.
[[maybe_unused]] const char* described(const char* text, const char* /*buffer*/) { return text; }
[[maybe_unused]] const char* described(int error, const char* buffer) {
  return error == 0 ? buffer : "unknown error";
}

std::string reason_of(const ErrorInfo& info) {
  if (!info.reason.empty() || info.os_error == 0) return info.reason;
  char buffer[256] = "";
  return described(::strerror_r(info.os_error, buffer, sizeof buffer), buffer);
}

std::string text_of(const ErrorInfo& info) {
  std::string text;
  if (!info.operation.empty()) text = "cannot " + info.operation;
  if (!info.path.empty()) text += (text.empty() ? "" : " ") + base::quoted(info.path);
  if (info.offset_bytes) {
    text += (text.empty() ? "at byte " : " at byte ") + std::to_string(*info.offset_bytes);
  }
  const std::string reason = reason_of(info);
  if (!reason.empty()) text += (text.empty() ? "" : ": ") + reason;
  return text;
}

}  // namespace

Error::Error(ErrorInfo info) : info_(std::move(info)), text_(text_of(info_)) {}

}  // namespace rcopy
