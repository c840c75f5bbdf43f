// SPDX-License-Identifier: MIT
#include "ui/statistics.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <variant>

namespace rcopy::ui {
namespace {

std::string row(std::string_view name, std::string_view value) { return fmt::format("{:<24}{}\n", name, value); }

std::string count(std::string_view name, std::uint64_t files) { return row(name, fmt::format("{}", files)); }

std::string size(std::string_view name, std::uint64_t bytes) {
  return row(name, bytes < 1024 ? base::format_bytes(bytes) : fmt::format("{} ({} B)", base::format_bytes(bytes), bytes));
}

std::string time(std::string_view name, std::chrono::nanoseconds duration) {
  return row(name, base::format_duration(duration));
}

}  // namespace

void Statistics::add(const Event& event) {
  if (const auto* const finished = std::get_if<TransferFinished>(&event)) add(finished->summary);
  const auto* const lost = std::get_if<TransferFailed>(&event);
  const bool about_a_file = lost != nullptr && !(lost->source.empty() && lost->destination.empty());
  if (about_a_file && lost->error.code() != ErrorCode::interrupted) ++failed;
  found_files = std::max(found_files, files.files() + failed);
}

void Statistics::add(const FileSummary& file) {
  files.add(file);
  if (file.item == Item::directory) return;
  switch (file.outcome) {
    case Outcome::up_to_date:
    case Outcome::kept: same_bytes += file.total_bytes; return;
    case Outcome::planned: planned_bytes += file.total_bytes; return;
    case Outcome::copied:
    case Outcome::finished: break;
  }
  add_copied(file);
}

void Statistics::add_copied(const FileSummary& file) {
  if (file.method != Method::copied) {
    shared_bytes += file.total_bytes;
  } else if (file.outcome == Outcome::finished) {
    resumed_bytes += file.total_bytes;
  } else {
    const std::uint64_t resumed = std::min(file.resumed_bytes, file.total_bytes);
    const std::uint64_t same = std::min(file.same_bytes, file.total_bytes - resumed);
    resumed_bytes += resumed;
    same_bytes += same;
    transferred_bytes += file.total_bytes - resumed - same;
  }
  if (file.item != Item::file || file.method == Method::linked) return;  // there is no content of its own
  switch (file.verified) {
    case Verify::medium: ++verified_from_medium; break;
    case Verify::cache: ++verified_from_cache; break;
    case Verify::none: ++not_verified; break;
  }
}

std::string statistics_text(const Statistics& statistics, const PhaseTimes& times, std::chrono::nanoseconds elapsed) {
  const Tally& files = statistics.files;
  std::string text = count("files found:", statistics.found_files);
  text += count("  copied:", files.copied);
  if (files.planned != 0) text += count("  would be copied:", files.planned);
  text += count("  up to date:", files.up_to_date);
  text += count("  kept:", files.kept);
  text += count("  failed:", statistics.failed);
  text += size("bytes in all:", statistics.total_bytes());
  text += size("  transferred:", statistics.transferred_bytes);
  text += size("  by an earlier run:", statistics.resumed_bytes);
  text += size("  there already:", statistics.same_bytes);
  if (statistics.shared_bytes != 0) text += size("  clones:", statistics.shared_bytes);
  if (statistics.planned_bytes != 0) text += size("  would be copied:", statistics.planned_bytes);
  text += time("time in all:", elapsed);
  if (times.copying + times.syncing + times.verifying != times.copying.zero()) {
    text += time("  copy:", times.copying);
    text += time("  sync:", times.syncing);
    text += time("  verify:", times.verifying);
  }
  text += row("rate:", base::format_rate(statistics.transferred_bytes, elapsed));
  text += count("verified from medium:", statistics.verified_from_medium);
  text += count("verified from cache:", statistics.verified_from_cache);
  text += count("not verified:", statistics.not_verified);
  text.pop_back();
  return text;
}

}  // namespace rcopy::ui
