// SPDX-License-Identifier: MIT
#include "ui/journal_text.hpp"

#include "support/catch.hpp"

using namespace rcopy;
using namespace rcopy::ui;

namespace {

JournalRecord record() {
  return {.id = {.kind = RecordKind::file, .number = 12},
          .source = "/a",
          .destination = "/b",
          .status = "in_progress",
          .total_bytes = 1000,
          .transferred_bytes = 999,
          .durable_bytes = 500,
          .started_at = std::chrono::sys_seconds{std::chrono::seconds{1'800'000'000}},
          .updated_at = std::chrono::sys_seconds{std::chrono::seconds{1'800'000'100}}};
}

std::string table_of(const JournalRecord& one) {
  std::string text;
  for (const std::string& line : journal_table({one})) text += line + "\n";
  return text;
}

std::string without_time(const std::string& line) {
  const std::size_t at = line.find("\"time\"");
  return line.substr(0, at) + line.substr(line.find(',', at) + 1);
}

}  // namespace

TEST_CASE("an empty journal is said to be so") {
  CHECK(journal_table({}) == std::vector<std::string>{"nothing is unfinished"});
}

TEST_CASE("a row tells how far it is, and never 100 % before the end") {
  JournalRecord one = record();
  CHECK_THAT(table_of(one), Catch::Matchers::ContainsSubstring("   12  999 B of 1000 B, 99 % "));
  one.transferred_bytes = one.total_bytes = 0;
  CHECK_THAT(table_of(one), Catch::Matchers::ContainsSubstring("0 B of 0 B, 0 %"));
  one.transferred_bytes = one.total_bytes = UINT64_MAX;
  CHECK_THAT(table_of(one), Catch::Matchers::ContainsSubstring(", 100 %"));
}

TEST_CASE("a row tells why it stopped") {
  JournalRecord one = record();
  CHECK_THAT(table_of(one), Catch::Matchers::ContainsSubstring("  interrupted\n       '/a' -> '/b'\n"));
  one.last_error = "cannot write '/b': No space left\n\x1B[2J";
  CHECK_THAT(table_of(one), Catch::Matchers::ContainsSubstring("  stopped\n       '/a' -> '/b'\n"
                                                               "       cannot write '/b': No space left\\012\\033[2J\n"));
  one.activity = Activity::running;
  CHECK_THAT(table_of(one), Catch::Matchers::ContainsSubstring("  running\n       '/a' -> '/b'\n"));
  CHECK_THAT(table_of(one), !Catch::Matchers::ContainsSubstring("No space"));
  one.activity = Activity::none;
  one.status = "failed";
  CHECK_THAT(table_of(one), Catch::Matchers::ContainsSubstring("  failed\n"));
}

TEST_CASE("a tree tells how many files it has") {
  JournalRecord one = record();
  one.id = {.kind = RecordKind::tree, .number = 3};
  one.finished_files = 1;
  CHECK_THAT(table_of(one), Catch::Matchers::ContainsSubstring("   t3  1 file finished "));
}

TEST_CASE("what was forgotten, and what became of its partial") {
  Forgotten one{.record = record()};
  CHECK(forgotten_line(one) == "forgot 12: '/a' -> '/b'");
  one.fate = PartialFate::removed;
  one.partial = "/.b.rcopy-part";
  CHECK(forgotten_line(one) == "forgot 12: '/a' -> '/b'; removed '/.b.rcopy-part'");
  one.fate = PartialFate::kept;
  one.reason = "it may be another";
  CHECK(forgotten_line(one) == "forgot 12: '/a' -> '/b'; kept '/.b.rcopy-part'; it may be another");
}

TEST_CASE("rows for programs") {
  CHECK_THAT(forgotten_json({.record = record()}), Catch::Matchers::StartsWith(R"({"type":"forgotten","time":"20)"));
  CHECK(without_time(unfinished_json(record())) ==
        R"({"type":"unfinished","kind":"file","id":"12","source":"/a","destination":"/b","status":"in_progress",)"
        R"("total_bytes":1000,"transferred_bytes":999,"durable_bytes":500,"running":false,)"
        R"("begun_time":"2027-01-15T08:00:00.000Z","written_time":"2027-01-15T08:01:40.000Z"})");
  JournalRecord tree = record();
  tree.id.kind = RecordKind::tree;
  CHECK_THAT(without_time(forgotten_json({.record = tree})),
             Catch::Matchers::StartsWith(R"({"type":"forgotten","kind":"tree","id":"t12",)"));
}
