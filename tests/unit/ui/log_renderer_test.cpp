// SPDX-License-Identifier: MIT
//
// What a log has of each event, and what becomes of it when the disk is full. log_test.sh looks at whole runs.
#include "ui/log_renderer.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "ui/text_renderer.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace rcopy;
using namespace rcopy::ui;
using namespace std::chrono_literals;

namespace {

/// A log, and what is in it.
class Log {
 public:
  [[nodiscard]] std::filesystem::path path() const { return directory_ / "log"; }

  /// The lines, without time and process.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::ifstream file{path()};
    std::vector<std::string> lines;
    const std::string process = " [" + std::to_string(::getpid()) + "] ";
    for (std::string line; std::getline(file, line);) {
      const std::size_t time = std::string{"2026-11-26T04:21:02.123Z"}.size();
      REQUIRE(line.size() > time + process.size());
      CHECK(line.substr(time, process.size()) == process);
      lines.push_back(line.substr(time + process.size()));
    }
    return lines;
  }

 private:
  test::TempDir directory_;
};

Error read_error() { return Error{{.code = ErrorCode::io, .operation = "read", .path = "/a", .os_error = EIO}}; }

std::string failed(const TransferFailed&) { return "what to do"; }

}  // namespace

TEST_CASE("each event is one line of its kind") {
  const Log file;
  LogRenderer log{file.path(), failed};
  const TransferStarted started{.source = "a", .destination = "b", .plan = "why"};
  const Retrying retrying{.error = read_error(), .wait = 1s};
  const Waiting waiting{.error = read_error(), .until = "it is back", .at_most = 1s};
  const FileSummary copied{.source = "a", .destination = "b", .file_hash = "0f"};
  const std::vector<Event> events{started,
                                  retrying,
                                  waiting,
                                  Warning{.path = "p\n", .text = "w\x1b\n\x7f"},
                                  Notice{.path = {}, .text = "n"},
                                  TransferFinished{copied},
                                  TransferFailed{.error = read_error(), .source = "a", .destination = "b"}};
  for (const Event& event : events) log.on_event(event);
  const std::vector<std::string> expected{"plan: " + plan_line(started),
                                          "retry: " + retry_line(retrying),
                                          "waiting: " + waiting_line(waiting),
                                          "warning: $'p\\n': w\\033\\012\\177",
                                          "notice: n",
                                          "file: " + end_line(copied),
                                          "error: what to do"};
  CHECK(file.lines() == expected);
  CHECK_FALSE(log.failure());
}

TEST_CASE("a run begins with its command and ends with its exit code") {
  const Log file;
  LogRenderer log{file.path(), failed};
  const Job job;
  const Options options;
  log.begin({{"-v", "a b\n"}, job, options});
  log.finish({.elapsed = 1s, .exit_code = 130, .signal_name = "SIGINT"});
  const auto lines = file.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("start: rcopy "));
  CHECK(lines[0].ends_with(": rcopy '-v' $'a b\\n'"));
  CHECK(lines[1] == "end: 0 files copied, exit code 130 (SIGINT)");
}

TEST_CASE("a log is continued") {
  const Log file;
  for (const char* text : {"one", "two"}) {
    LogRenderer log{file.path(), failed};
    log.on_event(Notice{.path = {}, .text = text});
  }
  CHECK(file.lines() == std::vector<std::string>{"notice: one", "notice: two"});
}

TEST_CASE("a log that cannot be opened is refused") {
  const Log file;
  try {
    const LogFile log{file.path() / "not" / "there"};
    FAIL("it was opened");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::usage);
    CHECK(std::string{error.what()}.find("cannot open the log '") == 0);
  }
}

TEST_CASE("what a full disk does not take is remembered once, and stops nobody") {
  LogFile file{"/dev/full"};
  CHECK_FALSE(file.failure());
  file.append("one");
  REQUIRE(file.failure());
  CHECK(file.failure()->info().os_error == ENOSPC);
  CHECK(file.failure()->info().path == "/dev/full");
  file.append("two");
  file.close();
  CHECK(std::string{file.failure()->what()} == "cannot write the log '/dev/full': No space left on device");
}
