// SPDX-License-Identifier: MIT
//
// Everybody who is told what a run does, as the command line asks for it: people, programs, the log. One run,
// one of these; what the Reporter says of threads holds.
#pragma once

#include "cli/arguments.hpp"
#include "cli/exit_codes.hpp"
#include "ui/json_renderer.hpp"
#include "ui/log_renderer.hpp"
#include "ui/renderer.hpp"
#include "ui/reporter.hpp"
#include "ui/screen.hpp"
#include "ui/terminal.hpp"
#include "ui/text_renderer.hpp"

#include <rcopy/error.hpp>

#include <optional>
#include <string>
#include <vector>

namespace rcopy::cli {

/// What concerns a run and none of its files.
[[nodiscard]] TransferFailed about_the_run(const Error& error);

/// Whether it is told what went well, to people.
[[nodiscard]] bool tells_ends(const Arguments& arguments);

/// Of how far it is, on `terminal`.
[[nodiscard]] ui::Show show_of(const Arguments& arguments, const ui::Terminal& terminal);

class Outputs {
 public:
  /// Opens the log. Throws Error (usage).
  Outputs(ui::Screen& screen, const Arguments& arguments, const ui::FailureText& failure_text);

  [[nodiscard]] ui::Reporter& observer() { return reporter_; }
  [[nodiscard]] ui::TextRenderer& text() { return text_; }

  void begin(const ui::RunStart& start);

  /// Tells what the run came to, and with which exit code it is going to end: that of `end`, unless it is success and
  /// something could not be told.
  [[nodiscard]] int finish(ui::RunEnd end);

 private:
  ui::Reporter reporter_;
  std::optional<ui::LogRenderer> log_;
  ui::TextRenderer text_;
  std::optional<ui::JsonRenderer> json_;  ///< last: its thread uses the others
};

/// Whether programs are to read what a command line comes to that need not be right.
[[nodiscard]] bool wants_json(const std::vector<std::string>& words);

/// Tells programs of a run that did not begin.
void tell_programs(const Error& error);

}  // namespace rcopy::cli
