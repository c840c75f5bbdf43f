// SPDX-License-Identifier: MIT
//
// Each event at each verbosity, and the end lines.
#include "ui/text_renderer.hpp"
#include "support/catch.hpp"

#include <cerrno>
#include <string>

using namespace rcopy;
using namespace rcopy::ui;
using namespace std::chrono_literals;

namespace {

struct Told {
  std::string out;
  std::string err;
};

Error read_error() {
  return Error{{.code = ErrorCode::io,
                .operation = "read",
                .path = "/a/b",
                .offset_bytes = 4096,
                .os_error = EIO}};
}

Tally tally(const std::vector<FileSummary>& files) {
  Tally sum;
  for (const FileSummary& file : files) sum.add(file);
  return sum;
}

FileSummary copied() {
  return {.source = "big.iso",
          .destination = "/mnt/stick/big.iso",
          .outcome = Outcome::copied,
          .total_bytes = std::uint64_t{3} << 30,
          .resumed_bytes = 0,
          .file_hash = "00112233445566778899aabbccddeeff",
          .verified = Verify::medium,
          .attempts = 1,
          .elapsed = 12s};
}

Told tell(const Event& event, TextSettings settings) {
  Told told;
  Screen screen{{.out = [&](std::string_view text) { told.out += text; },
                 .err = [&](std::string_view text) { told.err += text; }}};
  TextRenderer renderer{screen, settings, [](const TransferFailed&) { return "FAILED"; }};
  renderer.on_event(event);
  return told;
}

const TextSettings kQuiet{.verbosity = Verbosity::quiet, .end_lines = false};
const TextSettings kNormal{.verbosity = Verbosity::normal, .end_lines = true};
const TextSettings kUnwatched{.verbosity = Verbosity::normal, .end_lines = false};
const TextSettings kVerbose{.verbosity = Verbosity::verbose, .end_lines = true};

}  // namespace

TEST_CASE("the plan is told to those who ask") {
  const TransferStarted started{
      .source = "a", .destination = "b", .plan = "fresh copy: no journal"};
  CHECK(tell(started, kVerbose).err == "rcopy: 'a' -> 'b': fresh copy: no journal\n");
  CHECK(tell(started, kNormal).err.empty());
  CHECK(tell(started, kQuiet).err.empty());
}

TEST_CASE("notices are told to those who ask") {
  const Notice notice{.path = "a", .text = "direct I/O refused"};
  CHECK(tell(notice, kVerbose).err == "rcopy: 'a': direct I/O refused\n");
  CHECK(tell(notice, kNormal).err.empty());
  CHECK(tell(Notice{.path = {}, .text = "x"}, kVerbose).err == "rcopy: x\n");
  CHECK(tell(Notice{.path = {}, .text = "x"}, kNormal).err == "rcopy: x\n");
  CHECK(tell(Notice{.path = {}, .text = "x"}, kUnwatched).err.empty());
  CHECK(tell(Notice{.path = {}, .text = "x"}, kQuiet).err.empty());
}

TEST_CASE("warnings are told unless it is to be quiet") {
  const Warning warning{.path = "j\n.db", .text = "moved aside"};
  CHECK(tell(warning, kUnwatched).err == "rcopy: warning: $'j\\n.db': moved aside\n");
  CHECK(tell(warning, kQuiet).err.empty());
}

TEST_CASE("a retry says what failed, when it goes on and how often") {
  Retrying retrying{
      .error = read_error(), .next_attempt = 2, .attempts_at_most = 4, .wait = 1500ms};
  CHECK(tell(retrying, kUnwatched).err ==
        "rcopy: cannot read '/a/b' at byte 4096: Input/output error; trying again in 1.5 s "
        "(retry 1 of 3)\n");
  CHECK(tell(retrying, kQuiet).err.empty());
  retrying.wait = 0ms;
  CHECK(tell(retrying, kNormal).err.find("trying again now (retry 1 of 3)") != std::string::npos);
}

TEST_CASE("a failure is told however quiet it is to be") {
  const TransferFailed failed{.error = read_error(), .source = "a", .destination = "b"};
  for (const auto& settings : {kQuiet, kNormal, kUnwatched, kVerbose}) {
    const Told told = tell(failed, settings);
    CHECK(told.err == "rcopy: FAILED\n");
    CHECK(told.out.empty());
  }
}

