// SPDX-License-Identifier: MIT
//
// Bytes, times and paths as people read them. Pure functions; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace rcopy::base {

/// A path for a message: 'like this', control characters and bytes that are not UTF-8 as \ooo
/// inside $'...', so that it can be pasted into a shell. The only place a path becomes text.
[[nodiscard]] std::string quoted(const std::filesystem::path& path);

/// "0 B", "512 B", "1.0 KiB", "3.4 GiB": powers of 1024, one decimal from KiB on.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

/// "412 MiB/s"; "-" where the time is zero.
[[nodiscard]] std::string format_rate(std::uint64_t bytes, std::chrono::nanoseconds elapsed);

/// "0.42 s", "12.3 s", "3:05", "1:02:09".
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds duration);

/// In one line: a line feed as \n, a carriage return as \r, a backslash doubled, as lists of hashes have it.
[[nodiscard]] std::string escaped_line(std::string_view text);
/// The text that it stands for; nothing where a backslash begins anything else.
[[nodiscard]] std::optional<std::string> unescaped_line(std::string_view line);

/// "2026-11-26T04:21:02.123Z": RFC 3339, in UTC.
[[nodiscard]] std::string format_time(std::chrono::system_clock::time_point time);

}  // namespace rcopy::base
