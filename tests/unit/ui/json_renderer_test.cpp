// SPDX-License-Identifier: MIT
//
// What programs read of each event. json_test.sh looks at the whole of a run.
#include "ui/json_renderer.hpp"
#include "support/catch.hpp"
#include "ui/json_line.hpp"
#include "ui/reporter.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <string>
#include <vector>

using namespace rcopy;
using namespace rcopy::ui;
using namespace std::chrono_literals;

namespace {

/// A renderer and what it printed.
class Told {
 public:
  JsonRenderer& renderer() { return renderer_; }

  /// The objects since the last call, without their time.
  std::vector<Json> take() {
    std::vector<Json> objects;
    for (std::size_t begin = 0; begin < out_.size();) {
      const std::size_t end = out_.find('\n', begin);
      REQUIRE(end != std::string::npos);
      Json one = Json::parse(out_.substr(begin, end - begin));
      CHECK(one.begin().key() == "type");
      CHECK(one["time"].get<std::string>().size() == std::string{"2026-11-26T04:21:02.123Z"}.size());
      one.erase("time");
      objects.push_back(std::move(one));
      begin = end + 1;
    }
    out_.clear();
    CHECK(err_.empty());
    return objects;
  }

  Json of(const Event& event) {
    renderer_.on_event(event);
    const std::vector<Json> objects = take();
    REQUIRE(objects.size() == 1);
    return objects.front();
  }

 private:
  std::string out_;
  std::string err_;
  Screen screen_{{.out = [this](std::string_view text) { out_ += text; },
                  .err = [this](std::string_view text) { err_ += text; }}};
  JsonRenderer renderer_{screen_, [](const TransferFailed&) { return "what to do"; }};
};

Error read_error() {
  return Error{{.code = ErrorCode::io, .operation = "read", .path = "/a", .offset_bytes = 4096, .os_error = EIO}};
}

Json parsed(const char* text) { return Json::parse(text); }

}  // namespace

TEST_CASE("a transfer begins, or is resumed") {
  Told told;
  TransferStarted started{.source = "a", .destination = "/b", .total_bytes = 10, .plan = "why"};
  CHECK(told.of(started) == parsed(R"({"type":"begun","source":"a","destination":"/b","total_bytes":10,
      "resume_offset_bytes":0,"attempt":1,"plan":"why"})"));
  started.resume_offset_bytes = 4;
  CHECK(told.of(started)["type"] == "resumed");
}

TEST_CASE("a finished file says all that is known") {
  Told told;
  FileSummary file{.source = "a\xff",
                   .destination = "/b",
                   .total_bytes = UINT64_MAX,
                   .resumed_bytes = 1,
                   .same_bytes = 2,
                   .file_hash = "0f",
                   .verified = Verify::medium,
                   .attempts = 2,
                   .elapsed = 1234567us};
  CHECK(told.of(TransferFinished{file}) ==
        parsed(R"({"type":"file","source":"a\ufffd","source_base64":"Yf8=","destination":"/b","item":"file",
      "outcome":"copied","method":"copied","total_bytes":18446744073709551615,"resumed_bytes":1,"same_bytes":2,
      "xxh128":"0f","verified":"medium","attempts":2,"elapsed_seconds":1.235})"));
  file = {.source = "a", .destination = "b", .item = Item::symlink, .outcome = Outcome::kept, .reason = "it is newer"};
  const Json kept = told.of(TransferFinished{file});
  CHECK_FALSE(kept.contains("xxh128"));
  CHECK(kept["reason"] == "it is newer");
  CHECK(kept["item"] == "symlink");
  CHECK(kept["outcome"] == "kept");
  CHECK(kept["verified"] == "none");
}

TEST_CASE("an error has its parts, and the line for people") {
  Told told;
  const TransferFailed failed{
      .error = read_error(), .source = "a", .destination = "b", .kept_bytes = 4096, .total_bytes = 8192};
  CHECK(told.of(failed) == parsed(R"({"type":"error","code":"io","message":"what to do","operation":"read","path":"/a",
      "offset_bytes":4096,"errno":5,"source":"a","destination":"b","kept_bytes":4096,"total_bytes":8192})"));
  const Json bare =
      told.of(TransferFailed{.error = Error{{.code = ErrorCode::usage, .operation = {}}}, .source = {}, .destination = {}});
  CHECK(bare == parsed(R"({"type":"error","code":"usage","message":"what to do","kept_bytes":0,"total_bytes":0})"));
}

