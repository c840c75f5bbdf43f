// SPDX-License-Identifier: MIT
//
// Tells people what a copy does. Warnings, retries and failures go to standard error, the end lines to
// standard output.
#pragma once

#include "ui/progress.hpp"
#include "ui/renderer.hpp"
#include "ui/screen.hpp"

#include <rcopy/copy.hpp>
#include <rcopy/events.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>
#include <utility>

namespace rcopy::ui {

enum class Verbosity {
  quiet,    ///< errors only
  normal,   ///< and warnings and retries
  verbose,  ///< and plans and notices
};

/// What is told besides errors.
struct TextSettings {
  Verbosity verbosity = Verbosity::normal;
  bool end_lines = false;  ///< one line for each finished file, and a total for several
  bool statistics = false;  ///< at the end, of the whole run
};

class TextRenderer final : public Renderer {
 public:
  TextRenderer(Screen& screen, TextSettings settings, FailureText failure_text);

  /// Adds the progress line. Before the copy begins.
  void show_progress(const ProgressSettings& settings, const Observer& observer);

  /// How an answer is read when the user is asked; without one all answers are no. Before the copy begins.
  void answer_by(std::function<std::string()> read_line) { read_line_ = std::move(read_line); }

  void on_event(const Event& event) override;
  [[nodiscard]] bool may_replace(const std::filesystem::path& destination);

  /// The job is over: ends the progress line and, for more than one file, prints the total.
  void finish(const RunEnd& end);

 private:
  void render(const TransferStarted& started);
  void render(const Retrying& retrying);
  void render(const Waiting& waiting);
  void render(const Warning& warning);
  void render(const Notice& notice);
  void render(const TransferFinished& finished);
  void render(const TransferFailed& failed);
  void list_failures();

  Screen& screen_;
  TextSettings settings_;
  FailureText failure_text_;
  std::function<std::string()> read_line_;
  std::vector<std::filesystem::path> failures_;
  bool stop_told_ = false;
  std::optional<Progress> progress_;  ///< last: its thread uses the screen
};

/// "'a' -> 'b': continuing".
[[nodiscard]] std::string plan_line(const TransferStarted& started);

/// "cannot read '/a/b': Input/output error; trying again in 2 s (retry 1 of 3)".
[[nodiscard]] std::string retry_line(const Retrying& retrying);

/// "...; waiting until '/mnt/stick' is back, at most 60 s".
[[nodiscard]] std::string waiting_line(const Waiting& waiting);

/// "'a' -> 'b': 3.4 GiB in 12.3 s (283 MiB/s), xxh128 0123..., verified from the medium".
[[nodiscard]] std::string end_line(const FileSummary& summary);

/// "3 files copied, 10.2 GiB in 1:01 (170 MiB/s), 1 up to date, 1 failed".
[[nodiscard]] std::string total_line(const JobSummary& summary, std::chrono::nanoseconds elapsed);

}  // namespace rcopy::ui
