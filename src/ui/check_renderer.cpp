// SPDX-License-Identifier: MIT
#include "ui/check_renderer.hpp"

#include "base/text.hpp"
#include "ui/json_line.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace rcopy::ui {
namespace {

constexpr const char* kProgram = "rcopy: ";
constexpr std::chrono::milliseconds kRedraw{200};
constexpr std::chrono::seconds kFirstLine{1};
constexpr std::chrono::seconds kLongestPause{30};  // between two lines of a log

const char* word(Verdict verdict) {
  switch (verdict) {
    case Verdict::intact: return "intact";
    case Verdict::different: return "different";
    case Verdict::changed: return "changed";
    case Verdict::no_hash: return "no_hash";
    case Verdict::missing: return "missing";
    case Verdict::unreadable: break;
  }
  return "unreadable";
}

std::string different_line(const CheckedFile& file, Against against) {
  const bool audit = against == Against::journal;
  return fmt::format("{}{}: FAILED: the medium gives xxh128 {}, the {} says {}{}", kProgram, base::quoted(file.path),
                     file.found_hash, audit ? "journal" : "list", file.expected_hash,
                     audit ? "; nobody wrote to it since it was copied, so copy it again and check the device" : "");
}

Json object_of(const CheckedFile& file) {
  Json line = object("checked");
  add_path(line, "path", file.path);
  line["verdict"] = word(file.verdict);
  if (!file.found_hash.empty()) {
    line["total_bytes"] = file.total_bytes;
    line["xxh128"] = file.found_hash;
  }
  if (!file.expected_hash.empty()) line["expected_xxh128"] = file.expected_hash;
  if (file.files != 1) line["files"] = file.files;
  return line;
}

Json object_of(const CheckEnd& end, Against against) {
  Json line = object("summary");
  line["exit_code"] = end.exit_code;
  if (!end.signal_name.empty()) line["signal"] = end.signal_name;
  line["elapsed_seconds"] = seconds(end.elapsed);
  line["intact_files"] = end.summary.intact;
  line["different_files"] = end.summary.different;
  line["changed_files"] = end.summary.changed;
  line["no_hash_files"] = end.summary.no_hash;
  line["missing_files"] = end.summary.missing;
  line["unreadable_files"] = end.summary.unreadable;
  line["read_bytes"] = end.summary.read_bytes;
  if (against == Against::list) line["senseless_lines"] = end.senseless_lines;
  return line;
}

}  // namespace

std::string check_line(const CheckEnd& end) {
  const CheckSummary& summary = end.summary;
  std::string line = fmt::format("{} {} intact", summary.intact, summary.intact == 1 ? "file" : "files");
  if (summary.read_bytes != 0) {
    line += fmt::format(", {} read in {} ({})", base::format_bytes(summary.read_bytes),
                        base::format_duration(end.elapsed), base::format_rate(summary.read_bytes, end.elapsed));
  }
  const auto add = [&](std::uint64_t files, const char* what) {
    if (files != 0) line += fmt::format(", {} {}", files, what);
  };
  add(summary.different, "FAILED");
  add(summary.missing, "missing");
  add(summary.unreadable, "unreadable");
  add(summary.changed, "changed since they were copied");
  add(summary.no_hash, "without a hash");
  return end.signal_name.empty() ? line : line + ", then stopped";
}

CheckRenderer::CheckRenderer(Screen& screen, Observer& others, Settings settings, CheckFailureText failure_text)
    : screen_(screen),
      others_(others),
      settings_(settings),
      failure_text_(std::move(failure_text)),
      pause_(settings.show == Show::lines ? std::chrono::steady_clock::duration{kFirstLine} : kRedraw),
      next_line_(std::chrono::steady_clock::now() + pause_) {}

// As of a copy: what is lost where there is no memory is a line.
void CheckRenderer::on_checked(const CheckedFile& file) {
  so_far_.add(file);
  try {
    if (settings_.json) tell_programs(file);
    tell(file);
    show_progress();
  } catch (const std::exception&) {
  }
}

void CheckRenderer::tell_programs(const CheckedFile& file) {
  Json line = object_of(file);
  if (file.error) add_error(line["error"], *file.error, failure_text_(*file.error));
  screen_.print(Channel::out, to_line(line));
}

void CheckRenderer::tell(const CheckedFile& file) {
  const bool verbose = settings_.verbosity == Verbosity::verbose && !settings_.json;
  switch (file.verdict) {
    case Verdict::intact:
      if (verbose) screen_.print(Channel::out, base::quoted(file.path) + ": OK");
      return;
    case Verdict::changed:
      if (verbose) screen_.print(Channel::out, base::quoted(file.path) + ": changed since it was copied");
      return;
    case Verdict::no_hash:
      if (verbose) screen_.print(Channel::out, base::quoted(file.path) + ": the journal has no hash of it");
      return;
    case Verdict::different: screen_.print(Channel::err, different_line(file, settings_.against)); return;
    case Verdict::missing:
    case Verdict::unreadable:
      if (file.error) screen_.print(Channel::err, kProgram + failure_text_(*file.error));
      return;
  }
}

void CheckRenderer::show_progress() {
  const auto now = std::chrono::steady_clock::now();
  if (settings_.show == Show::nothing || now < next_line_) return;
  const std::uint64_t files = so_far_.intact + so_far_.different;
  const std::string line =
      fmt::format("{} {} checked, {}", files, files == 1 ? "file" : "files", base::format_bytes(so_far_.read_bytes));
  if (settings_.show == Show::lines) {
    screen_.print(Channel::err, kProgram + line);
    pause_ = std::min<std::chrono::steady_clock::duration>(pause_ * 2, kLongestPause);
  } else if (settings_.terminal.in_foreground()) {
    screen_.show_live(line);
  } else {
    screen_.forget_live();
  }
  next_line_ = now + pause_;
}

void CheckRenderer::on_warning(const Warning& warning) { others_.on_event(warning); }

void CheckRenderer::on_notice(const Notice& notice) { others_.on_event(notice); }

void CheckRenderer::finish(const CheckEnd& end) {
  screen_.show_live("");
  if (settings_.json) screen_.print(Channel::out, to_line(object_of(end, settings_.against)));
  else if (settings_.end_line) screen_.print(Channel::out, check_line(end));
}

}  // namespace rcopy::ui
