// SPDX-License-Identifier: MIT
//
// The thread behind the progress line: draws while something goes on, and leaves nothing behind.
#include "ui/progress.hpp"
#include "support/catch.hpp"

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
  Progress::Setup setup{screen, counters, tree, Terminal{-1}, Charset::utf8, Verify::medium};
};

}  // namespace

TEST_CASE("the progress line follows the counters through the phases") {
  Stage stage;
  stage.counters.total_bytes = 100;
  Progress progress{stage.setup};
  progress.begin("/some/where/file");
  stage.counters.written_bytes = 40;
  stage.counters.phase = Phase::copying;
  stage.console.wait_for("'file'  copy  40 B of 100 B  40 %");
  stage.counters.verified_bytes = 30;
  stage.counters.phase = Phase::verifying;
  stage.console.wait_for("'file'  verify  30 B of 100 B  30 %");
}

TEST_CASE("the end of a file and the end of the progress erase the line") {
  Stage stage;
  stage.counters.phase = Phase::copying;
  stage.counters.total_bytes = 100;
  {
    Progress progress{stage.setup};
    stage.console.wait_for("copy");
    stage.counters.phase = Phase::idle;
    progress.end();
    const std::string text = stage.console.text();
    CHECK(text.substr(text.size() - 4) == "\r\x1b[K");
    stage.counters.phase = Phase::syncing;
    stage.console.wait_for("sync");
  }
  const std::string text = stage.console.text();
  CHECK(text.substr(text.size() - 4) == "\r\x1b[K");
}

TEST_CASE("a progress that had nothing to show wrote nothing") {
  Stage stage;
  { const Progress progress{stage.setup}; }
  CHECK(stage.console.text().empty());
}
