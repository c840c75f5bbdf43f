// SPDX-License-Identifier: MIT
#include "cli/outputs.hpp"

#include "cli/failure_text.hpp"
#include "ui/terminal.hpp"

#include <unistd.h>

#include <algorithm>

namespace rcopy::cli {
namespace {

using ui::Verbosity;

ui::TextSettings text_settings(const Arguments& arguments) {
  const bool text = arguments.format == Format::text;
  const bool watched = ui::Terminal{STDOUT_FILENO}.is_terminal();
  const bool talks = arguments.verbosity == Verbosity::verbose || (arguments.verbosity == Verbosity::normal && watched);
  return {
      .verbosity = arguments.verbosity,
      .end_lines = text && talks,
      .statistics = text && arguments.figures == Figures::wanted,
  };
}

}  // namespace

TransferFailed about_the_run(const Error& error) { return {.error = error, .source = {}, .destination = {}}; }

Outputs::Outputs(ui::Screen& screen, const Arguments& arguments, const ui::FailureText& failure_text)
    : text_{screen, text_settings(arguments), failure_text} {
  if (arguments.log_file) reporter_.add(log_.emplace(*arguments.log_file, failure_text));
  reporter_.add(text_);
  reporter_.ask_by([this](const auto& destination) { return text_.may_replace(destination); });
  if (arguments.format == Format::json) reporter_.add(json_.emplace(screen, failure_text));
}

void Outputs::begin(const ui::RunStart& start) {
  if (log_) log_->begin(start);
  if (json_) json_->begin(start);
  if (json_) json_->show_progress(reporter_);
}

int Outputs::finish(ui::RunEnd end) {
  end.statistics = reporter_.statistics();
  end.trees = reporter_.tree.found_files != 0;
  // The log ends first, so that the others can tell what it lacks.
  if (log_) log_->finish(end);
  if (log_ && log_->failure()) {
    reporter_.on_event(about_the_run(*log_->failure()));
    if (end.exit_code == 0) end.exit_code = static_cast<int>(ExitCode::failed);
  }
  text_.finish(end);
  if (json_) json_->finish(end);
  return end.exit_code;
}

bool wants_json(const std::vector<std::string>& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::find(words.begin(), end, "--json") != end;
}

void tell_programs(const Error& error) {
  ui::Screen screen{ui::standard_streams()};
  ui::JsonRenderer json{screen, [](const TransferFailed& failed) { return without_program(failure_line(failed.error)); }};
  json.on_event(about_the_run(error));
  json.finish({.exit_code = static_cast<int>(exit_code(error.code()))});
}

}  // namespace rcopy::cli
