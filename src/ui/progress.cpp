// SPDX-License-Identifier: MIT
#include "ui/progress.hpp"

#include <chrono>

namespace rcopy::ui {
namespace {

constexpr std::chrono::milliseconds kInterval{200};

}  // namespace

Progress::Progress(const Setup& setup)
    : setup_(setup), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Progress::~Progress() {
  thread_.request_stop();
  thread_.join();
  setup_.screen.show_live("");
}

void Progress::begin(const std::filesystem::path& name) {
  const std::lock_guard lock{mutex_};
  name_ = name.filename();
  meter_.reset();
}

void Progress::end() {
  const std::lock_guard lock{mutex_};
  name_.clear();
  meter_.reset();
  setup_.screen.show_live("");
}

// The first line comes after one interval: a file that is quicker shows none.
void Progress::run(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, kInterval, [] { return false; });
    if (!stop.stop_requested()) draw();
  }
}

void Progress::draw() {
  const PhaseProgress progress = sample(setup_.counters);
  if (progress.phase != metered_phase_) meter_.reset();
  metered_phase_ = progress.phase;
  meter_.add(std::chrono::steady_clock::now(), progress.done_bytes);
  if (!setup_.terminal.in_foreground()) return;

  const TreeProgress tree{.found_files = setup_.tree.found_files,
                          .done_files = setup_.tree.done_files,
                          .done_bytes = setup_.tree.done_bytes};
  const ProgressView view{name_, progress, meter_.rate(), setup_.verify, tree};
  // One column stays free: writing the last one wraps on some terminals.
  const LineStyle style{setup_.terminal.width() - 1, setup_.charset};
  setup_.screen.show_live(progress_line(view, style));
}

}  // namespace rcopy::ui
