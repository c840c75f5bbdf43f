// SPDX-License-Identifier: MIT
#include "base/parse.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace rcopy::base {
namespace {

struct Unit {
  std::string_view suffix;
  double milliseconds;
};

constexpr std::array<Unit, 5> kUnits{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"", 1000}}};

constexpr double kMostMilliseconds = 10'000.0 * 3'600'000.0;

}  // namespace

std::optional<unsigned> parse_count(std::string_view text) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view suffix = text.substr(digits);
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [suffix](const Unit& candidate) {
    return candidate.suffix == suffix;
  });
  if (unit == kUnits.end()) return std::nullopt;

  double value = 0;
  const char* const end = text.data() + digits;
  const auto [stopped, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  const double milliseconds = value * unit->milliseconds;
  if (milliseconds > kMostMilliseconds) return std::nullopt;
  return std::chrono::milliseconds{std::llround(milliseconds)};
}

}  // namespace rcopy::base
