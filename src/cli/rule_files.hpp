// SPDX-License-Identifier: MIT
//
// Which files are wanted, in rsync's words: rules of the command line and of files, and lists of
// names. Files are read here, before anything is touched; what cannot be read is a usage error.
#pragma once

#include <rcopy/options.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace rcopy::cli {

/// What is between the entries of files of rules and of names.
enum class Separator {
  line,  ///< LF or CR LF; empty lines and those that begin with # or ; are left out
  nul,   ///< every byte but NUL belongs to an entry; empty ones are left out
};

/// A rule as it was written, or a file of such.
struct RuleWord {
  enum class Kind {
    exclude,
    include,
    clear,         ///< forgets the rules before it
    exclude_from,  ///< a file of patterns, which exclude
    include_from,  ///< likewise, which include
    merge,         ///< a file of rules
  } kind = Kind::exclude;
  std::string text = {};  ///< the pattern or the name of the file; "-" is standard input
};

/// The value of --exclude or --include, by `kind`, or a line of a file of such. As with rsync it may begin
/// with "- " or "+ ", which goes before `kind`, or be "!", which clears.
[[nodiscard]] RuleWord pattern_word(const std::string& text, RuleWord::Kind kind);

/// The value of --filter: "- PATTERN", "include PATTERN", "merge FILE", "!", ...
/// Throws Error (usage), which names the rule, for any other.
[[nodiscard]] RuleWord filter_word(const std::string& text);

/// The rules in the order of the words, those of files in the place of the word.
/// Throws Error (usage) for a file that cannot be read, a rule in it that is none, and files that
/// merge each other without an end.
[[nodiscard]] std::vector<FilterRule> read_rules(const std::vector<RuleWord>& words, Separator separator);

/// The names in a file, "-" for standard input: relative, without "." and ".." in them.
/// Throws Error (usage) for a file that cannot be read, and a name that leads out of the source.
[[nodiscard]] std::vector<std::filesystem::path> read_names(const std::filesystem::path& file, Separator separator);

/// All that is in it, "-" for standard input. Throws Error (usage).
[[nodiscard]] std::string content_of(const std::filesystem::path& file);

}  // namespace rcopy::cli
