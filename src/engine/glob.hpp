// SPDX-License-Identifier: MIT
//
// Wildcards as rsync understands them, byte by byte: no locale, no encoding. A pattern is compiled once
// and then immutable; any thread. Only Filter uses it, which knows what part of a path is to fit.
#pragma once

#include <bitset>
#include <string_view>
#include <vector>

namespace rcopy::engine {

/// `*` stands for any bytes but slashes, `**` and more stars for any bytes, `?` for a byte that is no
/// slash, `[a-z]`, `[!a]`, `[^a]` and `[[:alpha:]]` (of ASCII) for one of a set or not of it, but never
/// for a slash, and a backslash for the byte behind it. A bracket that is not closed, a class that there
/// is not, and a backslash at the end fit nothing.
class Glob {
 public:
  enum class Begin {
    at_start,     ///< the whole text has to fit
    after_slash,  ///< or what is behind any of its slashes
  };

  explicit Glob(std::string_view pattern);

  /// In time proportional to the product of both lengths at most, whatever the pattern.
  [[nodiscard]] bool matches(std::string_view text, Begin begin) const;

 private:
  using Bytes = std::bitset<256>;

  /// What may be skipped before the next byte that counts.
  enum class Gap : unsigned char { none, in_component, any };

  /// So much of the pattern is passed. From each state the next one is reached by one byte.
  struct State {
    Gap gap = Gap::none;
    Bytes next = {};
  };

  void add(const Bytes& bytes);
  [[nodiscard]] bool can_end_with(std::string_view text) const;
  [[nodiscard]] bool advance(std::vector<unsigned char>& reached, unsigned char byte) const;

  static Bytes take_set(std::string_view& rest);

  std::vector<State> states_;  ///< the last one is where all has fitted
};

}  // namespace rcopy::engine
