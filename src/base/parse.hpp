// SPDX-License-Identifier: MIT
//
// Numbers as people write them on a command line, to values. The whole text must match; anything
// else is nullopt, never a guess. Pure functions; any thread; independent of the locale.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rcopy::base {

/// "3". No sign, no blanks.
[[nodiscard]] std::optional<unsigned> parse_count(std::string_view text);

/// "500ms", "2s", "1.5m", "1h"; a bare number is seconds. Rounded to the nearest millisecond. At
/// most 10000 hours.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "30d", "12h", "2w", "1.5y" (of 365 days); a bare number is nothing. At most a thousand years.
[[nodiscard]] std::optional<std::chrono::seconds> parse_age(std::string_view text);

/// Bytes a second: "500" is KiB as in rsync; "10M", "1.5G", "64K" are powers of 1024, in either
/// case. At least 1 KiB and at most 2^53 bytes; rounded to a whole byte.
[[nodiscard]] std::optional<std::uint64_t> parse_rate(std::string_view text);

/// Bytes: "500" or "500B"; "10K", "10KiB", "1.5G" are powers of 1024, "10KB", "1.5GB" powers of 1000, as in
/// rsync; up to P, in either case. At most 2^53; rounded to a whole byte.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace rcopy::base
