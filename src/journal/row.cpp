// SPDX-License-Identifier: MIT
//
// The words of the status column.
#include "journal/row.hpp"

#include <array>
#include <utility>

namespace rcopy::journal {
namespace {

constexpr std::array<std::pair<Status, std::string_view>, 5> kWords{{
    {Status::in_progress, "in_progress"},
    {Status::copied, "copied"},
    {Status::verified, "verified"},
    {Status::complete, "complete"},
    {Status::failed, "failed"},
}};

}  // namespace

std::string_view to_text(Status status) {
  for (const auto& [value, word] : kWords) {
    if (value == status) return word;
  }
  return {};
}

std::optional<Status> status_from_text(std::string_view text) {
  for (const auto& [value, word] : kWords) {
    if (word == text) return value;
  }
  return std::nullopt;
}

}  // namespace rcopy::journal
