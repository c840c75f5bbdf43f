// SPDX-License-Identifier: MIT
//
// Columns are counted without the locale's tables: an ASCII character is one column, any other at
// most two, so the line may come out shorter than it could be but never longer.
#include "ui/progress_line.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace rcopy::ui {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::size_t kShortestName = 8;

struct Label {
  Phase phase;
  const char* text;
};

constexpr std::array<Label, 7> kLabels{{
    {Phase::idle, ""},
    {Phase::checking, "check"},
    {Phase::copying, "copy"},
    {Phase::syncing, "sync"},
    {Phase::verifying, "verify"},
    {Phase::publishing, "finishing"},
    {Phase::waiting, "waiting to try again"},
}};

std::string label_of(Phase phase) {
  const auto found = std::find_if(kLabels.begin(), kLabels.end(),
                                  [phase](const Label& label) { return label.phase == phase; });
  return found == kLabels.end() ? "" : found->text;
}

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t bytes = std::max<std::size_t>(base::first_character(text).length_bytes, 1);
    count += bytes == 1 ? 1 : 2;
    text.remove_prefix(bytes);
  }
  return count;
}

std::string without_non_ascii(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; },
      '?');
  return text;
}

/// `text` in at most `room` columns, cut at a character and marked; empty where that makes no
/// sense.
std::string shortened(const std::string& text, std::size_t room, Charset charset) {
  if (columns(text) <= room) return text;
  if (room < kShortestName) return "";
  const std::string mark = charset == Charset::utf8 ? "…'" : "...'";
  std::size_t left = room - columns(mark);
  std::string_view rest = text;
  for (;;) {
    const std::size_t bytes = std::max<std::size_t>(base::first_character(rest).length_bytes, 1);
    const std::size_t wide = bytes == 1 ? 1 : 2;
    if (wide > left) break;
    left -= wide;
    rest.remove_prefix(bytes);
  }
  return text.substr(0, text.size() - rest.size()) + mark;
}

unsigned percent(const PhaseProgress& progress) {
  const double part =
      static_cast<double>(progress.done_bytes) / static_cast<double>(progress.total_bytes);
  return std::min(99U, static_cast<unsigned>(part * 100));
}

/// "0:08 left"; empty while the rate is not known, zero, or so small that the figure says nothing.
std::string time_left(const ProgressView& view) {
  const double rate = static_cast<double>(view.rate.bytes) /
                      std::chrono::duration<double>(view.rate.elapsed).count();
  if (view.rate.elapsed <= view.rate.elapsed.zero() || view.rate.bytes == 0) return "";
  const std::uint64_t missing = view.progress.total_bytes - view.progress.done_bytes;
  const double seconds = static_cast<double>(missing) / rate;
  if (seconds >= 100 * 3600) return "";
  const auto whole = static_cast<unsigned>(std::ceil(seconds));
  if (whole < 3600) return fmt::format("{}:{:02} left", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02} left", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string next_step(const ProgressView& view) {
  const Phase phase = view.progress.phase;
  const bool before_verify = phase == Phase::copying || phase == Phase::syncing;
  return before_verify && view.verify != Verify::none ? "then verify" : "";
}

/// The parts in the order they are shown. They are left out in the order of `sacrifices`.
struct Parts {
  std::string label;
  std::string bytes;
  std::string percent;
  std::string rate;
  std::string left;
  std::string then;
};

constexpr std::array<std::string Parts::*, 5> kSacrifices{&Parts::then, &Parts::rate, &Parts::left,
                                                          &Parts::bytes, &Parts::label};

Parts parts_of(const ProgressView& view) {
  Parts parts;
  const PhaseProgress& progress = view.progress;
  parts.label = label_of(progress.phase);
  if (progress.done_bytes == 0 && progress.total_bytes == 0) return parts;
  parts.bytes = base::format_bytes(progress.done_bytes);
  if (view.rate.elapsed > view.rate.elapsed.zero()) {
    parts.rate = base::format_rate(view.rate.bytes, view.rate.elapsed);
  }
  if (progress.total_bytes == 0) return parts;
  parts.bytes += " of " + base::format_bytes(progress.total_bytes);
  parts.percent = fmt::format("{:2} %", percent(progress));
  parts.left = time_left(view);
  parts.then = next_step(view);
  return parts;
}

std::string joined(const Parts& parts) {
  std::string line;
  for (const auto& part : {parts.label, parts.bytes, parts.percent, parts.rate, parts.left}) {
    if (!part.empty()) line += (line.empty() ? "" : std::string{kGap}) + part;
  }
  if (!parts.then.empty()) line += (line.empty() ? "" : ", ") + parts.then;
  return line;
}

/// Of the one file that a transfer works on.
std::string file_line(const ProgressView& view, LineStyle style) {
  if (view.progress.phase == Phase::idle) return "";
  Parts parts = parts_of(view);
  std::string line = joined(parts);
  for (const auto part : kSacrifices) {
    if (columns(line) <= style.width) break;
    (parts.*part).clear();
    line = joined(parts);
  }
  if (columns(line) > style.width) return "";
  if (view.name.empty()) return line;

  const std::size_t used = columns(line) + kGap.size();
  if (used >= style.width) return line;
  std::string name = base::quoted(view.name);
  if (style.charset == Charset::ascii) name = without_non_ascii(std::move(name));
  name = shortened(name, style.width - used, style.charset);
  if (name.empty()) return line;
  return name + std::string{kGap} + line;
}

}  // namespace

PhaseProgress sample(const Counters& counters) {
  PhaseProgress progress{.phase = counters.phase.load()};
  switch (progress.phase) {
    case Phase::checking:
      progress.done_bytes = counters.checked_bytes.load();
      progress.total_bytes = counters.to_check_bytes.load();
      break;
    case Phase::copying:  // the start of a resumed copy sets two counters, one after the other
      progress.done_bytes = std::max(counters.written_bytes.load(), counters.resumed_bytes.load());
      progress.total_bytes = counters.total_bytes.load();
      break;
    case Phase::syncing:
      progress.done_bytes = counters.durable_bytes.load();
      progress.total_bytes = counters.total_bytes.load();
      break;
    case Phase::verifying:
      progress.done_bytes = counters.verified_bytes.load();
      progress.total_bytes = counters.total_bytes.load();
      break;
    case Phase::idle:
    case Phase::publishing:
    case Phase::waiting: break;
  }
  if (progress.total_bytes != 0) {
    progress.done_bytes = std::min(progress.done_bytes, progress.total_bytes);
  }
  return progress;
}

std::string progress_line(const ProgressView& view, LineStyle style) {
  if (view.tree.found_files == 0) return file_line(view, style);
  const std::string files = fmt::format("{} of {} files", view.tree.done_files, view.tree.found_files);
  const std::string bytes = std::string{kGap} + base::format_bytes(view.tree.done_bytes);
  if (columns(files) > style.width) return "";
  const bool room = columns(files) + columns(bytes) <= style.width;
  std::string line = room ? files + bytes : files;
  const std::size_t used = columns(line) + kGap.size();
  if (used >= style.width) return line;
  const unsigned left = style.width - static_cast<unsigned>(used);
  const std::string file = file_line(view, {.width = left, .charset = style.charset});
  if (!file.empty()) line += std::string{kGap} + file;
  return line;
}

}  // namespace rcopy::ui
