// SPDX-License-Identifier: MIT
#include "cli/outputs.hpp"

#include "cli/failure_text.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace rcopy::cli {
namespace {

using ui::Verbosity;

ui::TextSettings text_settings(const Arguments& arguments) {
  return {
      .verbosity = arguments.verbosity,
      .end_lines = tells_ends(arguments),
      .statistics = arguments.format == Format::text && arguments.figures == Figures::wanted,
  };
}

}  // namespace

bool tells_ends(const Arguments& arguments) {
  if (arguments.format == Format::json) return false;
  const bool watched = ui::Terminal{STDOUT_FILENO}.is_terminal();
  return arguments.verbosity == Verbosity::verbose || (arguments.verbosity == Verbosity::normal && watched);
}

ui::Show show_of(const Arguments& arguments, const ui::Terminal& terminal) {
  const bool always = arguments.progress == ProgressChoice::always;
  const bool wanted = always || (arguments.progress == ProgressChoice::automatic && arguments.verbosity != Verbosity::quiet);
  if (wanted && terminal.can_redraw()) return ui::Show::live;
  return always ? ui::Show::lines : ui::Show::nothing;
}

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
  const auto something_is_lost = [&end] {
    if (end.exit_code == 0) end.exit_code = static_cast<int>(ExitCode::failed);
  };
  const bool log_lacks_lines = log_ && log_->failure();
  if (log_lacks_lines) {
    reporter_.on_event(about_the_run(*log_->failure()));
    something_is_lost();
  }
  text_.finish(end);
  if (json_) json_->finish(end);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) something_is_lost();  // which main() tells
  // The log ends last, for it has the code that the process ends with.
  if (!log_) return end.exit_code;
  log_->finish(end);
  if (log_->failure() && !log_lacks_lines) {
    text_.on_event(about_the_run(*log_->failure()));
    something_is_lost();
  }
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
