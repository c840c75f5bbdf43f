// SPDX-License-Identifier: MIT
//
// One render() an event. File names reach a line through base::quoted only.
#include "ui/text_renderer.hpp"

#include "base/text.hpp"
#include "ui/phrases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rcopy::ui {
namespace {

constexpr const char* kProgram = "rcopy: ";

const char* proof(Verify verified) {
  switch (verified) {
    case Verify::medium: return "verified from the medium";
    case Verify::cache: return "verified from the page cache";
    case Verify::none: break;
  }
  return "not verified";
}

/// Nothing for one of many small files that were copied together.
std::string in_time(const FileSummary& summary) {
  return summary.elapsed == summary.elapsed.zero() ? "" : " in " + base::format_duration(summary.elapsed);
}

std::string copied_part(const FileSummary& summary) {
  const std::string size = base::format_bytes(summary.total_bytes);
  if (summary.method == Method::cloned) return size + " cloned" + in_time(summary);
  Tally moved;
  moved.add(summary);
  std::string text = size + in_time(summary);
  if (summary.elapsed != summary.elapsed.zero()) {
    text += " (" + base::format_rate(moved.moved_bytes, summary.elapsed) + ")";
  }
  if (summary.resumed_bytes != 0) {
    text += ", resumed at " + base::format_bytes(summary.resumed_bytes);
  }
  if (summary.same_bytes != 0) {
    text += fmt::format(", {} were there already", base::format_bytes(summary.same_bytes));
  }
  return text;
}

std::string finished_part(const FileSummary& summary) {
  return fmt::format("{} finished{}, all bytes were there", base::format_bytes(summary.total_bytes), in_time(summary));
}

std::string up_to_date_line(const FileSummary& summary) {
  std::string details;
  if (!summary.file_hash.empty()) details = "xxh128 " + summary.file_hash;
  if (summary.verified != Verify::none) {
    details += (details.empty() ? "" : ", ") + std::string{"verified earlier"};
  }
  const std::string line = base::quoted(summary.destination) + " is up to date";
  return details.empty() ? line : line + " (" + details + ")";
}

}  // namespace

std::string plan_line(const TransferStarted& started) {
  const std::string line = arrow(started.source, started.destination);
  return started.plan.empty() ? line : line + ": " + started.plan;
}

std::string retry_line(const Retrying& retrying) {
  const std::chrono::duration<double> wait = retrying.wait;
  const std::string when = wait <= wait.zero() ? "now" : fmt::format("in {:g} s", wait.count());
  return fmt::format("{}; trying again {} (retry {} of {})", retrying.error.what(), when, retrying.next_attempt - 1,
                     retrying.attempts_at_most - 1);
}

std::string waiting_line(const Waiting& waiting) {
  const std::chrono::duration<double> at_most = waiting.at_most;
  const std::string limit =
      waiting.at_most == kForever ? "" : fmt::format(", at most {:g} s", at_most.count());
  return fmt::format("{}; waiting until {}{}", waiting.error.what(), waiting.until, limit);
}

std::string end_line(const FileSummary& summary) {
  if (summary.outcome == Outcome::up_to_date) return up_to_date_line(summary);
  if (summary.outcome == Outcome::planned) {
    return arrow(summary.source, summary.destination) + ": would be copied, " + summary.reason;
  }
  if (summary.outcome == Outcome::kept) return base::quoted(summary.destination) + " exists and is kept";
  std::string line = arrow(summary.source, summary.destination) + ": ";
  line += summary.outcome == Outcome::copied ? copied_part(summary) : finished_part(summary);
  if (!summary.file_hash.empty()) line += ", xxh128 " + summary.file_hash;
  line += fmt::format(", {}", proof(summary.verified));
  if (summary.attempts > 1) line += fmt::format(", {} attempts", summary.attempts);
  return line;
}

