// SPDX-License-Identifier: MIT
#include "cli/hash_list.hpp"

#include "base/text.hpp"
#include "cli/option_table.hpp"
#include "cli/rule_files.hpp"

#include <algorithm>
#include <utility>

namespace rcopy::cli {
namespace {

constexpr std::size_t kDigits = 32;

/// In small letters; empty where it is none.
std::string hash_in(std::string_view text) {
  std::string hash;
  if (text.size() != kDigits) return hash;
  for (const char c : text) {
    const bool capital = c >= 'A' && c <= 'F';
    if (!capital && !(c >= 'a' && c <= 'f') && !(c >= '0' && c <= '9')) return {};
    hash += capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return hash;
}

struct Parts {
  std::string hash;
  std::string_view name;
};

Parts parts_of(std::string_view line) {
  constexpr std::string_view kTag = "XXH128 (";
  constexpr std::string_view kThen = ") = ";
  if (line.starts_with(kTag)) {
    const std::size_t end = line.rfind(kThen);
    if (end == std::string_view::npos || end < kTag.size()) return {};
    return {.hash = hash_in(line.substr(end + kThen.size())), .name = line.substr(kTag.size(), end - kTag.size())};
  }
  if (line.size() < kDigits + 2 || line[kDigits] != ' ') return {};
  const char mode = line[kDigits + 1];  // of reading: text or binary
  if (mode != ' ' && mode != '*') return {};
  return {.hash = hash_in(line.substr(0, kDigits)), .name = line.substr(kDigits + 2)};
}

}  // namespace

std::optional<ExpectedFile> parse_hash_line(std::string_view line) {
  const bool escaped = line.starts_with('\\');
  if (escaped) line.remove_prefix(1);
  Parts parts = parts_of(line);
  const auto name = escaped ? base::unescaped_line(parts.name) : std::optional{std::string{parts.name}};
  if (parts.hash.empty() || !name || name->empty() || name->find('\0') != std::string::npos) return std::nullopt;
  return ExpectedFile{.path = *name, .hash = std::move(parts.hash)};
}

HashList::HashList(const std::filesystem::path& file) : text_{content_of(file)} {
  if (next()) {
    at_ = 0;
    senseless_ = 0;
    return;
  }
  const std::string name = file == "-" ? "standard input" : base::quoted(file);
  refuse(name + " has no line that xxh128sum could have made");
}

std::optional<ExpectedFile> HashList::next() {
  while (at_ < text_.size()) {
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    const std::string_view line = std::string_view{text_}.substr(at_, end - at_);
    at_ = end + 1;
    if (line.empty() || line.front() == '#') continue;
    if (auto file = parse_hash_line(line)) return file;
    ++senseless_;
  }
  return std::nullopt;
}

}  // namespace rcopy::cli
