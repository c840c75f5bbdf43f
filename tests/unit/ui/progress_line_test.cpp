// SPDX-License-Identifier: MIT
//
// The progress line is true in every phase and fits in every width.
#include "ui/progress_line.hpp"
#include "base/utf8.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

using namespace rcopy;
using namespace rcopy::ui;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::array kPhases{Phase::idle,      Phase::checking,   Phase::copying, Phase::syncing,
                             Phase::verifying, Phase::publishing, Phase::waiting};

ProgressView example() {
  return {
      .name = "big.iso",
      .progress = {.phase = Phase::copying, .done_bytes = 350 * kMiB, .total_bytes = 1000 * kMiB},
      .rate = {.bytes = 400 * kMiB, .elapsed = 4s},
      .verify = Verify::medium};
}

constexpr std::size_t kUnprintable = 1'000'000;

/// As a terminal in a UTF-8 locale counts them; the widest character of the tests has two.
std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const auto next = base::first_character(text);
    if (next.length_bytes == 0 || !base::is_printable(next.code_point)) return kUnprintable;
    count += next.code_point >= 0x1100 ? 2 : 1;
    text.remove_prefix(next.length_bytes);
  }
  return count;
}

std::string at_width(const ProgressView& view, unsigned width) {
  return progress_line(view, {.width = width, .charset = Charset::utf8});
}

}  // namespace

TEST_CASE("the progress line shows name, phase, bytes, percentage, rate and time left") {
  CHECK(at_width(example(), 100) ==
        "'big.iso'  copy  350.0 MiB of 1000.0 MiB  35 %  100 MiB/s  0:07 left, then verify");
}

TEST_CASE("each phase shows its own progress under its own name") {
  Counters counters;
  counters.total_bytes = 100;
  counters.written_bytes = 90;
  counters.durable_bytes = 80;
  counters.verified_bytes = 70;
  counters.checked_bytes = 60;
  const auto line = [&](Phase phase) {
    counters.phase = phase;
    return progress_line({.name = {}, .progress = sample(counters), .rate = {}}, {});
  };
  CHECK(line(Phase::idle).empty());
  CHECK(line(Phase::checking) == "check  60 B");
  CHECK(line(Phase::copying) == "copy  90 B of 100 B  90 %, then verify");
  CHECK(line(Phase::syncing) == "sync  80 B of 100 B  80 %, then verify");
  CHECK(line(Phase::verifying) == "verify  70 B of 100 B  70 %");
  CHECK(line(Phase::publishing) == "finishing");
  CHECK(line(Phase::waiting) == "waiting to try again");
}

TEST_CASE("without verification none is announced") {
  ProgressView view = example();
  view.verify = Verify::none;
  CHECK(at_width(view, 100) ==
        "'big.iso'  copy  350.0 MiB of 1000.0 MiB  35 %  100 MiB/s  0:07 left");
}

TEST_CASE("a resumed copy begins where it was resumed, whichever counter is seen first") {
  Counters counters;
  counters.phase = Phase::copying;
  counters.total_bytes = 100;
  counters.resumed_bytes = 40;
  CHECK(sample(counters).done_bytes == 40);
  counters.written_bytes = 50;
  CHECK(sample(counters).done_bytes == 50);
}

TEST_CASE("more done than there is to do is never shown") {
  Counters counters;
  counters.phase = Phase::verifying;
  counters.total_bytes = 100;
  counters.verified_bytes = 200;
  CHECK(sample(counters).done_bytes == 100);
}

TEST_CASE("no progress line ever says 100 %") {
  for (const Phase phase : kPhases) {
    for (const std::uint64_t total : {std::uint64_t{1}, 1000 * kMiB, UINT64_MAX}) {
      ProgressView view = example();
      view.progress = {.phase = phase, .done_bytes = total, .total_bytes = total};
      CAPTURE(static_cast<int>(phase), total);
      CHECK(at_width(view, 200).find("100 %") == std::string::npos);
    }
  }
}

TEST_CASE("a stall shows as no speed and promises no time") {
  ProgressView view = example();
  view.rate = {.bytes = 0, .elapsed = 4s};
  CHECK(at_width(view, 100) ==
        "'big.iso'  copy  350.0 MiB of 1000.0 MiB  35 %  0 B/s, then verify");
}

TEST_CASE("a time left that says nothing is not shown") {
  ProgressView view = example();
  view.rate = {.bytes = 1, .elapsed = 4s};
  CHECK(at_width(view, 100).find("left") == std::string::npos);
}

TEST_CASE("long times left have hours") {
  ProgressView view = example();
  view.rate = {.bytes = 100 * 1024, .elapsed = 1s};
  CHECK(at_width(view, 100).find("1:50:56 left") != std::string::npos);
}

TEST_CASE("no progress line is wider than the terminal") {
  ProgressView view = example();
  for (const char* name :
       {"", "x", "a-rather-long-name-with-a-suffix.tar.gz", "日本語のとても長い名前です.iso",
        "line\nfeed\x1b[2J\xff\xfe", "ünïcödé ünïcödé ünïcödé ünïcödé"}) {
    for (const Phase phase : kPhases) {
      for (unsigned width = 0; width <= 160; ++width) {
        view.name = name;
        view.progress.phase = phase;
        CAPTURE(name, static_cast<int>(phase), width);
        const std::string line = at_width(view, width);
        REQUIRE(columns(line) <= width);
      }
    }
  }
}

TEST_CASE("where it is narrow the name goes first and the percentage last") {
  ProgressView view = example();
  view.name = "a-rather-long-name-with-a-suffix.tar.gz";
  CHECK(
      at_width(view, 90) ==
      "'a-rather-long-…'  copy  350.0 MiB of 1000.0 MiB  35 %  100 MiB/s  0:07 left, then verify");
  CHECK(at_width(view, 72) ==
        "copy  350.0 MiB of 1000.0 MiB  35 %  100 MiB/s  0:07 left, then verify");
  CHECK(at_width(view, 60) == "copy  350.0 MiB of 1000.0 MiB  35 %  100 MiB/s  0:07 left");
  CHECK(at_width(view, 48) == "copy  350.0 MiB of 1000.0 MiB  35 %  0:07 left");
  CHECK(at_width(view, 40) == "copy  350.0 MiB of 1000.0 MiB  35 %");
  CHECK(at_width(view, 12) == "copy  35 %");
  CHECK(at_width(view, 5) == "35 %");
  CHECK(at_width(view, 3).empty());
}

TEST_CASE("where the locale is not UTF-8 the line is ASCII") {
  ProgressView view = example();
  for (const char* name : {"grün.iso", "日本", "ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé"}) {
    view.name = name;
    for (unsigned width = 0; width <= 120; ++width) {
      const std::string line = progress_line(view, {.width = width, .charset = Charset::ascii});
      CAPTURE(line);
      REQUIRE(std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
      REQUIRE(line.size() <= width);
    }
  }
}

TEST_CASE("the files of a tree come first, then the one that a transfer works on") {
  ProgressView view = example();
  view.tree = {.found_files = 5310, .done_files = 1204, .done_bytes = std::uint64_t{310} << 20U};
  const std::string line = at_width(view, 120);
  CHECK(line.starts_with("1204 of 5310 files  310.0 MiB  'big.iso'"));
  CHECK(at_width(view, 20) == "1204 of 5310 files");
  CHECK(at_width(view, 10).empty());
  view.progress.phase = Phase::idle;
  CHECK(at_width(view, 120) == "1204 of 5310 files  310.0 MiB");
}
