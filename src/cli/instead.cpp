// SPDX-License-Identifier: MIT
#include "cli/instead.hpp"

#include "base/text.hpp"
#include "cli/failure_text.hpp"
#include "cli/hash_list.hpp"
#include "cli/outputs.hpp"
#include "cli/signals.hpp"
#include "ui/check_renderer.hpp"
#include "ui/journal_text.hpp"
#include "ui/screen.hpp"
#include "ui/terminal.hpp"

#include <rcopy/journal.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace rcopy::cli {
namespace {

using ui::Channel;
using ui::Screen;
using ui::Verbosity;

/// How what could not be done reads. Errors that were made here say all of it.
std::string failure_text(const TransferFailed& failed) { return without_program(failure_line(failed.error)); }

/// Where all of them tell what they do.
class Telling {
 public:
  explicit Telling(const Arguments& arguments) : screen_{ui::standard_streams()}, outputs_{screen_, arguments, failure_text} {}

  [[nodiscard]] Screen& screen() { return screen_; }
  [[nodiscard]] Observer& observer() { return outputs_.observer(); }
  [[nodiscard]] OnWarning warnings() {
    return [this](const Warning& warning) { observer().on_event(warning); };
  }
  void failed(const Error& error) { observer().on_event(about_the_run(error)); }

 private:
  Screen screen_;
  Outputs outputs_;
};

void list(Telling& telling, const Arguments& arguments, const std::filesystem::path& journal) {
  const auto records = unfinished_records(journal, telling.warnings());
  if (arguments.format == Format::json) {
    for (const JournalRecord& record : records) telling.screen().print(Channel::out, ui::unfinished_json(record));
    return;
  }
  for (const std::string& line : ui::journal_table(records)) telling.screen().print(Channel::out, line);
}

void tell(Screen& screen, const Arguments& arguments, const std::vector<Forgotten>& forgotten) {
  for (const Forgotten& one : forgotten) {
    if (arguments.format == Format::json) screen.print(Channel::out, ui::forgotten_json(one));
    else if (arguments.verbosity != Verbosity::quiet) screen.print(Channel::out, ui::forgotten_line(one));
  }
}

/// One that fails does not stop the others.
ExitCode forget_all(Telling& telling, const Arguments& arguments, const std::filesystem::path& journal) {
  JobSummary summary;
  for (const RecordKey& key : arguments.forgotten) {
    try {
      tell(telling.screen(), arguments, forget(journal, key, telling.warnings()));
    } catch (const Error& error) {
      telling.failed(error);
      summary.failed.push_back(error);
    }
  }
  return exit_code(summary);
}

void prune_all(Telling& telling, const Arguments& arguments, const std::filesystem::path& journal) {
  const auto pruned = prune(journal, arguments.pruned_age, telling.warnings());
  tell(telling.screen(), arguments, pruned);
  if (pruned.empty() && tells_ends(arguments)) telling.screen().print(Channel::out, "nothing is old enough, or gone");
}

ui::CheckRenderer::Settings check_settings(const Arguments& arguments, ui::Against against) {
  const ui::Terminal terminal{STDERR_FILENO};
  return {.against = against,
          .verbosity = arguments.verbosity,
          .json = arguments.format == Format::json,
          .end_line = tells_ends(arguments),
          .show = show_of(arguments, terminal),
          .terminal = terminal};
}

Error stopped(const CheckSummary& so_far, const std::string& by) {
  const std::uint64_t files = so_far.intact + so_far.different;
  return Error{{.code = ErrorCode::interrupted,
                .operation = {},
                .reason = "stopped by " + by + " when " + std::to_string(files) + (files == 1 ? " file was" : " files were") +
                          " read, " + base::format_bytes(so_far.read_bytes) + "; nothing is known of the others"}};
}

using Check = std::function<CheckSummary(const CheckOptions&, CheckObserver&, std::stop_token)>;

/// Begins what `check` does, and tells of it; `passed_over` is what it could not make sense of.
InsteadEnd checked(Telling& telling, const Arguments& arguments, ui::Against against, const Check& check,
                   const std::function<std::uint64_t()>& passed_over) {
  const StopSignals signals{[](int) {}};
  ui::CheckRenderer renderer{telling.screen(), telling.observer(), check_settings(arguments, against),
                             [](const Error& error) { return without_program(failure_line(error)); }};
  const auto begun = std::chrono::steady_clock::now();
  InsteadEnd end;
  ui::CheckEnd told;
  try {
    const CheckOptions options{.jobs = arguments.jobs, .io_priority = arguments.io_priority};
    told.summary = check(options, renderer, signals.token());
    end.code = exit_code(told.summary);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::interrupted) throw;
    told.summary = renderer.so_far();
    end.signal = signals.received();
    told.signal_name = signal_name(end.signal);
    telling.failed(stopped(told.summary, told.signal_name));
  }
  told.senseless_lines = passed_over();
  if (told.senseless_lines != 0) {
    telling.failed(Error{{.code = ErrorCode::io,
                          .operation = {},
                          .reason = base::quoted(arguments.checked) + ": " + std::to_string(told.senseless_lines) +
                                    " of its lines could not be made by xxh128sum and were passed over"}});
    if (end.code == ExitCode::success) end.code = ExitCode::failed;
  }
  told.elapsed = std::chrono::steady_clock::now() - begun;
  told.exit_code = end.signal == 0 ? static_cast<int>(end.code) : kSignalled + end.signal;
  renderer.finish(told);
  return end;
}

InsteadEnd check_list(Telling& telling, const Arguments& arguments) {
  HashList files{arguments.checked};  // before signals are taken: it may be typed
  return checked(
      telling, arguments, ui::Against::list,
      [&](const CheckOptions& options, CheckObserver& observer, std::stop_token stop) {
        return check_files([&] { return files.next(); }, options, observer, std::move(stop));
      },
      [&] { return files.senseless(); });
}

InsteadEnd audit_all(Telling& telling, const Arguments& arguments, const std::filesystem::path& journal) {
  return checked(
      telling, arguments, ui::Against::journal,
      [&](const CheckOptions& options, CheckObserver& observer, std::stop_token stop) {
        return audit(journal, arguments.audited, options, observer, std::move(stop));
      },
      [] { return 0; });
}

}  // namespace

ExitCode exit_code(const CheckSummary& summary) {
  if (summary.different != 0) return ExitCode::verify_failed;
  return summary.missing + summary.unreadable != 0 ? ExitCode::failed : ExitCode::success;
}

InsteadEnd do_instead(const Arguments& arguments, const Environment& environment) {
  Telling telling{arguments};
  if (arguments.action == Action::check) return check_list(telling, arguments);
  const std::filesystem::path journal =
      arguments.journal_choice == JournalChoice::named ? arguments.journal : journal_location(environment);
  if (arguments.action == Action::audit) return audit_all(telling, arguments, journal);
  if (arguments.action == Action::forget) return {.code = forget_all(telling, arguments, journal)};
  if (arguments.action == Action::list) list(telling, arguments, journal);
  else prune_all(telling, arguments, journal);
  return {};
}

}  // namespace rcopy::cli
