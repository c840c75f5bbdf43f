// SPDX-License-Identifier: MIT
//
// Tells what a check of files finds: for people a line for each problem and one at the end, for programs an object for
// each file. How a failure reads is the caller's to say, and who is told of warnings.
#pragma once

#include "ui/progress.hpp"
#include "ui/screen.hpp"
#include "ui/terminal.hpp"
#include "ui/text_renderer.hpp"

#include <rcopy/check.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace rcopy::ui {

/// The line for a file that is missing or could not be read, without the name of the program.
using CheckFailureText = std::function<std::string(const Error&)>;

/// What the hashes that are compared with come from.
enum class Against { journal, list };

/// What a check came to.
struct CheckEnd {
  CheckSummary summary = {};
  std::chrono::nanoseconds elapsed{0};
  int exit_code = 0;
  std::string signal_name = {};       ///< by which it was stopped; empty: by none
  std::uint64_t senseless_lines = 0;  ///< of the list
};

class CheckRenderer final : public CheckObserver {
 public:
  struct Settings {
    Against against = Against::list;
    Verbosity verbosity = Verbosity::normal;
    bool json = false;
    bool end_line = false;      ///< one line at the end, for people
    Show show = Show::nothing;  ///< of how far it is
    Terminal terminal;          ///< where that is shown
  };

  /// All but files is told to `others`, which must last as long.
  CheckRenderer(Screen& screen, Observer& others, Settings settings, CheckFailureText failure_text);

  void on_checked(const CheckedFile& file) override;
  void on_warning(const Warning& warning) override;
  void on_notice(const Notice& notice) override;

  /// All is checked, or it was stopped.
  void finish(const CheckEnd& end);

  [[nodiscard]] const CheckSummary& so_far() const { return so_far_; }

 private:
  void tell(const CheckedFile& file);
  void tell_programs(const CheckedFile& file);
  void show_progress();

  Screen& screen_;
  Observer& others_;
  Settings settings_;
  CheckFailureText failure_text_;
  CheckSummary so_far_;
  std::chrono::steady_clock::duration pause_;
  std::chrono::steady_clock::time_point next_line_;
};

/// "3 files intact, 1.2 GiB in 3.4 s (360 MiB/s), 1 different, 1 missing".
[[nodiscard]] std::string check_line(const CheckEnd& end);

}  // namespace rcopy::ui