TEST_CASE("retries and waits say why, and how long") {
  Told told;
  CHECK(told.of(Retrying{.error = read_error(), .next_attempt = 2, .attempts_at_most = 4, .wait = 1500ms}) ==
        parsed(R"({"type":"retry","code":"io","message":"cannot read '/a' at byte 4096: Input/output error",
      "operation":"read","path":"/a","offset_bytes":4096,"errno":5,"next_attempt":2,"attempts_at_most":4,
      "wait_seconds":1.5})"));
  const Json waiting = told.of(Waiting{.error = read_error(), .until = "it is back", .at_most = 60s});
  CHECK(waiting["until"] == "it is back");
  CHECK(waiting["at_most_seconds"] == 60);
  CHECK_FALSE(told.of(Waiting{.error = read_error(), .until = "", .at_most = kForever}).contains("at_most_seconds"));
}

TEST_CASE("of a file that was not copied there is no method, and no time where none was taken") {
  Told told;
  for (const Outcome outcome : {Outcome::up_to_date, Outcome::kept, Outcome::planned}) {
    const Json file = told.of(TransferFinished{{.source = "a", .destination = "b", .outcome = outcome}});
    CHECK_FALSE(file.contains("method"));
    CHECK_FALSE(file.contains("elapsed_seconds"));
  }
  const Json small = told.of(TransferFinished{{.source = "a", .destination = "b", .outcome = Outcome::copied}});
  CHECK(small["method"] == "copied");
  CHECK_FALSE(small.contains("elapsed_seconds"));
}

TEST_CASE("warnings and notices are told apart") {
  Told told;
  CHECK(told.of(Warning{.path = "j", .text = "t"}) == parsed(R"({"type":"warning","path":"j","message":"t"})"));
  CHECK(told.of(Notice{.path = {}, .text = "t"}) == parsed(R"({"type":"notice","message":"t"})"));
}

TEST_CASE("progress is told where something moved, and only then") {
  Told told;
  Reporter observer;
  told.renderer().tell_progress(observer);
  CHECK(told.take().empty());

  told.renderer().on_event(TransferStarted{.source = "a", .destination = "b", .total_bytes = 10, .plan = {}});
  (void)told.take();
  observer.counters.total_bytes = 10;
  observer.counters.written_bytes = 4;
  observer.counters.phase = Phase::copying;
  told.renderer().tell_progress(observer);
  const auto first = told.take();
  REQUIRE(first.size() == 1);
  CHECK(first.front() == parsed(R"({"type":"progress","source":"a","phase":"copying","done_bytes":4,"total_bytes":10})"));
  told.renderer().tell_progress(observer);
  CHECK(told.take().empty());

  observer.counters.written_bytes = 6;
  told.renderer().tell_progress(observer);
  const auto second = told.take();
  REQUIRE(second.size() == 1);
  CHECK(second.front()["done_bytes"] == 6);
}

TEST_CASE("of a file that has ended no progress is told") {
  Told told;
  Reporter observer;
  observer.counters.total_bytes = 10;
  observer.counters.phase = Phase::publishing;
  told.renderer().on_event(TransferStarted{.source = "a", .destination = "b", .plan = {}});
  told.renderer().tell_progress(observer);
  told.renderer().on_event(TransferFailed{.error = read_error(), .source = "a", .destination = "b"});
  CHECK(told.take().size() == 3);
  told.renderer().tell_progress(observer);
  CHECK(told.take().empty());
}

TEST_CASE("the progress of trees is that of their files") {
  Told told;
  Reporter observer;
  observer.tree.found_files = 3;
  observer.tree.done_files = 2;
  observer.tree.done_bytes = 100;
  told.renderer().tell_progress(observer);
  const auto objects = told.take();
  REQUIRE(objects.size() == 1);
  CHECK(objects.front() == parsed(R"({"type":"progress","found_files":3,"done_files":2,"done_files_bytes":100})"));
}

TEST_CASE("a run begins with what it is to do, and ends with what it did") {
  Told told;
  const Job job{.sources = {"a", "\xff"}, .destination = "d"};
  const Options options{.verify = Verify::cache, .execution = Execution::dry};
  told.renderer().begin({{}, job, options});
  Json start = told.take().at(0);
  CHECK(start["sources"] == parsed(R"([{"source":"a"},{"source":"\ufffd","source_base64":"/w=="}])"));
  CHECK(start["destination"] == "d");
  CHECK(start["verify"] == "cache");
  CHECK(start["dry_run"] == true);

  RunEnd end{.elapsed = 90s, .exit_code = 143, .signal_name = "SIGTERM"};
  end.summary.lost_attributes = true;
  end.summary.times.copying = 2s;
  end.statistics.failed = 2;
  told.renderer().finish(end);
  Json summary = told.take().at(0);
  CHECK(summary["exit_code"] == 143);
  CHECK(summary["signal"] == "SIGTERM");
  CHECK(summary["elapsed_seconds"] == 90);
  CHECK(summary["failed_files"] == 2);
  CHECK(summary["attributes_lost"] == true);
  CHECK(summary["copying_seconds"] == 2);
}
