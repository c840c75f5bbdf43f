// SPDX-License-Identifier: MIT
//
// Whole-number arithmetic throughout, so that no value up to 2^64 - 1 bytes is shown wrong.
#include "base/text.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rcopy::base {
namespace {

/// Can be shown between plain single quotes.
bool is_plain(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character next = first_character(text);
    if (next.length_bytes == 0 || !is_printable(next.code_point) || text.front() == '\'') {
      return false;
    }
    text.remove_prefix(next.length_bytes);
  }
  return true;
}

/// One byte inside $'...'. Octal because \nnn ends by itself; \xhh eats hex digits that follow.
std::string escaped(char byte) {
  switch (byte) {
    case '\n': return "\\n";
    case '\t': return "\\t";
    case '\r': return "\\r";
    case '\'': return "\\'";
    case '\\': return "\\\\";
    default: return fmt::format("\\{:03o}", static_cast<unsigned char>(byte));
  }
}

constexpr std::array<const char*, 7> kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

struct Scaled {
  std::uint64_t whole = 0;
  unsigned tenths = 0;
  std::size_t unit = 0;
};

/// The largest unit that leaves at least 1.0, rounded to the nearest tenth.
Scaled scaled(std::uint64_t bytes) {
  Scaled result{.whole = bytes};
  while (result.unit + 1 < kUnits.size() && (bytes >> (10 * (result.unit + 1))) != 0) ++result.unit;
  if (result.unit == 0) return result;

  const auto shift = 10 * result.unit;
  const std::uint64_t one = std::uint64_t{1} << shift;
  const std::uint64_t tenths = ((bytes & (one - 1)) * 10 + one / 2) >> shift;
  result.whole = (bytes >> shift) + tenths / 10;
  result.tenths = static_cast<unsigned>(tenths % 10);
  if (result.whole == 1024 && result.unit + 1 < kUnits.size()) {
    result.whole = 1;
    ++result.unit;
  }
  return result;
}

/// bytes per second, without overflow for any pair of values.
std::uint64_t per_second(std::uint64_t bytes, std::chrono::nanoseconds elapsed) {
  const long double seconds = std::chrono::duration<long double>(elapsed).count();
  const long double rate = static_cast<long double>(bytes) / seconds;
  constexpr long double kMost = 18446744073709551615.0L;
  return rate >= kMost ? UINT64_MAX : static_cast<std::uint64_t>(rate);
}

}  // namespace

std::string quoted(const std::filesystem::path& path) {
  std::string_view rest = path.native();
  if (is_plain(rest)) return "'" + path.native() + "'";

  std::string text = "$'";
  while (!rest.empty()) {
    const Utf8Character next = first_character(rest);
    const bool special = rest.front() == '\'' || rest.front() == '\\';
    if (next.length_bytes != 0 && is_printable(next.code_point) && !special) {
      text += rest.substr(0, next.length_bytes);
      rest.remove_prefix(next.length_bytes);
    } else {
      const std::size_t bytes = std::max<std::size_t>(next.length_bytes, 1);
      for (const char byte : rest.substr(0, bytes)) text += escaped(byte);
      rest.remove_prefix(bytes);
    }
  }
  return text + "'";
}

std::string escaped_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    switch (c) {
      case '\n': line += "\\n"; break;
      case '\r': line += "\\r"; break;
      case '\\': line += "\\\\"; break;
      default: line += c;
    }
  }
  return line;
}

std::optional<std::string> unescaped_line(std::string_view line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\') {
      text += line[i];
      continue;
    }
    switch (++i < line.size() ? line[i] : '\0') {
      case 'n': text += '\n'; break;
      case 'r': text += '\r'; break;
      case '\\': text += '\\'; break;
      default: return std::nullopt;
    }
  }
  return text;
}

std::string format_bytes(std::uint64_t bytes) {
  const Scaled value = scaled(bytes);
  if (value.unit == 0) return fmt::format("{} B", value.whole);
  return fmt::format("{}.{} {}", value.whole, value.tenths, kUnits[value.unit]);
}

std::string format_rate(std::uint64_t bytes, std::chrono::nanoseconds elapsed) {
  if (elapsed <= std::chrono::nanoseconds::zero()) return "-";
  const Scaled value = scaled(per_second(bytes, elapsed));
  if (value.unit == 0) return fmt::format("{} B/s", value.whole);
  if (value.whole < 100) {
    return fmt::format("{}.{} {}/s", value.whole, value.tenths, kUnits[value.unit]);
  }
  return fmt::format("{} {}/s", value.whole + (value.tenths >= 5 ? 1 : 0), kUnits[value.unit]);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  using namespace std::chrono;
  if (duration < nanoseconds::zero()) duration = nanoseconds::zero();
  const auto centiseconds = duration_cast<milliseconds>(duration).count() / 10;
  const auto whole = centiseconds / 100;
  if (whole < 10) return fmt::format("{}.{:02} s", whole, centiseconds % 100);
  if (whole < 60) return fmt::format("{}.{} s", whole, centiseconds % 100 / 10);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string format_time(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<milliseconds>(time) - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace rcopy::base
