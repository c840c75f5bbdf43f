// SPDX-License-Identifier: MIT
//
// Tells what a check of files finds: for people a line for each problem and one at the end, for programs an object for
// each file. How a failure reads is the caller's to say.
#pragma once

#include "ui/screen.hpp"
#include "ui/text_renderer.hpp"

#include <rcopy/check.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace rcopy::ui {

/// The whole line for a file that is missing or could not be read.
using CheckFailureText = std::function<std::string(const Error&)>;

/// What the hashes that are compared with come from.
enum class Against { journal, list };

class CheckRenderer final : public CheckObserver {
 public:
  struct Settings {
    Against against = Against::list;
    Verbosity verbosity = Verbosity::normal;
    bool json = false;
    bool end_line = false;      ///< one line at the end, for people
    bool live = false;          ///< how far it is, in a line that is redrawn
  };

  CheckRenderer(Screen& screen, Settings settings, CheckFailureText failure_text);

  void on_checked(const CheckedFile& file) override;
  void on_warning(const Warning& warning) override;
  void on_notice(const Notice& notice) override;

  /// All is checked, or it was stopped.
  void finish(const CheckSummary& summary, std::chrono::nanoseconds elapsed);

  [[nodiscard]] const CheckSummary& so_far() const { return so_far_; }

 private:
  void tell(const CheckedFile& file);
  void show_live();

  Screen& screen_;
  Settings settings_;
  CheckFailureText failure_text_;
  CheckSummary so_far_;
  std::chrono::steady_clock::time_point shown_{};
};

/// "3 files intact, 1.2 GiB in 3.4 s (360 MiB/s), 1 different, 1 missing".
[[nodiscard]] std::string check_line(const CheckSummary& summary, std::chrono::nanoseconds elapsed);

}  // namespace rcopy::ui
