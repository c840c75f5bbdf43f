// SPDX-License-Identifier: MIT
//
// copy SOURCE DEST [SECONDS]: copies one file with the library, shows how far it is, and after SECONDS asks
// it to stop. The position is in the journal then, and the same command goes on there. Ends with 0 when the
// copy is proven, 8 when it was stopped, 1 when it failed.
//
//   c++ -std=c++20 copy.cpp $(pkg-config --cflags --libs rcopy) -o copy
#include <rcopy/copy.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <variant>

namespace {

using Clock = std::chrono::steady_clock;

/// The engine calls on_event for what happens once, from any of its threads but one at a time. How far it
/// is stands in the counters, which anybody may read whenever it suits him.
class Screen : public rcopy::Observer {
 public:
  void on_event(const rcopy::Event& event) override {
    if (const auto* started = std::get_if<rcopy::TransferStarted>(&event)) {
      std::printf("%s\n", started->plan.c_str());
    } else if (const auto* finished = std::get_if<rcopy::TransferFinished>(&event)) {
      std::printf("proven, xxh128 %s\n", finished->summary.file_hash.c_str());
    } else if (const auto* failed = std::get_if<rcopy::TransferFailed>(&event)) {
      std::fprintf(stderr, "%s\n", failed->error.what());
    }
  }

  void show_progress() const {
    std::printf("%llu of %llu bytes\n", static_cast<unsigned long long>(counters.written_bytes.load()),
                static_cast<unsigned long long>(counters.total_bytes.load()));
  }
};

/// Shows progress ten times a second until the copy has ended, and stops the copy at the deadline.
void watch(const std::stop_token& ended, const Screen& screen, std::optional<Clock::time_point> deadline,
           std::stop_source& copy) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  while (!ended.stop_requested()) {
    if (deadline && Clock::now() >= *deadline) copy.request_stop();
    screen.show_progress();
    never.wait_for(lock, ended, std::chrono::milliseconds{100}, [] { return false; });  // or until it has ended
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("Usage: copy SOURCE DEST [SECONDS]\n", stderr);
    return 2;
  }
  std::optional<Clock::time_point> deadline;
  if (argc > 3) deadline = Clock::now() + std::chrono::seconds{std::atoi(argv[3])};

  rcopy::Options options;
  options.journal = "copy-journal.db";  // without one there is nothing to go on from
  Screen screen;
  std::stop_source stop;
  if (deadline && Clock::now() >= *deadline) stop.request_stop();  // before the first byte
  std::jthread watcher{[&](const std::stop_token& ended) { watch(ended, screen, deadline, stop); }};
  try {
    const rcopy::JobSummary summary = rcopy::copy_files(
        {.sources = {argv[1]}, .destination = argv[2]}, options, screen, stop.get_token());
    if (summary.done.files() == 1) return 0;
    return stop.stop_requested() ? 8 : 1;
  } catch (const rcopy::Error& error) {  // about the whole job: the journal cannot be opened, ...
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
