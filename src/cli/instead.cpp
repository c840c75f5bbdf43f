// SPDX-License-Identifier: MIT
#include "cli/instead.hpp"

#include "base/text.hpp"
#include "cli/failure_text.hpp"
#include "cli/hash_list.hpp"
#include "cli/signals.hpp"
#include "ui/check_renderer.hpp"
#include "ui/journal_text.hpp"
#include "ui/screen.hpp"
#include "ui/terminal.hpp"

#include <rcopy/journal.hpp>

#include <unistd.h>

#include <functional>
#include <string>
#include <utility>

namespace rcopy::cli {
namespace {

using ui::Channel;
using ui::Screen;
using ui::Verbosity;

OnWarning warnings_to(Screen& screen, const Arguments& arguments) {
  return [&screen, quiet = arguments.verbosity == Verbosity::quiet](const Warning& warning) {
    if (!quiet) screen.print(Channel::err, "rcopy: warning: " + base::quoted(warning.path) + ": " + warning.text);
  };
}

/// Whether what went well is told, too.
bool says_more(const Arguments& arguments) {
  if (arguments.format == Format::json) return false;
  const bool watched = ui::Terminal{STDOUT_FILENO}.is_terminal();
  return arguments.verbosity == Verbosity::verbose || (arguments.verbosity == Verbosity::normal && watched);
}

void list(Screen& screen, const Arguments& arguments, const std::filesystem::path& journal) {
  const auto records = unfinished_records(journal, warnings_to(screen, arguments));
  if (arguments.format == Format::json) {
    for (const JournalRecord& record : records) screen.print(Channel::out, ui::unfinished_json(record));
    return;
  }
  for (const std::string& line : ui::journal_table(records)) screen.print(Channel::out, line);
}

void tell(Screen& screen, const Arguments& arguments, const std::vector<Forgotten>& forgotten) {
  for (const Forgotten& one : forgotten) {
    if (arguments.format == Format::json) screen.print(Channel::out, ui::forgotten_json(one));
    else if (arguments.verbosity != Verbosity::quiet) screen.print(Channel::out, ui::forgotten_line(one));
  }
}

/// One that fails does not stop the others.
ExitCode forget_all(Screen& screen, const Arguments& arguments, const std::filesystem::path& journal) {
  JobSummary summary;
  for (const RecordKey& key : arguments.forgotten) {
    try {
      tell(screen, arguments, forget(journal, key, warnings_to(screen, arguments)));
    } catch (const Error& error) {
      screen.print(Channel::err, failure_line(error));
      summary.failed.push_back(error);
    }
  }
  return exit_code(summary);
}

/// Begins what `check` does, and tells of it.
InsteadEnd checked(Screen& screen, const Arguments& arguments, ui::Against against,
                   const std::function<CheckSummary(const CheckOptions&, CheckObserver&, std::stop_token)>& check) {
  const StopSignals signals{[](int) {}};
  const bool json = arguments.format == Format::json;
  ui::CheckRenderer renderer{
      screen,
      {.against = against,
       .verbosity = arguments.verbosity,
       .json = json,
       .end_line = says_more(arguments),
       .live = !json && arguments.verbosity == Verbosity::normal && ui::Terminal{STDERR_FILENO}.can_redraw()},
      [](const Error& error) { return failure_line(error); }};
  const auto begun = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::steady_clock::now() - begun; };
  try {
    const CheckOptions options{.jobs = arguments.jobs, .io_priority = arguments.io_priority};
    const CheckSummary summary = check(options, renderer, signals.token());
    renderer.finish(summary, elapsed());
    return {.code = exit_code(summary)};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::interrupted) throw;
    renderer.finish(renderer.so_far(), elapsed());
    return {.code = ExitCode::failed, .signal = signals.received()};
  }
}

InsteadEnd check_list(Screen& screen, const Arguments& arguments) {
  HashList files{arguments.checked};  // before signals are taken: it may be typed
  InsteadEnd end = checked(screen, arguments, ui::Against::list,
                           [&](const CheckOptions& options, CheckObserver& observer, std::stop_token stop) {
                             return check_files([&] { return files.next(); }, options, observer, std::move(stop));
                           });
  if (files.senseless() != 0) {
    screen.print(Channel::err, "rcopy: " + base::quoted(arguments.checked) + ": " + std::to_string(files.senseless()) +
                                   " of its lines could not be made by xxh128sum and were passed over");
    if (end.code == ExitCode::success) end.code = ExitCode::failed;
  }
  return end;
}

InsteadEnd audit_all(Screen& screen, const Arguments& arguments, const std::filesystem::path& journal) {
  return checked(screen, arguments, ui::Against::journal,
                 [&](const CheckOptions& options, CheckObserver& observer, std::stop_token stop) {
                   return audit(journal, arguments.audited, options, observer, std::move(stop));
                 });
}

}  // namespace

ExitCode exit_code(const CheckSummary& summary) {
  if (summary.different != 0) return ExitCode::verify_failed;
  return summary.missing + summary.unreadable != 0 ? ExitCode::failed : ExitCode::success;
}

InsteadEnd do_instead(const Arguments& arguments, const Environment& environment) {
  Screen screen{ui::standard_streams()};
  if (arguments.action == Action::check) return check_list(screen, arguments);
  const std::filesystem::path journal =
      arguments.journal_choice == JournalChoice::named ? arguments.journal : journal_location(environment);
  if (arguments.action == Action::audit) return audit_all(screen, arguments, journal);
  if (arguments.action == Action::forget) return {.code = forget_all(screen, arguments, journal)};
  if (arguments.action == Action::list) {
    list(screen, arguments, journal);
    return {};
  }
  const auto pruned = prune(journal, arguments.pruned_age, warnings_to(screen, arguments));
  tell(screen, arguments, pruned);
  if (pruned.empty() && says_more(arguments)) screen.print(Channel::out, "nothing is old enough, or gone");
  return {};
}

}  // namespace rcopy::cli
