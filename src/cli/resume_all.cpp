// SPDX-License-Identifier: MIT
#include "cli/resume_all.hpp"

#include "base/text.hpp"
#include "cli/arguments.hpp"
#include "cli/environment.hpp"
#include "cli/option_table.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace rcopy::cli {
namespace {

namespace stdfs = std::filesystem;

bool is_in(const stdfs::path& path, const stdfs::path& above) {
  return std::mismatch(above.begin(), above.end(), path.begin(), path.end()).first == above.end();
}

[[noreturn]] void refuse_record(const JournalRecord& record, const std::string& why) {
  refuse(base::quoted(record.destination) + ": " + why + "; use the command that began it");
}

/// The options that the journal keeps.
std::vector<std::string> words_of(const JournalRecord& record) {
  std::vector<std::string> words;
  if (record.id.kind == RecordKind::tree) words.emplace_back("--recursive");  // where no options are known
  std::string_view lines = record.options;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const auto word = base::unescaped_line(lines.substr(0, end));
    if (!word) refuse_record(record, "its options in the journal make no sense");
    words.push_back(*word);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return words;
}

bool reads_standard_input(const Arguments& arguments) {
  using Kind = RuleWord::Kind;
  return std::ranges::any_of(arguments.rules, [](const RuleWord& word) {
    return word.text == "-" && word.kind != Kind::exclude && word.kind != Kind::include;
  });
}

/// A file within a tree that is continued as a whole.
bool is_part(const JournalRecord& record, const std::vector<JournalRecord>& all) {
  if (record.id.kind == RecordKind::tree) return false;
  return std::ranges::any_of(all, [&](const JournalRecord& tree) {
    return tree.id.kind == RecordKind::tree && is_in(record.source, tree.source) &&
           is_in(record.destination, tree.destination);
  });
}

void add(JobSummary& all, JobSummary one) {
  all.done.copied += one.done.copied;
  all.done.up_to_date += one.done.up_to_date;
  all.done.kept += one.done.kept;
  all.done.planned += one.done.planned;
  all.done.bytes += one.done.bytes;
  all.done.moved_bytes += one.done.moved_bytes;
  std::ranges::move(one.failed, std::back_inserter(all.failed));
  all.lost_attributes = all.lost_attributes || one.lost_attributes;
  all.times.checking += one.times.checking;
  all.times.copying += one.times.copying;
  all.times.syncing += one.times.syncing;
  all.times.verifying += one.times.verifying;
}

}  // namespace

Continued continued(const JournalRecord& record, const std::vector<std::string>& words, const Options& now) {
  std::vector<std::string> all = words_of(record);
  all.insert(all.end(), words.begin(), words.end());
  const Arguments arguments = parse_arguments(all);
  if (reads_standard_input(arguments)) {
    refuse_record(record, "its rules came from standard input");
  }
  Continued made{.job = {.sources = {record.source}, .destination = record.destination, .target = Target::file},
                 .options = to_options(arguments, read_environment())};
  made.options.journal = now.journal;
  // "src/." has no name of its own, so that the names in it begin with nothing.
  if (record.root_name && record.root_name->empty()) made.job.sources.front() /= ".";
  return made;
}

JobSummary resume_all(const std::vector<std::string>& words, const Options& now, Observer& observer,
                      const std::stop_token& stop) {
  const auto warn = [&](const Warning& warning) { observer.on_event(warning); };
  const auto records = unfinished_records(*now.journal, warn, Look::at_journal);
  if (records.empty()) observer.on_event(Notice{.path = {}, .text = "nothing is unfinished"});
  JobSummary summary;
  for (const JournalRecord& record : records) {
    if (stop.stop_requested()) break;
    if (is_part(record, records)) continue;
    try {
      const Continued next = continued(record, words, now);
      add(summary, copy_files(next.job, next.options, observer, stop));
    } catch (const Error& error) {
      if (error.code() == ErrorCode::journal) throw;
      observer.on_event(TransferFailed{
          .error = error, .source = record.source, .destination = record.destination});
      summary.failed.push_back(error);
    }
  }
  return summary;
}

}  // namespace rcopy::cli
