// SPDX-License-Identifier: MIT
//
// How much room a part takes depends on the phase and on the size of the file only, not on how far it is.
#include "ui/progress_line.hpp"

#include "base/text.hpp"
#include "ui/line_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace rcopy::ui {
namespace {

constexpr std::size_t kShortestBar = 6;
constexpr std::size_t kLongestBar = 24;
constexpr std::size_t kRateRoom = 9;  // "99.9 MiB/s" is rare, and then one more
constexpr std::size_t kTimeRoom = 10;
constexpr std::size_t kNameInTree = 16;

/// From nothing done to all of it.
struct Marks {
  std::array<std::string_view, 8> levels;
  std::string_view durable, written, missing;
};

const Marks& marks(Charset charset) {
  static constexpr Marks kUtf8{
      .levels = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, .durable = "█", .written = "▒", .missing = "░"};
  static constexpr Marks kAscii{
      .levels = {"_", ".", ":", "-", "=", "+", "*", "#"}, .durable = "#", .written = "+", .missing = "."};
  return charset == Charset::utf8 ? kUtf8 : kAscii;
}

const char* label_of(Phase phase) {
  switch (phase) {
    case Phase::idle: break;
    case Phase::checking: return "check";
    case Phase::copying: return "copy";
    case Phase::syncing: return "sync";
    case Phase::verifying: return "verify";
    case Phase::publishing: return "finishing";
    case Phase::waiting: return "waiting";
  }
  return "";
}

unsigned percent(const PhaseProgress& progress) {
  const double part =
      static_cast<double>(progress.done_bytes) / static_cast<double>(progress.total_bytes);
  return std::min(99U, static_cast<unsigned>(part * 100));
}

/// "0:08", "1h 05m".
std::string short_time(std::chrono::seconds time) {
  const auto whole = time.count();
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}h {:02}m", whole / 3600, whole / 60 % 60);
}

/// "0:08 left"; empty while the rate is not known, zero, or so small that the figure says nothing. While it copies
/// it is the time until all is on the medium.
std::string time_left(const ProgressView& view) {
  const PhaseProgress& progress = view.progress;
  const Rate& average = view.speed.average;
  if (average.elapsed <= average.elapsed.zero() || average.amount == 0 || view.speed.rate.amount == 0) return "";
  const std::uint64_t done =
      progress.phase == Phase::copying ? std::min(progress.done_bytes, progress.durable_bytes) : progress.done_bytes;
  const double rate =
      static_cast<double>(average.amount) / std::chrono::duration<double>(average.elapsed).count();
  const double seconds = static_cast<double>(progress.total_bytes - done) / rate;
  if (seconds >= 100 * 3600) return "";
  return short_time(std::chrono::seconds{static_cast<long>(std::ceil(seconds))}) + " left";
}

/// Both in the unit of the second, with three figures: "0.35 of 1.20 GiB", "12.3 of 60.0 GiB", "350 of 999 MiB".
std::string bytes_of(std::uint64_t done_bytes, std::uint64_t total_bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  while (unit + 1 < kUnits.size() && (total_bytes >> (10 * (unit + 1))) != 0) ++unit;
  const auto scaled = [unit](std::uint64_t bytes) { return std::ldexp(static_cast<double>(bytes), -10 * static_cast<int>(unit)); };
  const double total = scaled(total_bytes);
  const int decimals = unit == 0 || total >= 99.95 ? 0 : total >= 9.995 ? 1 : 2;
  const std::string most = fmt::format("{:.{}f}", total, decimals);
  return fmt::format("{:>{}.{}f} of {} {}", scaled(done_bytes), most.size(), decimals, most, kUnits.at(unit));
}

std::string graph(const std::vector<std::uint64_t>& history, Charset charset) {
  const auto& levels = marks(charset).levels;
  const std::uint64_t most = history.empty() ? 0 : *std::max_element(history.begin(), history.end());
  std::string text(RateMeter::kHistorySeconds - std::min(history.size(), RateMeter::kHistorySeconds), ' ');
  for (const std::uint64_t one : history) {
    const double part = most == 0 ? 0 : static_cast<double>(one) / static_cast<double>(most);
    text += levels.at(static_cast<std::size_t>(std::lround(part * static_cast<double>(levels.size() - 1))));
  }
  return text;
}

/// What is written but not yet durable is lighter.
std::string bar(const PhaseProgress& progress, std::size_t cells, Charset charset) {
  const auto share = [&](std::uint64_t bytes) {
    return static_cast<std::size_t>(static_cast<double>(bytes) / static_cast<double>(progress.total_bytes) *
                                    static_cast<double>(cells));
  };
  const bool copying = progress.phase == Phase::copying;
  const std::size_t solid = share(copying ? std::min(progress.durable_bytes, progress.done_bytes) : progress.done_bytes);
  const std::size_t light = progress.phase == Phase::syncing ? cells : share(progress.done_bytes);
  std::string text;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    const Marks& all = marks(charset);
    text += cell < solid ? all.durable : cell < light ? all.written : all.missing;
  }
  return text;
}

