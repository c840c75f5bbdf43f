// SPDX-License-Identifier: MIT
//
// The program: puts command line, signals, screen and engine together. The only place that ends
// the process.
#include "cli/arguments.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure_text.hpp"
#include "cli/instead.hpp"
#include "cli/journal_location.hpp"
#include "cli/resume_all.hpp"
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
#include <functional>
#include <new>
#include <stop_token>
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

std::string limit_text(const Arguments& arguments) { return "--max-duration=" + arguments.time_limit->text; }

/// What the user sees at once, for saving the position can take its time.
std::string stopping_line(const Arguments& arguments, const Options& options, int signal) {
  const std::string first = signal == 0 ? limit_text(arguments) + " is over, " : "";
  const std::string second = options.journal ? "stopping, saving the position" : "stopping";
  return "rcopy: " + first + second + (signal == 0 ? "" : " (again to stop at once)");
}

ui::Show show_of(const Arguments& arguments, const ui::Terminal& terminal) {
  const bool always = arguments.progress == ProgressChoice::always;
  const bool wanted = always || (arguments.progress == ProgressChoice::automatic && arguments.verbosity != Verbosity::quiet);
  if (wanted && terminal.can_redraw()) return ui::Show::live;
  return always ? ui::Show::lines : ui::Show::nothing;
}

/// A stop shows in one line, for the file it hit; the files after it were not begun.
ui::FailureText failure_text(const Arguments& arguments, const Options& options, const StopSignals& signals) {
  return [next = next_run(options), &arguments, &signals, told = false](const TransferFailed& failed) mutable {
    if (failed.error.code() != ErrorCode::interrupted) return failure_line(failed, next);
    if (std::exchange(told, true)) return std::string{};
    if (signals.out_of_time()) return stopped_line(failed, next, limit_text(arguments));
    const int signal = signals.received();
    return stopped_line(failed, next, signal == 0 ? "" : signal_name(signal));
  };
}

StopSignals::Times stop_times(const Arguments& arguments) {
  StopSignals::Times times;
  if (arguments.time_limit) times.limit = arguments.time_limit->time;
  return times;
}

/// What is to be copied, by who copies it.
using Copy = std::function<JobSummary(const Options&, Observer&, std::stop_token)>;

Ending copy(const Arguments& arguments, const Options& options, const Copy& copy_all) {
  ui::Screen screen{ui::standard_streams()};
  const auto say_stopping = [&](int signal) {
    if (arguments.verbosity != Verbosity::quiet) screen.print(Channel::err, stopping_line(arguments, options, signal));
  };
  StopSignals signals{say_stopping, stop_times(arguments)};
  ui::TextRenderer renderer{screen, text_settings(arguments), failure_text(arguments, options, signals)};
  renderer.answer_by([stop = signals.token()] { return ui::read_line(STDIN_FILENO, stop); });
  const ui::Terminal terminal{STDERR_FILENO};
  renderer.show_progress({.terminal = terminal,
                          .show = show_of(arguments, terminal),
                          .charset = ui::locale_charset(),
                          .verify = options.verify,
                          .asked = &signals.asked()});
  const auto start = std::chrono::steady_clock::now();
  try {
    const JobSummary summary = copy_all(options, renderer, signals.token());
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
    case Action::copy:
    case Action::resume_all: break;
    case Action::list:
    case Action::forget:
    case Action::prune:
    case Action::audit:
    case Action::check: {
      const InsteadEnd end = do_instead(arguments, read_environment());
      return {.code = end.code, .signal = end.signal};
    }
  }
  const Options usual = to_options(arguments, read_environment());
  return copy(arguments, usual, [&](const Options& options, Observer& observer, std::stop_token stop) {
    return arguments.action == Action::resume_all ? resume_all(words, options, observer, stop)
                                                  : copy_files(job, options, observer, std::move(stop));
  });
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
  ignore_questions();

  Ending ending = run_and_report({argv + (argc > 0 ? 1 : 0), argv + argc});
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("rcopy: cannot write to standard output\n", stderr);
    if (ending.code == ExitCode::success) ending.code = ExitCode::failed;
  }
  if (ending.signal != 0) die_by_signal(ending.signal);
  return static_cast<int>(ending.code);
}
