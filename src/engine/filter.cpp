// SPDX-License-Identifier: MIT
#include "engine/filter.hpp"

#include <algorithm>

namespace rcopy::engine {
namespace {

/// The end of `path` that has so many components; nothing where it has fewer.
std::optional<std::string_view> last_components(std::string_view path, std::size_t count) {
  std::size_t begin = path.size() + 1;  // behind a slash
  for (; count > 0; --count) {
    if (begin == 0) return std::nullopt;
    const std::size_t slash = path.substr(0, begin - 1).rfind('/');
    begin = slash == std::string_view::npos ? 0 : slash + 1;
  }
  return path.substr(begin);
}

}  // namespace

Filter::Filter(const std::vector<FilterRule>& rules) {
  rules_.reserve(rules.size());
  for (const FilterRule& rule : rules) rules_.push_back(compiled(rule));
}

const FilterRule* Filter::excluded_by(std::string_view path, io::FileKind kind) const {
  const auto first = std::find_if(rules_.begin(), rules_.end(),
                                  [&](const Rule& rule) { return fits(rule, path, kind); });
  if (first == rules_.end() || first->source.action == FilterRule::Action::include) return nullptr;
  return &first->source;
}

/// The order of the questions is rsync's, and what it takes for a wildcard: `**` counts also where it
/// is in brackets or behind a backslash.
Filter::Rule Filter::compiled(const FilterRule& source) {
  Rule rule{.source = source};
  std::string_view pattern = source.pattern;
  rule.directories_only = pattern.size() > 1 && pattern.ends_with('/');
  if (rule.directories_only) pattern.remove_suffix(1);
  rule.directories_with_slash = pattern.ends_with("***");

  const std::size_t stars = pattern.find("**");
  if (pattern.starts_with('/')) {
    pattern.remove_prefix(1);
  } else if (stars == 0) {
    rule.part = Part::all_and_slash;
  } else if (stars != std::string_view::npos) {
    rule.part = Part::behind_any_slash;
  } else {
    rule.part = Part::last_components;
    rule.components = static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '/')) + 1;
  }

  if (pattern.find_first_of("*?[") != std::string_view::npos) {
    rule.glob.emplace(pattern);
  } else {
    rule.literal = pattern;
  }
  return rule;
}

bool Filter::fits(const Rule& rule, std::string_view path, io::FileKind kind) {
  const bool is_directory = kind == io::FileKind::directory;
  if (rule.directories_only && !is_directory) return false;

  std::string_view text = path;
  if (rule.part == Part::last_components) {
    const auto end = last_components(path, rule.components);
    if (!end) return false;
    text = *end;
  }
  if (!rule.glob) return text == rule.literal;

  std::string longer;
  const bool slash_before = rule.part == Part::all_and_slash;
  const bool slash_behind = rule.directories_with_slash && is_directory;
  if (slash_before || slash_behind) {
    if (slash_before) longer += '/';
    longer += text;
    if (slash_behind) longer += '/';
    text = longer;
  }
  return rule.glob->matches(text, rule.part == Part::behind_any_slash ? Glob::Begin::after_slash
                                                                      : Glob::Begin::at_start);
}

}  // namespace rcopy::engine
