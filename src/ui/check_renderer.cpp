// SPDX-License-Identifier: MIT
#include "ui/check_renderer.hpp"

#include "base/text.hpp"
#include "ui/json_line.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <exception>
#include <utility>

namespace rcopy::ui {
namespace {

constexpr const char* kProgram = "rcopy: ";
constexpr std::chrono::milliseconds kRedraw{200};

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

std::string object_of(const CheckedFile& file) {
  Json object{{"type", "checked"}};
  add_path(object, "path", file.path);
  object["verdict"] = word(file.verdict);
  if (!file.found_hash.empty()) {
    object["total_bytes"] = file.total_bytes;
    object["xxh128"] = file.found_hash;
  }
  if (!file.expected_hash.empty()) object["expected_xxh128"] = file.expected_hash;
  if (file.files != 1) object["files"] = file.files;
  if (file.error) object["error"] = file.error->what();
  return to_line(object);
}

std::string object_of(const CheckSummary& summary, std::chrono::nanoseconds elapsed) {
  const Json object{{"type", "summary"},
                    {"intact_files", summary.intact},
                    {"different_files", summary.different},
                    {"changed_files", summary.changed},
                    {"no_hash_files", summary.no_hash},
                    {"missing_files", summary.missing},
                    {"unreadable_files", summary.unreadable},
                    {"read_bytes", summary.read_bytes},
                    {"elapsed_seconds", std::chrono::duration<double>(elapsed).count()}};
  return to_line(object);
}

}  // namespace

std::string check_line(const CheckSummary& summary, std::chrono::nanoseconds elapsed) {
  std::string line = fmt::format("{} {} intact", summary.intact, summary.intact == 1 ? "file" : "files");
  if (summary.read_bytes != 0) {
    line += fmt::format(", {} read in {} ({})", base::format_bytes(summary.read_bytes),
                        base::format_duration(elapsed), base::format_rate(summary.read_bytes, elapsed));
  }
  const auto add = [&](std::uint64_t files, const char* what) {
    if (files != 0) line += fmt::format(", {} {}", files, what);
  };
  add(summary.different, "FAILED");
  add(summary.missing, "missing");
  add(summary.unreadable, "unreadable");
  add(summary.changed, "changed since they were copied");
  add(summary.no_hash, "without a hash");
  return line;
}

CheckRenderer::CheckRenderer(Screen& screen, Settings settings, CheckFailureText failure_text)
    : screen_(screen), settings_(settings), failure_text_(std::move(failure_text)) {}

// As of a copy: what is lost where there is no memory is a line.
void CheckRenderer::on_checked(const CheckedFile& file) {
  so_far_.add(file);
  try {
    if (settings_.json) screen_.print(Channel::out, object_of(file));
    tell(file);
    if (settings_.live) show_live();
  } catch (const std::exception&) {
  }
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
      if (file.error) screen_.print(Channel::err, failure_text_(*file.error));
      return;
  }
}

void CheckRenderer::show_live() {
  const auto now = std::chrono::steady_clock::now();
  if (now - shown_ < kRedraw) return;
  shown_ = now;
  const std::uint64_t files = so_far_.intact + so_far_.different;
  screen_.show_live(fmt::format("{} {} checked, {}", files, files == 1 ? "file" : "files",
                                base::format_bytes(so_far_.read_bytes)));
}

void CheckRenderer::on_warning(const Warning& warning) {
  if (settings_.verbosity == Verbosity::quiet) return;
  const std::string about = warning.path.empty() ? "" : base::quoted(warning.path) + ": ";
  screen_.print(Channel::err, kProgram + ("warning: " + about + warning.text));
}

void CheckRenderer::on_notice(const Notice& notice) {
  if (settings_.verbosity != Verbosity::verbose) return;
  screen_.print(Channel::err, kProgram + (base::quoted(notice.path) + ": " + notice.text));
}

void CheckRenderer::finish(const CheckSummary& summary, std::chrono::nanoseconds elapsed) {
  screen_.show_live("");
  if (settings_.json) screen_.print(Channel::out, object_of(summary, elapsed));
  else if (settings_.end_line) screen_.print(Channel::out, check_line(summary, elapsed));
}

}  // namespace rcopy::ui
