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

Speed steady(std::uint64_t bytes_per_second) {
  return {.rate = {.amount = 4 * bytes_per_second, .elapsed = 4s},
          .average = {.amount = 30 * bytes_per_second, .elapsed = 30s},
          .history = {bytes_per_second, bytes_per_second, bytes_per_second / 2, 0}};
}

ProgressView example() {
  return {.name = "big.iso",
          .progress = {.phase = Phase::copying,
                       .done_bytes = 350 * kMiB,
                       .total_bytes = 1000 * kMiB,
                       .durable_bytes = 300 * kMiB},
          .speed = steady(100 * kMiB),
          .verify = Verify::medium};
}

ProgressView example_tree() {
  return {.tree = {.found_files = 5310,
                   .done_files = 204,
                   .done_bytes = 310 * kMiB,
                   .file = "project/src/engine/attempt.cpp",
                   .speed = steady(412)}};
}

constexpr std::size_t kUnprintable = 1'000'000;

bool is_block(char32_t code_point) { return code_point >= 0x2580 && code_point <= 0x259f; }

/// As a terminal in a UTF-8 locale counts them; the widest character of the tests has two.
std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const auto next = base::first_character(text);
    if (next.length_bytes == 0 || !base::is_printable(next.code_point)) return kUnprintable;
    count += next.code_point >= 0x1100 && !is_block(next.code_point) ? 2U : 1U;
    text.remove_prefix(next.length_bytes);
  }
  return count;
}

std::string at_width(const ProgressView& view, unsigned width) {
  return progress_line(view, {.width = width, .charset = Charset::utf8});
}

std::string ascii(const ProgressView& view, unsigned width = 120) {
  return progress_line(view, {.width = width, .charset = Charset::ascii});
}

/// Where in the line `part` begins, in columns.
std::size_t place_of(std::string_view part, const std::string& line) {
  const std::size_t at = line.find(part);
  return at == std::string::npos ? kUnprintable : columns(line.substr(0, at));
}

}  // namespace

TEST_CASE("the progress line shows name, phase, percentage, bar, bytes, rate, its history and the time left") {
  CHECK(at_width(example(), 110) ==
        "'big.iso'  copy  35 % ███████▒░░░░░░░░░░░░░░░░   350 of 1000 MiB  100 MiB/s     ██▅▁  0:07 left, then verify");
  CHECK(ascii(example(), 110) ==
        "'big.iso'  copy  35 % #######+................   350 of 1000 MiB  100 MiB/s     ##=_  0:07 left, then verify");
}

TEST_CASE("each phase shows its own progress under its own name") {
  Counters counters;
  counters.total_bytes = 100;
  counters.written_bytes = 90;
  counters.durable_bytes = 80;
  counters.verified_bytes = 70;
  counters.to_check_bytes = 64;
  counters.checked_bytes = 32;
  const auto line = [&](Phase phase) {
    counters.phase = phase;
    return ascii({.progress = sample(counters)}, 60);
  };
  CHECK(line(Phase::idle).empty());
  CHECK(line(Phase::checking) == "check  50 % ######.......  32 of 64 B");
  CHECK(line(Phase::copying) == "copy  90 % #########+..   90 of 100 B");
  CHECK(line(Phase::syncing) == "sync  80 % ######++   80 of 100 B  0:00 so far, then verify");
  CHECK(line(Phase::verifying) == "verify  70 % #######...   70 of 100 B");
  CHECK(line(Phase::publishing) == "finishing  0:00 so far");
  CHECK(line(Phase::waiting) == "waiting");
}

TEST_CASE("what is written and waits for the medium is a sync, and its share is what is on the medium") {
  Counters counters;
  counters.phase = Phase::copying;
  counters.total_bytes = 100 * kMiB;
  counters.written_bytes = 100 * kMiB;
  counters.durable_bytes = 36 * kMiB;
  const PhaseProgress progress = sample(counters);
  CHECK(progress.phase == Phase::syncing);
  CHECK(ascii({.name = "a", .progress = progress, .so_far = 75s}, 79) ==
        "'a'  sync  36 % #######+++++++++++++   36 of 100 MiB  1:15 so far, then verify");
}

