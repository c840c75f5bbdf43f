// SPDX-License-Identifier: MIT
//
// The thread behind the progress line: draws while something goes on, and leaves nothing behind.
#include "ui/progress.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

using namespace rcopy;
using namespace rcopy::ui;

namespace {

/// Keeps what is written, and can wait for a text.
class Console {
 public:
  void write(std::string_view part) {
    const std::lock_guard lock{mutex_};
    text_ += part;
    changed_.notify_all();
  }
  void wait_for(const std::string& part) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return text_.find(part) != std::string::npos; });
  }
  std::string text() {
    const std::lock_guard lock{mutex_};
    return text_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

struct Stage {
  Console console;
  Screen screen{{.out = [](std::string_view) {},
                 .err = [this](std::string_view part) { console.write(part); }}};
  Counters counters;
  TreeCounters tree;
  std::atomic<bool> asked{false};
  Progress::Setup setup{screen, counters, tree,
                        {.terminal = Terminal{-1}, .charset = Charset::utf8, .asked = &asked}};
};

constexpr const char* kErased = "\r\x1b[J";

}  // namespace

TEST_CASE("the progress line follows the counters through the phases") {
  Stage stage;
  stage.counters.total_bytes = 100;
  stage.counters.file.set("/some/where/file");
  const Progress progress{stage.setup};
  stage.counters.written_bytes = 40;
  stage.counters.phase = Phase::copying;
  stage.console.wait_for("'file'  copy  40 % ");
  stage.counters.verified_bytes = 30;
  stage.counters.phase = Phase::verifying;
  stage.console.wait_for("'file'  verify  30 % ");
}

TEST_CASE("the end of a file and the end of the progress erase the line") {
  Stage stage;
  stage.counters.phase = Phase::copying;
  stage.counters.total_bytes = 100;
  {
    Progress progress{stage.setup};
    stage.console.wait_for("copy");
    stage.counters.phase = Phase::idle;
    progress.hear(TransferFinished{});
    CHECK(stage.console.text().ends_with(kErased));
    stage.counters.phase = Phase::syncing;
    stage.console.wait_for("sync");
  }
  CHECK(stage.console.text().ends_with(kErased));
}

TEST_CASE("the end of one file of a tree does not touch the line") {
  Stage stage;
  stage.tree.found_files = 7;
  Progress progress{stage.setup};
  stage.console.wait_for("of 7 files");
  FileSummary summary;
  summary.found = Found::in_tree;
  progress.hear(TransferFinished{summary});
  CHECK_FALSE(stage.console.text().ends_with(kErased));
}

TEST_CASE("a progress that had nothing to show wrote nothing") {
  Stage stage;
  { const Progress progress{stage.setup}; }
  CHECK(stage.console.text().empty());
}

TEST_CASE("a retry is shown until the file has ended, a wait until it is over") {
  Stage stage;
  stage.counters.total_bytes = 100;
  stage.counters.file.set("a");
  Progress progress{stage.setup};
  const Error error{{.code = ErrorCode::io, .operation = "read", .path = "a"}};
  progress.hear(Retrying{.error = error, .next_attempt = 2, .attempts_at_most = 4, .wait = std::chrono::hours{1}});
  stage.counters.phase = Phase::waiting;
  stage.console.wait_for("'a'  retry 1 of 3 in ");
  progress.hear(Waiting{.error = error, .until = "it is back"});
  stage.console.wait_for("'a'  waiting until it is back");
  TransferStarted again;
  again.attempt = 2;
  progress.hear(again);
  stage.counters.phase = Phase::copying;
  stage.console.wait_for("'a'  copy, retry 1 of 3");
  progress.hear(TransferFinished{});
  progress.hear(TransferStarted{});
  stage.console.wait_for("'a'  copy  ");
}

TEST_CASE("who waits for another rcopy is not said to check anything") {
  Stage stage;
  stage.counters.file.set("a");
  Progress progress{stage.setup};
  progress.hear(Waiting{.error = Error{{.code = ErrorCode::busy, .operation = "copy to", .path = "a"}}, .until = "it has finished"});
  stage.counters.phase = Phase::checking;
  stage.console.wait_for("'a'  waiting until the other rcopy has finished");
}

TEST_CASE("asked for, a finished line says how far it is, whatever is shown else") {
  Stage stage;
  stage.counters.total_bytes = 100;
  stage.counters.written_bytes = 40;
  stage.counters.file.set("a");
  stage.setup.settings.show = Show::nothing;
  const Progress progress{stage.setup};
  stage.asked = true;
  stage.console.wait_for("rcopy: no file is being copied at the moment\n");
  stage.counters.phase = Phase::copying;
  stage.asked = true;
  stage.console.wait_for("rcopy: 'a'  copy  40 %  ");
  CHECK_FALSE(stage.asked);
  CHECK(stage.console.text().find('\r') == std::string::npos);
}

TEST_CASE("for a log there are finished lines and nothing else") {
  Stage stage;
  stage.counters.phase = Phase::copying;
  stage.counters.total_bytes = 100;
  stage.counters.written_bytes = 40;
  stage.counters.file.set("a");
  stage.setup.settings.show = Show::lines;
  const Progress progress{stage.setup};
  stage.console.wait_for("rcopy: 'a'  copy  40 %  ");
  stage.counters.written_bytes = 50;
  stage.console.wait_for("rcopy: 'a'  copy  50 %  ");
  CHECK(stage.console.text().find_first_of("\r\x1b") == std::string::npos);
}
