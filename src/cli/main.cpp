// SPDX-License-Identifier: MIT
//
// The program: puts command line, signals, screen and engine together. The only place that ends
// the process.
#include "cli/arguments.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure_text.hpp"
#include "cli/journal_location.hpp"
#include "cli/signals.hpp"
#include "ui/answer.hpp"
#include "ui/screen.hpp"
#include "ui/terminal.hpp"
#include "ui/text_renderer.hpp"

#include <rcopy/copy.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <clocale>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace rcopy;
using namespace rcopy::cli;
using ui::Channel;
using ui::Verbosity;

/// How the process ends: by `signal`, or where that is 0 with `code`.
struct Ending {
  ExitCode code = ExitCode::success;
  int signal = 0;
};

/// Whoever starts a program with a standard stream closed would see the next file opened take its
/// number, and messages written into it. The direction is the wrong one so that use still fails.
void keep_standard_streams_apart() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) == -1) {
      static_cast<void>(::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY));
    }
  }
}

ui::TextSettings text_settings(const Arguments& arguments) {
  const bool watched = ui::Terminal{STDOUT_FILENO}.is_terminal();
  return {
      .verbosity = arguments.verbosity,
      .end_lines = arguments.verbosity == Verbosity::verbose ||
                   (arguments.verbosity == Verbosity::normal && watched),
  };
}

/// A stop shows in one line, for the file it hit; the files after it were not begun.
ui::FailureText failure_text(const Options& options, const StopSignals& signals) {
  return [next = next_run(options), &signals, told = false](const TransferFailed& failed) mutable {
    if (failed.error.code() != ErrorCode::interrupted) return failure_line(failed, next);
    if (std::exchange(told, true)) return std::string{};
    const int signal = signals.received();
    return stopped_line(failed, next, signal == 0 ? "" : signal_name(signal));
  };
}

Ending copy(const Arguments& arguments, const Job& job, const Options& options) {
  ui::Screen screen{ui::standard_streams()};
  const StopSignals signals{[&](int) {
    if (arguments.verbosity == Verbosity::quiet) return;
    screen.print(Channel::err, options.journal
                                   ? "rcopy: stopping, saving the position (again to stop at once)"
                                   : "rcopy: stopping (again to stop at once)");
  }};
  ui::TextRenderer renderer{screen, text_settings(arguments), failure_text(options, signals)};
  renderer.answer_by([stop = signals.token()] { return ui::read_line(STDIN_FILENO, stop); });
  const ui::Terminal terminal{STDERR_FILENO};
  if (arguments.verbosity != Verbosity::quiet && terminal.can_redraw()) {
    renderer.show_progress(terminal, ui::locale_charset(), options.verify);
  }
  const auto start = std::chrono::steady_clock::now();
  try {
    const JobSummary summary = copy_files(job, options, renderer, signals.token());
    renderer.finish(summary, std::chrono::steady_clock::now() - start);
    return {exit_code(summary), signals.received()};
  } catch (const Error& error) {
    screen.print(Channel::err, failure_line(error));
    return {exit_code(error.code()), signals.received()};
  }
}

Ending run(const std::vector<std::string>& words) {
  Arguments arguments;
  Job job;
  try {
    arguments = parse_arguments(words);
    if (arguments.action == Action::copy) job = to_job(arguments);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\nTry 'rcopy --help' for more information.\n",
                 failure_line(error).c_str());
    return {exit_code(error.code())};
  }
  switch (arguments.action) {
    case Action::short_help: std::fputs(short_help_text().c_str(), stdout); return {};
    case Action::help: std::fputs(help_text().c_str(), stdout); return {};
    case Action::version: std::fputs(version_text().c_str(), stdout); return {};
    case Action::copy: break;
  }
  return copy(arguments, job, to_options(arguments, read_environment()));
}

Ending run_and_report(const std::vector<std::string>& words) {
  try {
    return run(words);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", failure_line(error).c_str());
    return {exit_code(error.code())};
  } catch (const std::bad_alloc&) {
    std::fputs("rcopy: out of memory\n", stderr);
    return {ExitCode::failed};
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rcopy: internal error: %s; this is a bug, please report it\n",
                 error.what());
    return {ExitCode::internal};
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams_apart();
  std::setlocale(LC_CTYPE, "");
  ignore_write_signals();

  Ending ending = run_and_report({argv + (argc > 0 ? 1 : 0), argv + argc});
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("rcopy: cannot write to standard output\n", stderr);
    if (ending.code == ExitCode::success) ending.code = ExitCode::failed;
  }
  if (ending.signal != 0) die_by_signal(ending.signal);
  return static_cast<int>(ending.code);
}