TEST_CASE("while it copies the bar tells what is on the medium from what is only written") {
  ProgressView view = example();
  view.progress.durable_bytes = 0;
  CHECK(ascii(view).find(" ++++++++........") != std::string::npos);
  view.progress.durable_bytes = 350 * kMiB;
  CHECK(ascii(view).find(" ########........") != std::string::npos);
  view.progress.durable_bytes = 900 * kMiB;  // a moment later than what was seen as written
  CHECK(ascii(view).find(" ########........") != std::string::npos);
}

TEST_CASE("without verification none is announced") {
  ProgressView view = example();
  view.verify = Verify::none;
  CHECK(at_width(view, 110).ends_with("0:07 left"));
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
      view.progress = {.phase = phase, .done_bytes = total, .total_bytes = total, .durable_bytes = total};
      CAPTURE(static_cast<int>(phase), total);
      CHECK(at_width(view, 200).find("100 %") == std::string::npos);
      CHECK(status_line(view, Charset::utf8).find("100 %") == std::string::npos);
    }
  }
}

TEST_CASE("bytes have three figures, in the unit of all of them") {
  const auto bytes = [](std::uint64_t done, std::uint64_t total) {
    ProgressView view = example();
    view.progress = {.phase = Phase::verifying, .done_bytes = done, .total_bytes = total};
    const std::string line = status_line(view, Charset::ascii);
    const std::size_t begin = line.find(" %  ") + 4;
    return line.substr(begin, line.find("  ", begin + 6) - begin);
  };
  CHECK(bytes(7, 900).starts_with("  7 of 900 B"));
  CHECK(bytes(512, 1024).starts_with("0.50 of 1.00 KiB"));
  CHECK(bytes(350 * kMiB, 2100 * kMiB).starts_with("0.34 of 2.05 GiB"));
  CHECK(bytes(5 * 1024 * kMiB, 60 * 1024 * kMiB).starts_with(" 5.0 of 60.0 GiB"));
  CHECK(bytes(kMiB, 100 * kMiB).starts_with("  1 of 100 MiB"));
  CHECK(bytes(0, UINT64_MAX).starts_with(" 0.0 of 16.0 EiB"));
}

TEST_CASE("a stall shows as no speed and a flat end of the graph, and promises no time") {
  ProgressView view = example();
  view.speed.rate.amount = 0;
  view.speed.history = {100, 90, 0, 0, 0, 0, 0, 0};
  CHECK(at_width(view, 110).ends_with("350 of 1000 MiB      0 B/s █▇▁▁▁▁▁▁              then verify"));
  view.speed.history = {0, 0, 0, 0, 0, 0, 0, 0};
  CHECK(at_width(view, 110).find("▁▁▁▁▁▁▁▁") != std::string::npos);
}

TEST_CASE("a time left that says nothing is not shown") {
  ProgressView view = example();
  view.speed.average.amount = 1;
  CHECK(at_width(view, 110).find("left") == std::string::npos);
}

TEST_CASE("the time left is that until all is on the medium, at the average speed") {
  ProgressView view = example();
  view.speed.average = {.amount = 30 * 10 * kMiB, .elapsed = 30s};
  CHECK(at_width(view, 110).find("1:10 left") != std::string::npos);  // 700 MiB that are not durable
  view.progress.phase = Phase::verifying;
  CHECK(at_width(view, 110).find("1:05 left") != std::string::npos);  // 650 MiB that are not read
}

TEST_CASE("long times left have hours and no seconds") {
  ProgressView view = example();
  view.speed.average = {.amount = 100 * 1024, .elapsed = 1s};
  CHECK(at_width(view, 110).find("1h 59m left") != std::string::npos);
}