TEST_CASE("the end line goes to standard output, and only where it is wanted") {
  CHECK(tell(TransferFinished{copied()}, kNormal).out == end_line(copied()) + "\n");
  CHECK(tell(TransferFinished{copied()}, kNormal).err.empty());
  CHECK(tell(TransferFinished{copied()}, kUnwatched).out.empty());
  CHECK(tell(TransferFinished{copied()}, kQuiet).out.empty());
}

TEST_CASE("the end line says size, time, rate, hash and how it was verified") {
  CHECK(end_line(copied()) ==
        "'big.iso' -> '/mnt/stick/big.iso': 3.0 GiB in 12.0 s (256 MiB/s), xxh128 "
        "00112233445566778899aabbccddeeff, verified from the medium");
}

TEST_CASE("the end line of a resumed copy says where, and its rate counts what was moved") {
  FileSummary summary = copied();
  summary.resumed_bytes = std::uint64_t{1} << 30;
  summary.verified = Verify::cache;
  summary.attempts = 3;
  CHECK(end_line(summary) ==
        "'big.iso' -> '/mnt/stick/big.iso': 3.0 GiB in 12.0 s (171 MiB/s), resumed at 1.0 GiB, "
        "xxh128 00112233445566778899aabbccddeeff, verified from the page cache, 3 attempts");
}

TEST_CASE("what was copied together with others has no time of its own") {
  FileSummary summary = copied();
  summary.elapsed = 0s;
  CHECK(end_line(summary) ==
        "'big.iso' -> '/mnt/stick/big.iso': 3.0 GiB, xxh128 00112233445566778899aabbccddeeff, verified from the medium");
  summary.method = Method::cloned;
  CHECK_THAT(end_line(summary), Catch::Matchers::ContainsSubstring(": 3.0 GiB cloned, "));
  summary.outcome = Outcome::finished;
  CHECK_THAT(end_line(summary), Catch::Matchers::ContainsSubstring(": 3.0 GiB finished, all bytes were there, "));
}

TEST_CASE("a clone is called so, and has no rate") {
  FileSummary summary = copied();
  summary.method = Method::cloned;
  summary.elapsed = 20ms;
  CHECK(end_line(summary) ==
        "'big.iso' -> '/mnt/stick/big.iso': 3.0 GiB cloned in 0.02 s, xxh128 "
        "00112233445566778899aabbccddeeff, verified from the medium");
  summary.file_hash.clear();
  summary.verified = Verify::none;
  CHECK(end_line(summary) == "'big.iso' -> '/mnt/stick/big.iso': 3.0 GiB cloned in 0.02 s, not verified");
  CHECK(total_line({.done = tally({summary, summary}), .failed = {}}, 1s) == "2 files copied, 6.0 GiB in 1.00 s");
  CHECK(total_line({.done = tally({copied(), summary}), .failed = {}}, 12s) ==
        "2 files copied, 6.0 GiB in 12.0 s (256 MiB/s)");
}

TEST_CASE("what was not verified is called so") {
  FileSummary summary = copied();
  summary.verified = Verify::none;
  CHECK(end_line(summary).find(", not verified") != std::string::npos);
}

TEST_CASE("bytes that were there already have no rate") {
  FileSummary summary = copied();
  summary.outcome = Outcome::finished;
  summary.resumed_bytes = summary.total_bytes;
  CHECK(end_line(summary) ==
        "'big.iso' -> '/mnt/stick/big.iso': 3.0 GiB finished in 12.0 s, all bytes were there, "
        "xxh128 00112233445566778899aabbccddeeff, verified from the medium");
}

TEST_CASE("up to date says how that is known") {
  FileSummary summary = copied();
  summary.outcome = Outcome::up_to_date;
  CHECK(end_line(summary) ==
        "'/mnt/stick/big.iso' is up to date (xxh128 00112233445566778899aabbccddeeff, verified "
        "earlier)");
  summary.verified = Verify::none;
  CHECK(end_line(summary) ==
        "'/mnt/stick/big.iso' is up to date (xxh128 00112233445566778899aabbccddeeff)");
}

