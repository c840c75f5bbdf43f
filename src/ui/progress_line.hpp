// SPDX-License-Identifier: MIT
//
// The text of the progress line: what is known about the running file, fitted into a width. Pure;
// any thread. The rules: each phase shows its own progress under its own name, no number covers
// work of another phase, and 100 % is never shown, because a file that is done has its end line.
#pragma once

#include "ui/rate_meter.hpp"
#include "ui/terminal.hpp"

#include <rcopy/events.hpp>
#include <rcopy/options.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace rcopy::ui {

/// How far the current phase is. `total_bytes` 0: how much there is to do is not known.
struct PhaseProgress {
  Phase phase = Phase::idle;
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::uint64_t durable_bytes = 0;  ///< while copying: of those done
  bool operator==(const PhaseProgress&) const = default;
};

/// Samples the counters once; `done_bytes` is never more than `total_bytes`. When all is written and waits for the
/// medium, it is the phase of the sync.
[[nodiscard]] PhaseProgress sample(const Counters& counters);

/// What a counter did lately, in units of its own a second.
struct Speed {
  Rate rate = {};
  Rate average = {};  ///< over a longer time
  std::vector<std::uint64_t> history = {};  ///< of the last seconds, the oldest first
  bool operator==(const Speed&) const = default;
};

[[nodiscard]] Speed speed(const RateMeter& meter);

/// Of the trees of a job. `found_files` 0: there is none.
struct TreeProgress {
  std::uint64_t found_files = 0;
  std::uint64_t done_files = 0;
  std::uint64_t done_bytes = 0;
  std::filesystem::path file = {};  ///< a small one that is being copied
  Speed speed = {};                 ///< in files
  bool operator==(const TreeProgress&) const = default;
};

/// The transfer failed and is tried again. `number` 0: it is not.
struct Retry {
  unsigned number = 0;
  unsigned at_most = 0;
};

struct ProgressView {
  std::filesystem::path name = {};  ///< empty: not shown
  PhaseProgress progress = {};
  Speed speed = {};                ///< of this phase, in bytes
  Verify verify = Verify::medium;  ///< whether verification is still to come
  TreeProgress tree = {};
  Retry retry = {};
  std::string until = {};           ///< what a wait is for; empty: for the time of the next retry
  std::chrono::seconds so_far{0};   ///< in this phase
  std::chrono::seconds pause{0};    ///< that is left before the retry
};

struct LineStyle {
  unsigned width = 80;
  Charset charset = Charset::utf8;
  Colour colour = Colour::none;
};

/// Of one file "'big.iso'  copy  35 % ███▒░░░░  350 of 1000 MiB  100 MiB/s ▅▅▆▅▅▁▁▄  0:07 left, then verify": what is
/// written but not yet durable is lighter. Of trees "1204 of 5310 files  310.0 MiB", and the file that is worked on
/// behind that. Never more than `width` columns: what does not fit is left out, the percentage last. Empty where
/// nothing goes on.
[[nodiscard]] std::string progress_line(const ProgressView& view, LineStyle style);

/// The same as a sentence for a log, without bar and graph, and as long as it is. Never empty.
[[nodiscard]] std::string status_line(const ProgressView& view, Charset charset);

}  // namespace rcopy::ui