TEST_CASE("nothing jumps while the figures of a phase change") {
  for (const unsigned width : {39U, 79U, 99U, 119U}) {
    ProgressView view = example();
    const std::string before = ascii(view, width);
    const auto same_place = [&](std::string_view part) {
      return place_of(part, ascii(view, width)) == place_of(part, before);
    };
    for (const std::uint64_t done : {std::uint64_t{0}, 9 * kMiB, 99 * kMiB, 999 * kMiB}) {
      for (const Speed& speed : {Speed{}, steady(0), steady(1), steady(1000), steady(9 * kMiB)}) {
        view.progress.done_bytes = done;
        view.speed = speed;
        CAPTURE(before, ascii(view, width));
        CHECK(same_place(" % "));
        CHECK(same_place(" of 1000 MiB"));
      }
    }
  }
}

TEST_CASE("no progress line is wider than the terminal") {
  for (const char* name :
       {"", "x", "a-rather-long-name-with-a-suffix.tar.gz", "日本語のとても長い名前です.iso",
        "line\nfeed\x1b[2J\xff\xfe", "ünïcödé ünïcödé ünïcödé ünïcödé", "some/where/deep/in/a/tree/of/files"}) {
    for (const Phase phase : kPhases) {
      for (const unsigned retry : {0U, 2U}) {
        for (const std::uint64_t files : {std::uint64_t{0}, std::uint64_t{5310}}) {
          for (unsigned width = 0; width <= 160; ++width) {
            ProgressView view = example();
            view.name = name;
            view.progress.phase = phase;
            view.retry = {.number = retry, .at_most = 3};
            view.until = phase == Phase::waiting && retry == 0 ? "'/mnt/grün' is back" : "";
            view.tree = example_tree().tree;
            view.tree.found_files = files;
            view.tree.file = name;
            CAPTURE(name, static_cast<int>(phase), retry, files, width, at_width(view, width));
            REQUIRE(columns(at_width(view, width)) <= width);
          }
        }
      }
    }
  }
}

TEST_CASE("where it is narrow the name and the history go early and the percentage last") {
  ProgressView view = example();
  view.name = "a-rather-long-name-with-a-suffix.tar.gz";
  CHECK(at_width(view, 99) ==
        "'a-rather-long…'  copy  35 % █▒░░░░   350 of 1000 MiB  100 MiB/s     ██▅▁  0:07 left, then verify");
  CHECK(at_width(view, 79) == "'a-rath…'  copy  35 % █▒░░░░   350 of 1000 MiB  100 MiB/s     ██▅▁  0:07 left");
  CHECK(at_width(view, 59) == "copy  35 % ██░░░░░   350 of 1000 MiB  100 MiB/s  0:07 left");
  CHECK(at_width(view, 39) == "'a-ra…'  copy  35 % █▒░░░░  0:07 left");
  CHECK(at_width(view, 19) == "copy  35 % ██░░░░░░");
  CHECK(at_width(view, 12) == "copy  35 %");
  CHECK(at_width(view, 5) == "35 %");
  CHECK(at_width(view, 3).empty());
}

