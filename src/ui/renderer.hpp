// SPDX-License-Identifier: MIT
//
// One way to tell what a run does: to people, to programs, into a log. What a Reporter calls a Renderer for
// comes from one thread at a time. How a failure reads is the caller's to say, so that errors become text in one
// place of the program.
#pragma once

#include "ui/statistics.hpp"

#include <rcopy/copy.hpp>
#include <rcopy/events.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace rcopy::ui {

/// The line for what could not be done, without the name of the program.
using FailureText = std::function<std::string(const TransferFailed&)>;

/// What a run is to do.
struct RunStart {
  const std::vector<std::string>& words;  ///< argv without the program's name
  const Job& job;
  const Options& options;
};

/// What a run came to.
struct RunEnd {
  JobSummary summary = {};
  Statistics statistics = {};
  bool trees = false;  ///< there was one
  std::chrono::nanoseconds elapsed{0};
  int exit_code = 0;
  std::string signal_name = {};  ///< by which it is going to die; empty: by none
};

class Renderer {
 public:
  virtual ~Renderer() = default;
  /// May throw; a line that is lost changes nothing about the copy.
  virtual void on_event(const Event& event) = 0;
};

}  // namespace rcopy::ui
