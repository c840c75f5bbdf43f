// SPDX-License-Identifier: MIT
#include "ui/line_layout.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rcopy::ui {
namespace {

struct Character {
  std::size_t bytes;
  std::size_t columns;
};

Character first(std::string_view text) {
  const std::size_t bytes = std::max<std::size_t>(base::first_character(text).length_bytes, 1);
  return {.bytes = bytes, .columns = bytes == 1 ? 1U : 2U};
}

std::string shown(std::string text, Charset charset) {
  if (charset == Charset::utf8) return text;
  const auto is_other = [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; };
  std::replace_if(text.begin(), text.end(), is_other, '?');
  return text;
}

/// As many characters as fit before `mark`, and that.
std::string cut(const std::string& text, std::size_t room, std::string_view mark) {
  if (columns(text) <= room) return text;
  if (columns(mark) > room) return "";
  std::size_t left = room - columns(mark);
  std::string_view rest = text;
  while (first(rest).columns <= left) {
    left -= first(rest).columns;
    rest.remove_prefix(first(rest).bytes);
  }
  return text.substr(0, text.size() - rest.size()).append(mark);
}

std::string_view coloured(Tone tone) {
  switch (tone) {
    case Tone::good: return "\x1b[32m";
    case Tone::trouble: return "\x1b[33m";
    case Tone::plain: break;
  }
  return "";
}

}  // namespace

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const Character next = first(text);
    count += next.columns;
    text.remove_prefix(next.bytes);
  }
  return count;
}

Part part(std::string text, std::size_t room) {
  const std::size_t own = columns(text);
  return {.text = std::move(text), .room = std::max(own, room)};
}

std::size_t fit(const std::vector<Part*>& priority, std::size_t width) {
  std::size_t left = width;
  bool first = true;
  for (Part* const one : priority) {
    const std::size_t needed = one->room + (first ? 0 : one->gap.size());
    if (one->room == 0) continue;
    if (needed > left) {
      one->room = 0;
      continue;
    }
    left -= needed;
    first = false;
  }
  return left;
}

std::string joined(const std::vector<Part>& parts, Colour colour) {
  std::string line;
  for (const Part& one : parts) {
    if (one.room == 0) continue;
    const std::string_view tone = colour == Colour::some ? coloured(one.tone) : "";
    if (!line.empty()) line += one.gap;
    line.append(tone).append(one.text).append(tone.empty() ? "" : "\x1b[0m");
    const std::size_t own = columns(one.text);
    if (own < one.room) line.append(one.room - own, ' ');
  }
  const std::size_t end = line.find_last_not_of(' ');
  return end == std::string::npos ? "" : line.substr(0, end + 1);
}

std::string fitted_name(const std::filesystem::path& name, std::size_t room, Charset charset) {
  const std::string dots = charset == Charset::utf8 ? "…" : "...";
  std::string text = shown(base::quoted(name), charset);
  auto directory = name.begin();
  while (columns(text) > room && std::distance(directory, name.end()) > 1) {
    std::filesystem::path rest{dots};
    for (auto at = ++directory; at != name.end(); ++at) rest /= *at;
    text = shown(base::quoted(rest), charset);
  }
  if (columns(text) <= room) return text;
  if (room < kShortestName) return "";
  return cut(shown(base::quoted(name.filename()), charset), room, dots + "'");
}

std::string fitted(const std::string& text, std::size_t room, Charset charset) {
  return cut(shown(text, charset), room, charset == Charset::utf8 ? "…" : "...");
}

}  // namespace rcopy::ui
