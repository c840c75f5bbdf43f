// SPDX-License-Identifier: MIT
//
// The decoder follows table 3-7 of the Unicode standard (well-formed UTF-8 byte sequences).
#include "base/utf8.hpp"

#include <algorithm>
#include <array>

namespace rcopy::base {
namespace {

struct Form {
  unsigned char mask;  ///< which bits of the first byte tell the length
  unsigned char lead;  ///< what they are
  std::size_t length_bytes;
  char32_t smallest;  ///< below this the form is overlong
};

constexpr std::array<Form, 4> kForms{{
    {0x80, 0x00, 1, 0x0},
    {0xE0, 0xC0, 2, 0x80},
    {0xF0, 0xE0, 3, 0x800},
    {0xF8, 0xF0, 4, 0x10000},
}};

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array<Range, 11> kUnprintable{{
    {0x0000, 0x001F},    // control characters
    {0x007F, 0x009F},    // delete, and the 8-bit control characters
    {0x00AD, 0x00AD},    // soft hyphen
    {0x061C, 0x061C},    // Arabic letter mark
    {0x180E, 0x180E},    // Mongolian vowel separator
    {0x200B, 0x200F},    // zero-width characters, direction marks
    {0x2028, 0x202E},    // line and paragraph separator, direction embeddings and overrides
    {0x2060, 0x206F},    // invisible operators, direction isolates
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFF9, 0xFFFB},    // interlinear annotation
    {0xE0000, 0xE0FFF},  // tags, variation selectors
}};

}  // namespace

Utf8Character first_character(std::string_view text) {
  if (text.empty()) return {};
  const auto lead = static_cast<unsigned char>(text.front());
  const auto form = std::find_if(kForms.begin(), kForms.end(), [lead](const Form& candidate) {
    return (lead & candidate.mask) == candidate.lead;
  });
  if (form == kForms.end() || text.size() < form->length_bytes) return {};

  auto code_point = static_cast<char32_t>(lead & static_cast<unsigned char>(~form->mask));
  for (const char next : text.substr(1, form->length_bytes - 1)) {
    const auto byte = static_cast<unsigned char>(next);
    if ((byte & 0xC0U) != 0x80U) return {};
    code_point = (code_point << 6U) | (byte & 0x3FU);
  }
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < form->smallest || code_point > 0x10FFFF || surrogate) return {};
  return {code_point, form->length_bytes};
}

bool is_printable(char32_t code_point) {
  return std::none_of(kUnprintable.begin(), kUnprintable.end(), [code_point](const Range& range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

}  // namespace rcopy::base
