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

#include <cstdint>
#include <filesystem>
#include <string>

namespace rcopy::ui {

/// How far the current phase is. `total_bytes` 0: how much there is to do is not known.
struct PhaseProgress {
  Phase phase = Phase::idle;
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;
  bool operator==(const PhaseProgress&) const = default;
};

/// Samples the counters once; `done_bytes` is never more than `total_bytes`.
[[nodiscard]] PhaseProgress sample(const Counters& counters);

/// Of the trees of a job. `found_files` 0: there is none.
struct TreeProgress {
  std::uint64_t found_files = 0;
  std::uint64_t done_files = 0;
  std::uint64_t done_bytes = 0;
  bool operator==(const TreeProgress&) const = default;
};

struct ProgressView {
  std::filesystem::path name;  ///< empty: not shown
  PhaseProgress progress;
  Rate rate;                       ///< of this phase
  Verify verify = Verify::medium;  ///< whether verification is still to come
  TreeProgress tree = {};
};

struct LineStyle {
  unsigned width = 80;
  Charset charset = Charset::utf8;
};

/// Of trees "1204 of 5310 files  310 MiB", and what goes on with a large file behind that. Of one file
/// "'big.iso'  copy  1.2 GiB of 3.4 GiB  35 %  283 MiB/s  0:08 left, then verify". Never more than
/// `width` columns: what does not fit is left out, the name first, the percentage last. Empty
/// where nothing goes on.
[[nodiscard]] std::string progress_line(const ProgressView& view, LineStyle style);

}  // namespace rcopy::ui
