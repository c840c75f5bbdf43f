// SPDX-License-Identifier: MIT
#include "base/parse.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace rcopy::base {
namespace {

struct Unit {
  std::string_view suffix;
  double factor;
};

constexpr std::array<Unit, 5> kUnits{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"", 1000}}};
constexpr double kMostMilliseconds = 10'000.0 * 3'600'000.0;

constexpr double kDaySeconds = 86'400;
constexpr std::array<Unit, 6> kAges{{{"s", 1},
                                     {"m", 60},
                                     {"h", 3600},
                                     {"d", kDaySeconds},
                                     {"w", 7 * kDaySeconds},
                                     {"y", 365 * kDaySeconds}}};
constexpr double kMostSeconds = 1000 * 365 * kDaySeconds;

constexpr double kKiB = 1024;
constexpr double kMiB = kKiB * 1024;
constexpr double kGiB = kMiB * 1024;
constexpr std::array<Unit, 7> kRates{
    {{"", kKiB}, {"K", kKiB}, {"k", kKiB}, {"M", kMiB}, {"m", kMiB}, {"G", kGiB}, {"g", kGiB}}};
constexpr double kTiB = kGiB * 1024;
constexpr double kPiB = kTiB * 1024;
constexpr std::array<Unit, 17> kSizes{{{"", 1},       {"b", 1},      {"k", kKiB},    {"kib", kKiB}, {"kb", 1e3},
                                       {"m", kMiB},   {"mib", kMiB}, {"mb", 1e6},    {"g", kGiB},   {"gib", kGiB},
                                       {"gb", 1e9},   {"t", kTiB},   {"tib", kTiB},  {"tb", 1e12},  {"p", kPiB},
                                       {"pib", kPiB}, {"pb", 1e15}}};
constexpr double kMostBytes = 9'007'199'254'740'992.0;  // what a double counts exactly

/// A number without a sign and one of the units, to the product of the two.
template <std::size_t count>
std::optional<double> scaled(std::string_view text, const std::array<Unit, count>& units) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view suffix = text.substr(digits);
  const auto unit = std::find_if(units.begin(), units.end(), [suffix](const Unit& candidate) {
    return candidate.suffix == suffix;
  });
  if (unit == units.end()) return std::nullopt;

  double value = 0;
  const char* const end = text.data() + digits;
  const auto [stopped, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value * unit->factor;
}

/// "kb" for "KB", and no dependence on the locale.
std::string in_small_letters(std::string_view text) {
  std::string small{text};
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

}  // namespace

std::optional<unsigned> parse_count(std::string_view text) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto milliseconds = scaled(text, kUnits);
  if (!milliseconds || *milliseconds > kMostMilliseconds) return std::nullopt;
  return std::chrono::milliseconds{std::llround(*milliseconds)};
}

std::optional<std::chrono::seconds> parse_age(std::string_view text) {
  const auto seconds = scaled(text, kAges);
  if (!seconds || *seconds > kMostSeconds) return std::nullopt;
  return std::chrono::seconds{std::llround(*seconds)};
}

std::optional<std::uint64_t> parse_rate(std::string_view text) {
  const auto bytes = scaled(text, kRates);
  if (!bytes || *bytes < kKiB || *bytes > kMostBytes) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*bytes));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto bytes = scaled(in_small_letters(text), kSizes);
  if (!bytes || *bytes > kMostBytes) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*bytes));
}

}  // namespace rcopy::base