std::string total_line(const JobSummary& summary, std::chrono::nanoseconds elapsed) {
  const Tally& done = summary.done;
  const char* const noun = done.copied + done.planned == 1 ? "file" : "files";
  std::string line = fmt::format("{} {} copied", done.copied, noun);
  if (done.planned != 0) line = fmt::format("{} {} would be copied, {}", done.planned, noun, base::format_bytes(done.bytes));
  if (done.copied != 0) {
    line += fmt::format(", {} in {}", base::format_bytes(done.bytes), base::format_duration(elapsed));
    if (done.moved_bytes != 0) line += fmt::format(" ({})", base::format_rate(done.moved_bytes, elapsed));
  }
  if (done.up_to_date != 0) line += fmt::format(", {} up to date", done.up_to_date);
  if (done.kept != 0) line += fmt::format(", {} kept", done.kept);
  const auto stopped = static_cast<std::size_t>(
      std::count_if(summary.failed.begin(), summary.failed.end(),
                    [](const Error& error) { return error.code() == ErrorCode::interrupted; }));
  const std::size_t failed = summary.failed.size() - stopped;
  if (failed != 0) line += fmt::format(", {} failed", failed);
  if (stopped != 0) line += ", then stopped";
  return line;
}

TextRenderer::TextRenderer(Screen& screen, TextSettings settings, FailureText failure_text)
    : screen_(screen), settings_(settings), failure_text_(std::move(failure_text)) {}

void TextRenderer::show_progress(const ProgressSettings& settings, const Observer& observer) {
  progress_.emplace(Progress::Setup{screen_, observer.counters, observer.tree, settings});
}

void TextRenderer::on_event(const Event& event) {
  if (progress_) progress_->hear(event);
  std::visit([this](const auto& one) { render(one); }, event);
}

bool TextRenderer::may_replace(const std::filesystem::path& destination) {
  if (!read_line_) return false;
  const std::string answer = screen_.ask(kProgram + ("overwrite " + base::quoted(destination) + "? "), read_line_);
  return answer.starts_with('y') || answer.starts_with('Y');
}

void TextRenderer::finish(const RunEnd& end) {
  progress_.reset();
  const bool several = end.summary.done.files() + end.summary.failed.size() > 1;
  if (settings_.end_lines && (several || end.trees)) screen_.print(Channel::out, total_line(end.summary, end.elapsed));
  if (end.trees && failures_.size() > 1) list_failures();
  if (settings_.statistics) screen_.print(Channel::out, statistics_text(end.statistics, end.summary.times, end.elapsed));
}

/// What was told when it happened may have gone by among much else.
void TextRenderer::list_failures() {
  screen_.print(Channel::err, fmt::format("{}{} files were not copied:", kProgram, failures_.size()));
  for (const auto& path : failures_) screen_.print(Channel::err, "  " + base::quoted(path));
}

void TextRenderer::render(const TransferStarted& started) {
  if (settings_.verbosity != Verbosity::verbose) return;
  screen_.print(Channel::err, kProgram + plan_line(started));
}

void TextRenderer::render(const Retrying& retrying) {
  if (settings_.verbosity == Verbosity::quiet) return;
  screen_.print(Channel::err, kProgram + retry_line(retrying));
}

void TextRenderer::render(const Waiting& waiting) {
  if (settings_.verbosity == Verbosity::quiet) return;
  screen_.print(Channel::err, kProgram + waiting_line(waiting));
}

void TextRenderer::render(const Warning& warning) {
  if (settings_.verbosity == Verbosity::quiet) return;
  screen_.print(Channel::err, kProgram + ("warning: " + about(warning.path, warning.text)));
}

void TextRenderer::render(const Notice& notice) {
  // About nothing else: all that the run comes to.
  const bool result = notice.path.empty() && settings_.end_lines;
  if (settings_.verbosity != Verbosity::verbose && !result) return;
  screen_.print(Channel::err, kProgram + about(notice.path, notice.text));
}

void TextRenderer::render(const TransferFinished& finished) {
  const bool verbose = settings_.verbosity == Verbosity::verbose;
  const bool in_tree = finished.summary.found == Found::in_tree;
  if (in_tree && !verbose) return;  // which may be one of a million
  // As in cp, what is to be kept is passed over in silence.
  if (finished.summary.outcome == Outcome::kept && !verbose) return;
  if (settings_.end_lines) screen_.print(Channel::out, end_line(finished.summary));
}

void TextRenderer::render(const TransferFailed& failed) {
  const bool stopped = failed.error.code() == ErrorCode::interrupted;
  // In one line, for the file it hit; the files after it were not begun.
  if (stopped && std::exchange(stop_told_, true)) return;
  const auto& path = failed.source.empty() ? failed.destination : failed.source;
  if (!stopped && !path.empty()) failures_.push_back(path);
  const std::string line = kProgram + failure_text_(failed);
  if (stopped) screen_.print_announced(line);
  else screen_.print(Channel::err, line);
}

}  // namespace rcopy::ui