TEST_CASE("where the locale is not UTF-8 the line is ASCII") {
  for (const char* name : {"grün.iso", "日本", "ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé", "grün/grün/grün"}) {
    for (const Phase phase : kPhases) {
      for (const std::uint64_t files : {std::uint64_t{0}, std::uint64_t{5310}}) {
        for (unsigned width = 0; width <= 120; ++width) {
          ProgressView view = example();
          view.name = name;
          view.progress.phase = phase;
          view.until = "'/mnt/grün' is back";
          view.tree = {.found_files = files, .file = name};
          const std::string line = ascii(view, width);
          CAPTURE(line);
          REQUIRE(std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
          REQUIRE(line.size() <= width);
        }
      }
    }
  }
}

TEST_CASE("a retry is named while it is waited for, and in all phases that follow") {
  ProgressView view = example();
  view.retry = {.number = 2, .at_most = 3};
  CHECK(ascii(view).starts_with("'big.iso'  copy, retry 2 of 3  35 % "));
  CHECK(ascii(view, 20).starts_with("copy  35 % "));
  view.progress = {.phase = Phase::waiting};
  view.pause = 4s;
  CHECK(ascii(view) == "'big.iso'  retry 2 of 3 in 4 s");
  view.pause = 0s;
  CHECK(ascii(view) == "'big.iso'  retry 2 of 3");
}

TEST_CASE("a wait says for what, and for how long already") {
  ProgressView view{.name = "big.iso", .progress = {.phase = Phase::waiting}, .until = "'/mnt/stick' is back", .so_far = 75s};
  CHECK(at_width(view, 79) == "'big.iso'  waiting until '/mnt/stick' is back  1:15 so far");
  CHECK(at_width(view, 30) == "waiting until '/mnt/stick' i…");
}

TEST_CASE("the files of a tree come first, then the one that is worked on") {
  ProgressView view = example_tree();
  CHECK(at_width(view, 99) ==
        " 204 of 5310 files   310.0 MiB   412 files/s     ██▅▁  'project/src/engine/attempt.cpp'");
  CHECK(at_width(view, 79) == " 204 of 5310 files   310.0 MiB   412 files/s     ██▅▁  '…/engine/attempt.cpp'");
  CHECK(at_width(view, 59) == " 204 of 5310 files   310.0 MiB  '…/attempt.cpp'");
  CHECK(at_width(view, 39) == " 204 of 5310 files  '…/attempt.cpp'");
  CHECK(at_width(view, 20) == " 204 of 5310 files");
  CHECK(at_width(view, 10).empty());
  view.tree.file.clear();
  CHECK(at_width(view, 60) == " 204 of 5310 files   310.0 MiB   412 files/s     ██▅▁");
}

TEST_CASE("a large file of a tree shows its own progress behind the files") {
  ProgressView view = example();
  view.tree = example_tree().tree;
  CHECK(at_width(view, 119) == " 204 of 5310 files   310.0 MiB  'big.iso'  copy  35 % ████▒░░░░░░░░░░  "
                               " 350 of 1000 MiB  100 MiB/s     ██▅▁  0:07 left");
  CHECK(at_width(view, 79) == " 204 of 5310 files   310.0 MiB  'big.iso'  copy  35 % ███▒░░░░░░░░░  0:07 left");
  CHECK(at_width(view, 39) == " 204 of 5310 files  copy  35 % ██░░░░░░");
}

TEST_CASE("colour marks the bar and what is wrong, and takes no columns") {
  const auto coloured = [](const ProgressView& view) {
    return progress_line(view, {.width = 79, .charset = Charset::ascii, .colour = Colour::some});
  };
  ProgressView view = example();
  const std::string line = coloured(view);
  CHECK(line.find("copy  35 % \x1b[32m##") != std::string::npos);
  std::string plain;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\x1b') at = line.find('m', at);
    else plain += line[at];
  }
  CHECK(plain == ascii(view, 79));
  view.retry = {.number = 1, .at_most = 3};
  CHECK(coloured(view).find("\x1b[33mcopy, retry 1 of 3\x1b[0m") != std::string::npos);
}

TEST_CASE("the line for a log says the same in words") {
  CHECK(status_line(example(), Charset::ascii) ==
        "'big.iso'  copy  35 %   350 of 1000 MiB  300.0 MiB on the medium  100 MiB/s  0:07 left, then verify");
  CHECK(status_line(example_tree(), Charset::ascii) ==
        "204 of 5310 files  310.0 MiB  412 files/s  'project/src/engine/attempt.cpp'");
  CHECK(status_line({}, Charset::ascii) == "no file is being copied at the moment");
  CHECK(status_line({.name = "a", .progress = {.phase = Phase::waiting}, .until = "it is back"}, Charset::ascii) ==
        "'a'  waiting until it is back  0:00 so far");
}
