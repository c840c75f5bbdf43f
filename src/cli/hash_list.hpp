// SPDX-License-Identifier: MIT
//
// Lists of hashes as xxh128sum prints them, to check files against.
#pragma once

#include <rcopy/check.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace rcopy::cli {

/// "HASH  NAME" or "HASH *NAME", "XXH128 (NAME) = HASH", each with a backslash before it where the name is written in
/// escapes. Nothing for any other line.
[[nodiscard]] std::optional<ExpectedFile> parse_hash_line(std::string_view line);

class HashList {
 public:
  /// "-" is standard input. Throws Error (usage) where it cannot be read, or has no line of that kind.
  explicit HashList(const std::filesystem::path& file);

  /// In the order of the lines. Empty lines and those that begin with # are passed over, and what makes no sense.
  [[nodiscard]] std::optional<ExpectedFile> next();

  /// How many lines made no sense so far.
  [[nodiscard]] std::uint64_t senseless() const { return senseless_; }

 private:
  std::string text_;
  std::size_t at_ = 0;
  std::uint64_t senseless_ = 0;
};

}  // namespace rcopy::cli
