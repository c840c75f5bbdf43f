// SPDX-License-Identifier: MIT
#include "ui/progress.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace rcopy::ui {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kInterval{200};
constexpr seconds kFirstLine{1};
constexpr seconds kLongestPause{30};  // between two lines of a log

}  // namespace

Progress::Progress(const Setup& setup)
    : setup_(setup),
      phase_begun_(Clock::now()),
      next_line_(phase_begun_ + kFirstLine),
      line_interval_(kFirstLine),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Progress::~Progress() {
  thread_.request_stop();
  thread_.join();
  setup_.screen.show_live("");
}

void Progress::hear(const Event& event) {
  std::visit([this](const auto& one) { note(one); }, event);
}

void Progress::note(const TransferStarted& started) {
  const std::lock_guard lock{mutex_};
  until_.clear();
  if (started.attempt == 1) retry_ = {};
}

void Progress::note(const Retrying& retrying) {
  const std::lock_guard lock{mutex_};
  until_.clear();
  retry_ = {.number = retrying.next_attempt - 1, .at_most = retrying.attempts_at_most - 1};
  retry_at_ = Clock::now() + retrying.wait;
}

void Progress::note(const Waiting& waiting) {
  const std::lock_guard lock{mutex_};
  until_ = waiting.error.code() == ErrorCode::busy ? "the other rcopy has finished" : waiting.until;
}

void Progress::note(const TransferFinished& finished) {
  // The line of a tree goes on, and there may be a million files in it.
  if (finished.summary.found == Found::named) end();
}

void Progress::note(const TransferFailed& /*failed*/) { end(); }

void Progress::end() {
  const std::lock_guard lock{mutex_};
  retry_ = {};
  until_.clear();
  phase_ = Phase::idle;
  setup_.screen.show_live("");
}

// The first line comes after one interval: a file that is quicker shows none.
void Progress::run(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, kInterval, [] { return false; });
    if (!stop.stop_requested()) tick();
  }
}

void Progress::tick() {
  const ProgressSettings& settings = setup_.settings;
  const bool asked = settings.asked != nullptr && settings.asked->exchange(false);
  const ProgressView view = look();  // not what was before the question
  if (asked) setup_.screen.print(Channel::err, "rcopy: " + status_line(view, settings.charset));
  if (settings.show == Show::live) draw(view);
  const bool busy = view.progress.phase != Phase::idle || view.tree.found_files != 0;
  if (settings.show != Show::lines || !busy || Clock::now() < next_line_) return;
  setup_.screen.print(Channel::err, "rcopy: " + status_line(view, settings.charset));
  line_interval_ = std::min<Clock::duration>(line_interval_ * 2, kLongestPause);
  next_line_ = Clock::now() + line_interval_;
}

ProgressView Progress::look() {
  const auto now = Clock::now();
  PhaseProgress progress = sample(setup_.counters);
  // Who waits for a lock looks at the file again and again.
  if (!until_.empty() && progress.phase == Phase::checking && progress.total_bytes == 0) progress.phase = Phase::waiting;
  if (progress.phase != phase_) {
    meter_.reset();
    phase_begun_ = now;
  }
  phase_ = progress.phase;
  meter_.add(now, progress.done_bytes);
  const TreeCounters& tree = setup_.tree;
  files_meter_.add(now, tree.done_files);

  return {.name = progress.phase == Phase::idle ? std::filesystem::path{} : setup_.counters.file.get().filename(),
          .progress = progress,
          .speed = speed(meter_),
          .verify = setup_.settings.verify,
          .tree = {.found_files = tree.found_files,
                   .done_files = tree.done_files,
                   .done_bytes = tree.done_bytes,
                   .file = tree.file.get(),
                   .speed = speed(files_meter_)},
          .retry = retry_,
          .until = until_,
          .so_far = std::chrono::duration_cast<seconds>(now - phase_begun_),
          .pause = std::max(std::chrono::ceil<seconds>(retry_at_ - now), seconds{0})};
}

void Progress::draw(const ProgressView& view) {
  const Terminal& terminal = setup_.settings.terminal;
  if (!terminal.in_foreground()) {
    setup_.screen.forget_live();
    return;
  }
  // One column stays free: writing the last one wraps on some terminals.
  const unsigned width = terminal.width();
  const LineStyle style{.width = width - 1, .charset = setup_.settings.charset, .colour = terminal.colour()};
  setup_.screen.show_live(progress_line(view, style));
}

}  // namespace rcopy::ui