std::string label(const ProgressView& view, Charset charset, std::size_t width) {
  const PhaseProgress& progress = view.progress;
  std::string text = label_of(progress.phase);
  const bool waiting = progress.phase == Phase::waiting;
  if (waiting && !view.until.empty()) return fitted("waiting until " + view.until, width, charset);
  if (view.retry.number == 0) return text;
  const std::string retry = fmt::format("retry {} of {}", view.retry.number, view.retry.at_most);
  if (waiting) return view.pause.count() > 0 ? fmt::format("{} in {} s", retry, view.pause.count()) : retry;
  const std::string both = text + ", " + retry;
  return both.size() * 2 <= width ? both : text;
}

std::string rate_text(const Rate& rate) {
  return rate.elapsed > rate.elapsed.zero() ? base::format_rate(rate.amount, rate.elapsed) : "";
}

std::string files_rate_text(const Rate& rate) {
  if (rate.elapsed <= rate.elapsed.zero()) return "";
  return fmt::format("{:.0f} files/s", static_cast<double>(rate.amount) / std::chrono::duration<double>(rate.elapsed).count());
}

/// Each has room for what it may say in this phase.
struct FileParts {
  Part name, label, percent, bar, bytes, durable, rate, graph, left, then;
};

bool moves_steadily(Phase phase) { return phase == Phase::checking || phase == Phase::copying || phase == Phase::verifying; }

/// Of a phase of which is known how much there is to do.
void add_figures(FileParts& parts, const ProgressView& view, LineStyle style) {
  const PhaseProgress& progress = view.progress;
  parts.percent = part(fmt::format("{:2} %", percent(progress)));
  parts.bar = {.text = "", .room = kShortestBar, .gap = " ", .tone = Tone::good};
  parts.bytes = part(bytes_of(progress.done_bytes, progress.total_bytes));
  if (moves_steadily(progress.phase)) {
    parts.rate = part(fmt::format("{:>{}}", rate_text(view.speed.rate), kRateRoom));
    parts.graph = {.text = graph(view.speed.history, style.charset), .room = RateMeter::kHistorySeconds, .gap = " "};
    parts.left = part(time_left(view), kTimeRoom);
  }
  const bool before_verify = progress.phase == Phase::copying || progress.phase == Phase::syncing;
  if (before_verify && view.verify != Verify::none) parts.then = part("then verify");
}

FileParts parts_of(const ProgressView& view, LineStyle style) {
  const PhaseProgress& progress = view.progress;
  FileParts parts;
  parts.label = part(label(view, style.charset, style.width));
  if (view.retry.number != 0 || progress.phase == Phase::waiting) parts.label.tone = Tone::trouble;
  if (progress.total_bytes != 0) add_figures(parts, view, style);
  else if (progress.done_bytes != 0) parts.bytes = part(base::format_bytes(progress.done_bytes));
  const bool known_end = progress.phase == Phase::waiting && view.until.empty();
  if (!moves_steadily(progress.phase) && !known_end) parts.left = part(short_time(view.so_far) + " so far", kTimeRoom + 2);
  return parts;
}

/// The name and the bar grow into what is left.
void spread(FileParts& parts, const ProgressView& view, std::size_t spare, Charset charset) {
  if (parts.name.room != 0) {
    const std::size_t whole = columns(fitted_name(view.name, SIZE_MAX, charset));
    const std::size_t room = std::min(whole, parts.name.room + spare);
    spare -= room - parts.name.room;
    parts.name = {.text = fitted_name(view.name, room, charset), .room = room};
  }
  if (parts.bar.room != 0) {
    parts.bar.room = std::min(kLongestBar, parts.bar.room + spare);
    parts.bar.text = bar(view.progress, parts.bar.room, charset);
  }
}

/// What ends the line has no place to keep for others.
std::string joined_at_end(FileParts& parts, Colour colour) {
  if (!parts.left.text.empty() && parts.left.room != 0) {
    parts.left.room = 1;
    parts.then.gap = ", ";
  }
  return joined({parts.name, parts.label, parts.percent, parts.bar, parts.bytes, parts.durable, parts.rate,
                 parts.graph, parts.left, parts.then},
                colour);
}

