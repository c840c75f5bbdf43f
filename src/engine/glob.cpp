// SPDX-License-Identifier: MIT
#include "engine/glob.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace rcopy::engine {
namespace {

/// Of a POSIX class: pairs of first and last byte.
struct ByteClass {
  std::string_view name;
  std::string_view ranges;
};

constexpr std::array<ByteClass, 12> kByteClasses{{
    {.name = "alnum", .ranges = "09AZaz"},
    {.name = "alpha", .ranges = "AZaz"},
    {.name = "blank", .ranges = "\t\t  "},
    {.name = "cntrl", .ranges = "\x01\x1f\x7f\x7f"},
    {.name = "digit", .ranges = "09"},
    {.name = "graph", .ranges = "!~"},
    {.name = "lower", .ranges = "az"},
    {.name = "print", .ranges = " ~"},
    {.name = "punct", .ranges = "!/:@[`{~"},
    {.name = "space", .ranges = "\t\r  "},
    {.name = "upper", .ranges = "AZ"},
    {.name = "xdigit", .ranges = "09AFaf"},
}};

unsigned char byte_of(char character) { return static_cast<unsigned char>(character); }

template <typename Bytes>
void add_range(Bytes& bytes, unsigned char first, unsigned char last) {
  for (std::size_t byte = first; byte <= last; ++byte) bytes.set(byte);
}

/// The name in `[:name:]`, where `rest` begins with that.
std::optional<std::string_view> class_name(std::string_view rest) {
  if (!rest.starts_with("[:")) return std::nullopt;
  const std::size_t end = rest.find(']', 2);
  if (end == std::string_view::npos || end == 2 || rest[end - 1] != ':') return std::nullopt;
  return rest.substr(2, end - 3);
}

/// One byte of a pattern, which may be behind a backslash.
std::optional<unsigned char> take_byte(std::string_view& rest) {
  if (rest.starts_with('\\')) rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  const unsigned char byte = byte_of(rest.front());
  rest.remove_prefix(1);
  return byte;
}

}  // namespace

Glob::Glob(std::string_view pattern) : states_(1) {
  for (std::string_view rest = pattern; !rest.empty();) {
    switch (rest.front()) {
      case '*': {
        const std::size_t stars = std::min(rest.find_first_not_of('*'), rest.size());
        states_.back().gap = stars == 1 ? Gap::in_component : Gap::any;
        rest.remove_prefix(stars);
        break;
      }
      case '?':
        add(Bytes{}.flip().reset(byte_of('/')));
        rest.remove_prefix(1);
        break;
      case '[':
        rest.remove_prefix(1);
        add(take_set(rest));
        break;
      default: {
        Bytes bytes;
        if (const auto byte = take_byte(rest)) bytes.set(*byte);
        add(bytes);
      }
    }
  }
}

void Glob::add(const Bytes& bytes) {
  states_.back().next = bytes;
  states_.emplace_back();
}

/// What is behind an opening bracket, up to the closing one. Empty where it is malformed.
Glob::Bytes Glob::take_set(std::string_view& rest) {
  const bool negated = rest.starts_with('!') || rest.starts_with('^');
  if (negated) rest.remove_prefix(1);
  Bytes bytes;
  for (bool first = true; first || !rest.starts_with(']'); first = false) {
    if (const auto name = class_name(rest)) {
      const auto found = std::find_if(kByteClasses.begin(), kByteClasses.end(),
                                      [&](const ByteClass& one) { return one.name == *name; });
      if (found == kByteClasses.end()) return {};
      for (std::size_t i = 0; i < found->ranges.size(); i += 2) {
        add_range(bytes, byte_of(found->ranges[i]), byte_of(found->ranges[i + 1]));
      }
      rest.remove_prefix(name->size() + std::string_view{"[::]"}.size());
      continue;
    }
    const auto begin = take_byte(rest);
    if (!begin) return {};
    bytes.set(*begin);  // also where it begins a range that ends before it
    if (rest.size() < 2 || rest[0] != '-' || rest[1] == ']') continue;
    rest.remove_prefix(1);
    const auto end = take_byte(rest);
    if (!end) return {};
    add_range(bytes, *begin, *end);
  }
  rest.remove_prefix(1);
  return (negated ? ~bytes : bytes).reset(byte_of('/'));
}

bool Glob::matches(std::string_view text, Begin begin) const {
  if (!can_end_with(text)) return false;
  std::vector<unsigned char> reached(states_.size());
  reached.front() = true;
  for (const char character : text) {
    const bool goes_on = advance(reached, byte_of(character));
    if (begin == Begin::after_slash) {
      if (character == '/') reached.front() = true;
    } else if (!goes_on) {
      return false;
    }
  }
  return reached.back();
}

/// What most names are turned away by, at little cost.
bool Glob::can_end_with(std::string_view text) const {
  const std::size_t fewest_bytes = states_.size() - 1;
  if (fewest_bytes == 0 || states_.back().gap != Gap::none) return text.size() >= fewest_bytes;
  return text.size() >= fewest_bytes && states_[fewest_bytes - 1].next.test(byte_of(text.back()));
}

/// All states at once, each by the one before it. Whether there is any left.
bool Glob::advance(std::vector<unsigned char>& reached, unsigned char byte) const {
  bool goes_on = false;
  for (std::size_t i = states_.size(); i-- > 0;) {
    const Gap gap = states_[i].gap;
    const bool stays = reached[i] && (gap == Gap::any || (gap == Gap::in_component && byte != '/'));
    const bool arrives = i > 0 && reached[i - 1] && states_[i - 1].next.test(byte);
    reached[i] = stays || arrives;
    goes_on = goes_on || stays || arrives;
  }
  return goes_on;
}

}  // namespace rcopy::engine