TEST_CASE("several files end with a total, one does not") {
  std::string out;
  Screen screen{
      {.out = [&](std::string_view text) { out += text; }, .err = [](std::string_view) {}}};
  TextRenderer renderer{screen, kNormal, [](const TransferFailed&) { return ""; }};
  JobSummary summary{.done = tally({copied()}), .failed = {}};
  renderer.finish({.summary = summary, .elapsed = 1s});
  CHECK(out.empty());

  FileSummary same = copied();
  same.outcome = Outcome::up_to_date;
  summary.done.add(same);
  summary.failed.push_back(read_error());
  renderer.finish({.summary = summary, .elapsed = 24s});
  CHECK(out == "1 file copied, 3.0 GiB in 24.0 s (128 MiB/s), 1 up to date, 1 failed\n");
}

TEST_CASE("a stop is not counted as a failure") {
  const Error stop{{.code = ErrorCode::interrupted, .operation = "copy", .path = "b"}};
  CHECK(total_line({.done = tally({copied(), copied()}), .failed = {stop}}, 12s) ==
        "2 files copied, 6.0 GiB in 12.0 s (512 MiB/s), then stopped");
  CHECK(total_line({.done = tally({}), .failed = {read_error(), stop}}, 12s) ==
        "0 files copied, 1 failed, then stopped");
}

TEST_CASE("a stop is told once, and each failure") {
  std::string err;
  Screen screen{
      {.out = [](std::string_view) {}, .err = [&](std::string_view text) { err += text; }}};
  TextRenderer renderer{screen, kNormal, [](const TransferFailed&) { return "FAILED"; }};
  const TransferFailed failed{.error = read_error(), .source = "a", .destination = "b"};
  const TransferFailed stopped{.error = Error{{.code = ErrorCode::interrupted, .operation = "copy"}}, .source = "a", .destination = "b"};
  renderer.on_event(failed);
  renderer.on_event(failed);
  CHECK(err == "rcopy: FAILED\nrcopy: FAILED\n");
  renderer.on_event(stopped);
  renderer.on_event(stopped);
  CHECK(err == "rcopy: FAILED\nrcopy: FAILED\nrcopy: FAILED\n");
}

TEST_CASE("at the end of trees the failures are listed, but for what is no file") {
  std::string err;
  Screen screen{
      {.out = [](std::string_view) {}, .err = [&](std::string_view text) { err += text; }}};
  TextRenderer renderer{screen, kQuiet, [](const TransferFailed&) { return "FAILED"; }};
  renderer.on_event(TransferFailed{.error = read_error(), .source = "a", .destination = "b"});
  renderer.on_event(TransferFailed{.error = read_error(), .source = {}, .destination = "c"});
  renderer.on_event(TransferFailed{.error = read_error(), .source = {}, .destination = {}});
  err.clear();
  renderer.finish({});
  CHECK(err.empty());
  renderer.finish({.trees = true});
  CHECK(err == "rcopy: 2 files were not copied:\n  'a'\n  'c'\n");
}

TEST_CASE("the figures are told to those who ask, however quiet it is to be") {
  std::string out;
  Screen screen{
      {.out = [&](std::string_view text) { out += text; }, .err = [](std::string_view) {}}};
  TextRenderer silent{screen, kQuiet, {}};
  silent.finish({});
  CHECK(out.empty());
  TextRenderer asked{screen, {.verbosity = Verbosity::quiet, .end_lines = false, .statistics = true}, {}};
  asked.finish({.elapsed = 2s});
  CHECK(out == statistics_text({}, {}, 2s) + "\n");
}

TEST_CASE("what a repair found to be right already is told") {
  FileSummary repaired = copied();
  repaired.same_bytes = std::uint64_t{2} << 30;
  CHECK(end_line(repaired).find(", 2.0 GiB were there already, xxh128 ") != std::string::npos);
  CHECK(end_line(copied()).find("already") == std::string::npos);
}

TEST_CASE("a file of a tree has a line only where all are asked for") {
  FileSummary file = copied();
  file.found = Found::in_tree;
  CHECK(tell(TransferFinished{file}, kNormal).out.empty());
  CHECK(tell(TransferFinished{file}, kVerbose).out == end_line(file) + "\n");
}

TEST_CASE("what would be copied is told with its reason, and counted as that") {
  FileSummary file = copied();
  file.outcome = Outcome::planned;
  file.reason = "it is new";
  CHECK(end_line(file) == "'big.iso' -> '/mnt/stick/big.iso': would be copied, it is new");
  CHECK(total_line({.done = tally({file, file}), .failed = {}}, 1s) == "2 files would be copied, 6.0 GiB");
}