/// Of the one file that a transfer works on.
std::string file_line(const ProgressView& view, LineStyle style) {
  if (view.progress.phase == Phase::idle || style.width == 0) return "";
  FileParts parts = parts_of(view, style);
  if (!view.name.empty()) {
    parts.name.room = std::min(columns(fitted_name(view.name, SIZE_MAX, style.charset)), kShortestName);
  }
  std::vector<Part*> wanted{&parts.percent, &parts.label, &parts.bar,   &parts.left, &parts.rate,
                            &parts.bytes,   &parts.name,  &parts.graph, &parts.then};
  // Of many files it matters more which one it is.
  if (view.tree.found_files != 0) std::rotate(wanted.begin() + 2, wanted.begin() + 6, wanted.begin() + 7);
  const std::size_t spare = fit(wanted, style.width);
  if (parts.rate.room == 0) parts.graph.room = 0;
  spread(parts, view, spare, style.charset);
  return joined_at_end(parts, style.colour);
}

std::string file_status(const ProgressView& view, Charset charset) {
  if (view.progress.phase == Phase::idle) return "";
  FileParts parts = parts_of(view, {.width = UINT_MAX, .charset = charset});
  if (!view.name.empty()) parts.name = part(fitted_name(view.name, SIZE_MAX, charset));
  parts.bar.room = parts.graph.room = 0;
  if (view.progress.phase == Phase::copying && view.progress.total_bytes != 0) {
    parts.durable = part(base::format_bytes(view.progress.durable_bytes) + " on the medium");
  }
  parts.rate = part(rate_text(view.speed.rate));
  if (parts.left.text.empty()) parts.left.room = 0;
  if (!moves_steadily(view.progress.phase)) parts.rate.room = 0;
  return joined_at_end(parts, Colour::none);
}

std::string files_text(const TreeProgress& tree) {
  const std::string found = fmt::format("{}", tree.found_files);
  return fmt::format("{:>{}} of {} files", tree.done_files, found.size(), found);
}

std::string tree_line(const ProgressView& view, LineStyle style) {
  const TreeProgress& tree = view.tree;
  const bool transfer = view.progress.phase != Phase::idle;
  Part files = part(files_text(tree));
  Part bytes = part(fmt::format("{:>10}", base::format_bytes(tree.done_bytes)));
  Part file{.text = "", .room = transfer || !tree.file.empty() ? kNameInTree : 0};
  Part rate, history;
  if (!transfer) {  // which has its own
    rate = part(fmt::format("{:>{}}", files_rate_text(tree.speed.rate), kRateRoom + 3));
    history = {.text = graph(tree.speed.history, style.charset), .room = RateMeter::kHistorySeconds, .gap = " "};
  }
  const std::size_t spare = fit({&files, &file, &bytes, &rate, &history}, style.width);
  if (files.room == 0) return "";
  if (rate.room == 0) history.room = 0;
  if (file.room != 0) {
    const std::size_t room = file.room + spare;
    const LineStyle rest{.width = static_cast<unsigned>(room), .charset = style.charset, .colour = style.colour};
    file.text = transfer ? file_line(view, rest) : fitted_name(tree.file, room, style.charset);
    file.room = file.text.empty() ? 0 : 1;
  }
  return joined({files, bytes, rate, history, file}, style.colour);
}

std::string tree_status(const ProgressView& view, Charset charset) {
  const TreeProgress& tree = view.tree;
  std::string line = fmt::format("{} of {} files  {}", tree.done_files, tree.found_files, base::format_bytes(tree.done_bytes));
  const std::string file = view.progress.phase != Phase::idle ? file_status(view, charset)
                           : tree.file.empty()                ? ""
                                                              : fitted_name(tree.file, SIZE_MAX, charset);
  const std::string rate = view.progress.phase == Phase::idle ? files_rate_text(tree.speed.rate) : "";
  for (const std::string& one : {rate, file}) {
    if (!one.empty()) line += "  " + one;
  }
  return line;
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
      progress.durable_bytes = counters.durable_bytes.load();
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
  if (progress.phase == Phase::copying && progress.done_bytes == progress.total_bytes) {
    progress.phase = Phase::syncing;
    progress.done_bytes = std::min(progress.durable_bytes, progress.total_bytes);
  }
  return progress;
}

Speed speed(const RateMeter& meter) {
  return {.rate = meter.rate(), .average = meter.average(), .history = meter.history()};
}

std::string progress_line(const ProgressView& view, LineStyle style) {
  return view.tree.found_files == 0 ? file_line(view, style) : tree_line(view, style);
}

std::string status_line(const ProgressView& view, Charset charset) {
  const std::string line = view.tree.found_files == 0 ? file_status(view, charset) : tree_status(view, charset);
  return line.empty() ? "no file is being copied at the moment" : line;
}

}  // namespace rcopy::ui
