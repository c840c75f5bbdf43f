// SPDX-License-Identifier: MIT
//
// Which names below the sources are left out: the include and exclude rules of rsync, of which the first
// that fits decides. Made once of Options::filters, then immutable; any thread.
#pragma once

#include "engine/glob.hpp"
#include "io/stat.hpp"

#include <rcopy/options.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rcopy::engine {

/// How a pattern fits, as rsync(1) says it under "PATTERN MATCHING RULES":
///
/// - With a slash at its begin it fits a whole path. Else one without slashes and `**` fits a name, one
///   with slashes the last components of a path, and one with `**` what is behind any slash or all.
/// - With a slash at its end it fits directories only.
/// - `dir/***` also fits the directory `dir`.
/// - Without `*`, `?` and `[` it has no wildcards, and a backslash in it is one.
///
/// What a `[[:class:]]` holds is ASCII; to rsync it is what the locale says, which is the same in UTF-8.
class Filter {
 public:
  explicit Filter(const std::vector<FilterRule>& rules);

  /// The rule that leaves an entry out, whose pattern is as it was written; null: the entry is copied.
  /// It lives as long as the filter.
  ///
  /// `path` is what rsync sees, relative to the root of the transfer, without a slash at either end:
  /// "src/a/b.c" where the source is "src", "a/b.c" where it is "src/.". The directories it is in are not
  /// asked about: who does not enter excluded ones has them right.
  [[nodiscard]] const FilterRule* excluded_by(std::string_view path, io::FileKind kind) const;

 private:
  /// What of a path a pattern has to fit.
  enum class Part {
    all,
    all_and_slash,    ///< with a slash before it, so that `**/` also fits where there is nothing
    last_components,  ///< of which there are as many as in the pattern
    behind_any_slash,
  };

  struct Rule {
    FilterRule source;
    std::string literal = {};               ///< the pattern where there is no `glob`
    std::optional<Glob> glob = std::nullopt;
    Part part = Part::all;
    std::size_t components = 0;             ///< of Part::last_components
    bool directories_only = false;
    bool directories_with_slash = false;    ///< a directory has a slash behind it, for `/***`
  };

  static Rule compiled(const FilterRule& source);
  static bool fits(const Rule& rule, std::string_view path, io::FileKind kind);

  std::vector<Rule> rules_;
};

}  // namespace rcopy::engine
