// SPDX-License-Identifier: MIT
#include "cli/rule_files.hpp"

#include "base/text.hpp"
#include "cli/option_table.hpp"

#include <rcopy/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace rcopy::cli {
namespace {

using Kind = RuleWord::Kind;

constexpr const char* kStandardInput = "-";
constexpr int kDeepestMerge = 16;  // files that merge themselves end here

[[noreturn]] void refuse_file(const std::filesystem::path& file, int os_error) {
  const bool standard_input = file == kStandardInput;
  throw Error{{.code = ErrorCode::usage,
               .operation = standard_input ? "read standard input" : "read",
               .path = standard_input ? std::filesystem::path{} : file,
               .os_error = os_error}};
}

std::string bytes_of(std::FILE* stream, const std::filesystem::path& file) {
  std::string bytes;
  std::array<char, 65536> buffer{};
  for (;;) {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), stream);
    bytes.append(buffer.data(), count);
    if (count == buffer.size()) continue;
    if (std::ferror(stream) != 0) refuse_file(file, errno);
    return bytes;
  }
}

std::string shown(const std::filesystem::path& file) {
  return file == kStandardInput ? "standard input" : base::quoted(file);
}

std::vector<std::string> entries_of(const std::filesystem::path& file, Separator separator) {
  const std::string content = content_of(file);
  const bool lines = separator == Separator::line;
  if (lines && content.find('\0') != std::string::npos) {
    refuse(shown(file) + " has zero bytes between its entries; --from0 reads those");
  }
  std::vector<std::string> entries;
  for (std::size_t begin = 0; begin < content.size();) {
    const std::size_t end = std::min(content.find(lines ? '\n' : '\0', begin), content.size());
    std::string entry = content.substr(begin, end - begin);
    begin = end + 1;
    if (lines && entry.ends_with('\r')) entry.pop_back();
    const bool comment = lines && (entry.starts_with('#') || entry.starts_with(';'));
    if (!entry.empty() && !comment) entries.push_back(std::move(entry));
  }
  return entries;
}

struct RuleName {
  std::string_view name;
  Kind kind;
};

constexpr std::array<RuleName, 8> kRuleNames{{{"exclude", Kind::exclude},
                                              {"-", Kind::exclude},
                                              {"include", Kind::include},
                                              {"+", Kind::include},
                                              {"merge", Kind::merge},
                                              {".", Kind::merge},
                                              {"clear", Kind::clear},
                                              {"!", Kind::clear}}};

/// A rule of --filter; nothing where it is none of ours. As with rsync an underscore is as good as the
/// space behind the name.
std::optional<RuleWord> understood(std::string_view text) {
  for (const RuleName& rule : kRuleNames) {
    if (!text.starts_with(rule.name)) continue;
    const std::string_view rest = text.substr(rule.name.size());
    if (rule.kind == Kind::clear) {
      if (rest.empty()) return RuleWord{.kind = rule.kind};
    } else if (rest.size() > 1 && (rest.front() == ' ' || rest.front() == '_')) {
      return RuleWord{.kind = rule.kind, .text = std::string{rest.substr(1)}};
    }
  }
  return std::nullopt;
}

RuleWord filter_word_in(const std::string& text, const std::string& place) {
  std::optional<RuleWord> word = understood(text);
  if (!word) {
    refuse("filter rule " + base::quoted(text) + place +
           " is not supported; one of: '- PATTERN', '+ PATTERN', 'exclude PATTERN', 'include PATTERN', "
           "'merge FILE', '. FILE', 'clear', '!'");
  }
  return *std::move(word);
}

class Reader {
 public:
  explicit Reader(Separator separator) : separator_{separator} {}

  void add(const RuleWord& word) {
    switch (word.kind) {
      case Kind::exclude: rules_.push_back({FilterRule::Action::exclude, word.text}); break;
      case Kind::include: rules_.push_back({FilterRule::Action::include, word.text}); break;
      case Kind::clear: rules_.clear(); break;
      case Kind::exclude_from: add_patterns(word.text, Kind::exclude); break;
      case Kind::include_from: add_patterns(word.text, Kind::include); break;
      case Kind::merge: merge(word.text); break;
    }
  }

  std::vector<FilterRule> take() { return std::move(rules_); }

 private:
  void add_patterns(const std::string& file, Kind kind) {
    for (const std::string& entry : entries_of(file, separator_)) add(pattern_word(entry, kind));
  }

  void merge(const std::string& file) {
    if (depth_ > 0 && file == kStandardInput) refuse("a file of rules cannot merge standard input");
    if (depth_ == kDeepestMerge) refuse("too many files of rules merge each other: " + base::quoted(file));
    ++depth_;
    const std::string place = " in " + shown(file);
    for (const std::string& entry : entries_of(file, separator_)) add(filter_word_in(entry, place));
    --depth_;
  }

  Separator separator_;
  std::vector<FilterRule> rules_;
  int depth_ = 0;  // how many files are being merged
};

}  // namespace

std::string content_of(const std::filesystem::path& file) {
  if (file == kStandardInput) return bytes_of(stdin, file);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream{std::fopen(file.c_str(), "re"), &std::fclose};
  if (!stream) refuse_file(file, errno);
  return bytes_of(stream.get(), file);
}

RuleWord pattern_word(const std::string& text, Kind kind) {
  if (text == "!") return {.kind = Kind::clear};
  const bool marked = text.starts_with("- ") || text.starts_with("+ ");
  if (marked) kind = text.front() == '-' ? Kind::exclude : Kind::include;
  RuleWord word{.kind = kind, .text = text.substr(marked ? 2 : 0)};
  if (word.text.empty()) refuse("a rule " + base::quoted(text) + " has no pattern");
  return word;
}

RuleWord filter_word(const std::string& text) { return filter_word_in(text, ""); }

std::vector<FilterRule> read_rules(const std::vector<RuleWord>& words, Separator separator) {
  Reader reader{separator};
  for (const RuleWord& word : words) reader.add(word);
  return reader.take();
}

std::vector<std::filesystem::path> read_names(const std::filesystem::path& file, Separator separator) {
  std::vector<std::filesystem::path> names;
  for (const std::string& entry : entries_of(file, separator)) {
    const std::size_t begin = std::min(entry.find_first_not_of('/'), entry.size());
    std::filesystem::path name = (std::filesystem::path{"."} / entry.substr(begin)).lexically_normal();
    if (*name.begin() == "..") {
      refuse("the name " + base::quoted(entry) + " in " + shown(file) + " leads out of the source");
    }
    if (!name.has_filename()) name = name.parent_path();  // "a/"
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace rcopy::cli
