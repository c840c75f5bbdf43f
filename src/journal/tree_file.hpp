// SPDX-License-Identifier: MIT
//
// What a row of tree_file says, for all who read them. For the journal only.
#pragma once

#include "hash/hasher.hpp"
#include "journal/sqlite.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace rcopy::journal {

/// Nothing where there is none.
[[nodiscard]] inline std::optional<hash::Digest> digest_in(const Statement& row, int column) {
  hash::Digest digest;
  const auto blob = row.blob(column);
  if (!blob || blob->size() != digest.bytes.size()) return std::nullopt;
  std::ranges::transform(*blob, digest.bytes.begin(), [](std::byte one) { return std::to_integer<std::uint8_t>(one); });
  return digest;
}

/// In the order of names; of entries with one name the last counts, which is the one that is kept.
template <class File, class NameOf>
void keep_latest(std::vector<File>& files, NameOf name_of) {
  std::ranges::reverse(files);
  std::ranges::stable_sort(files, {}, name_of);
  const auto same = [&](const File& a, const File& b) { return std::invoke(name_of, a) == std::invoke(name_of, b); };
  files.erase(std::unique(files.begin(), files.end(), same), files.end());
}

}  // namespace rcopy::journal
