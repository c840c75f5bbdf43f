// SPDX-License-Identifier: MIT
//
// The program: puts command line, signals, screen and engine together. The only place that ends
// the process.
#include "cli/arguments.hpp"
#include "cli/exit_codes.hpp"
#include "cli/failure_text.hpp"
#include "cli/instead.hpp"
#include "cli/journal_location.hpp"
#include "cli/log_place.hpp"
#include "cli/resume_all.hpp"
#include "cli/outputs.hpp"
#include "cli/signals.hpp"
#include "ui/answer.hpp"
#include "ui/screen.hpp"
#include "ui/terminal.hpp"

#include <rcopy/copy.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <clocale>
#include <cstdio>
#include <exception>
#include <functional>
#include <new>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using namespace rcopy;
using namespace rcopy::cli;
using ui::Verbosity;

/// How the process ends: by `signal`, or where that is 0 with `code`.
struct Ending {
  int code = 0;
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

std::string limit_text(const Arguments& arguments) { return "--max-duration=" + arguments.time_limit->text; }

/// What the user sees at once, for saving the position can take its time.
std::string stopping_line(const Arguments& arguments, const Options& options, int signal) {
  const std::string first = signal == 0 ? limit_text(arguments) + " is over, " : "";
  const std::string second = options.journal ? "stopping, saving the position" : "stopping";
  return "rcopy: " + first + second + (signal == 0 ? "" : " (again to stop at once)");
}

ui::FailureText failure_text(const Arguments& arguments, const Options& options, const StopSignals& signals) {
  return [next = next_run(options), &arguments, &signals](const TransferFailed& failed) {
    if (failed.error.code() != ErrorCode::interrupted) return without_program(failure_line(failed, next));
    if (signals.out_of_time()) return without_program(stopped_line(failed, next, limit_text(arguments)));
    const int signal = signals.received();
    return without_program(stopped_line(failed, next, signal == 0 ? "" : signal_name(signal)));
  };
}

StopSignals::Times stop_times(const Arguments& arguments) {
  StopSignals::Times times;
  if (arguments.time_limit) times.limit = arguments.time_limit->time;
  return times;
}

/// What is to be copied, by who copies it.
using Copy = std::function<JobSummary(const Options&, Observer&, std::stop_token)>;

/// What concerns the whole job is told like what concerns a file, and is then all that the job came to.
JobSummary run_job(const Copy& copy_all, const Options& options, Observer& observer, const StopSignals& signals) {
  try {
    return copy_all(options, observer, signals.token());
  } catch (const Error& error) {
    observer.on_event(about_the_run(error));
    return {.done = {}, .failed = {error}};
  }
}

Ending copy(const Arguments& arguments, const ui::RunStart& run, const Copy& copy_all) {
  const Options& options = run.options;
  ui::Screen screen{ui::standard_streams()};
  const auto say_stopping = [&](int signal) {
    if (arguments.verbosity != Verbosity::quiet) screen.announce(stopping_line(arguments, options, signal));
  };
  StopSignals signals{say_stopping, stop_times(arguments)};
  Outputs outputs{screen, arguments, failure_text(arguments, options, signals)};
  outputs.text().answer_by([stop = signals.token()] { return ui::read_line(STDIN_FILENO, stop); });
  const ui::Terminal terminal{STDERR_FILENO};
  outputs.text().show_progress({.terminal = terminal,
                                .show = show_of(arguments, terminal),
                                .charset = ui::locale_charset(),
                                .verify = options.verify,
                                .asked = &signals.asked()},
                               outputs.observer());
  outputs.begin(run);
  const auto start = std::chrono::steady_clock::now();
  JobSummary summary = run_job(copy_all, options, outputs.observer(), signals);
  const int signal = signals.received();
  const auto code = static_cast<int>(exit_code(summary));
  const int told = outputs.finish({.summary = std::move(summary),
                                   .elapsed = std::chrono::steady_clock::now() - start,
                                   .exit_code = signal == 0 ? code : kSignalled + signal,
                                   .signal_name = signal == 0 ? "" : signal_name(signal)});
  return {.code = told, .signal = signal};
}

/// A run that did not begin.
Ending refused(const std::vector<std::string>& words, const Error& error, const char* hint = "") {
  std::fprintf(stderr, "%s\n%s", failure_line(error).c_str(), hint);
  if (wants_json(words)) tell_programs(error);
  return {static_cast<int>(exit_code(error.code()))};
}

Ending run(const std::vector<std::string>& words) {
  Arguments arguments;
  Job job;
  try {
    arguments = parse_arguments(words);
    if (arguments.action == Action::copy) job = to_job(arguments);
  } catch (const Error& error) {
    return refused(words, error, "Try 'rcopy --help' for more information.\n");
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
      return {.code = static_cast<int>(end.code), .signal = end.signal};
    }
  }
  const Options usual = to_options(arguments, read_environment());
  std::vector<Warning> early;
  if (arguments.log_file) {
    check_log_place(arguments, job, usual, [&early](const Warning& warning) { early.push_back(warning); });
  }
  return copy(arguments, {words, job, usual}, [&](const Options& options, Observer& observer, std::stop_token stop) {
    for (const Warning& warning : early) observer.on_event(warning);
    return arguments.action == Action::resume_all ? resume_all(words, options, observer, stop)
                                                  : copy_files(job, options, observer, std::move(stop));
  });
}

Ending run_and_report(const std::vector<std::string>& words) {
  try {
    return run(words);
  } catch (const Error& error) {
    return refused(words, error);
  } catch (const std::bad_alloc&) {
    return refused(words, Error{{.code = ErrorCode::io, .operation = "run", .os_error = ENOMEM}});
  } catch (const std::system_error& error) {
    // No thread to be had.
    return refused(words, Error{{.code = ErrorCode::io, .operation = "run", .os_error = error.code().value()}});
  } catch (const std::exception& error) {
    return refused(words, Error{{.operation = {}, .reason = std::string{"internal error: "} + error.what()}});
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
    std::fputs("rcopy: cannot write to standard output: some lines are lost; check where it leads\n", stderr);
    if (ending.code == 0) ending.code = static_cast<int>(ExitCode::failed);
  }
  if (ending.signal != 0) die_by_signal(ending.signal);
  return ending.code;
}
