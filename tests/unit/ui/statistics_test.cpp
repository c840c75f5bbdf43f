// SPDX-License-Identifier: MIT
//
// What is counted, and that nothing is counted twice.
#include "ui/statistics.hpp"
#include "support/catch.hpp"

#include <string>

using namespace rcopy;
using namespace rcopy::ui;
using namespace std::chrono_literals;

namespace {

FileSummary file(Outcome outcome, Method method, Verify verified) {
  return {.source = "a",
          .destination = "b",
          .outcome = outcome,
          .method = method,
          .total_bytes = 1000,
          .resumed_bytes = 300,
          .same_bytes = 200,
          .verified = verified};
}

Statistics of_all() {
  Statistics sum;
  sum.add(TransferFinished{file(Outcome::copied, Method::copied, Verify::medium)});
  sum.add(TransferFinished{file(Outcome::copied, Method::cloned, Verify::cache)});
  sum.add(TransferFinished{file(Outcome::copied, Method::linked, Verify::none)});
  sum.add(TransferFinished{file(Outcome::finished, Method::copied, Verify::medium)});
  sum.add(TransferFinished{file(Outcome::up_to_date, Method::copied, Verify::medium)});
  sum.add(TransferFinished{file(Outcome::kept, Method::copied, Verify::none)});
  sum.add(TransferFinished{file(Outcome::planned, Method::copied, Verify::none)});
  return sum;
}

bool has_row(const std::string& text, const std::string& name, const std::string& value) {
  const std::string padding(24 - name.size(), ' ');
  return ("\n" + text + "\n").find("\n" + name + padding + value + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("each byte is counted once, under what became of it") {
  const Statistics sum = of_all();
  CHECK(sum.transferred_bytes == 500);
  CHECK(sum.resumed_bytes == 300 + 1000);
  CHECK(sum.same_bytes == 200 + 1000 + 1000);
  CHECK(sum.shared_bytes == 2000);
  CHECK(sum.planned_bytes == 1000);
  CHECK(sum.total_bytes() == 7000);
}

TEST_CASE("files are counted by outcome, and what was copied by its proof") {
  const Statistics sum = of_all();
  CHECK(sum.files.copied == 4);
  CHECK(sum.files.up_to_date == 1);
  CHECK(sum.files.kept == 1);
  CHECK(sum.files.planned == 1);
  CHECK(sum.found_files == 7);
  CHECK(sum.verified_from_medium == 2);
  CHECK(sum.verified_from_cache == 1);
  CHECK(sum.not_verified == 0);
}

TEST_CASE("a failure counts where it is one of a file, and a stop does not") {
  Statistics sum;
  const Error failure{{.code = ErrorCode::io, .operation = "read"}};
  sum.add(TransferFailed{.error = failure, .source = "a", .destination = "b"});
  sum.add(TransferFailed{.error = failure, .source = {}, .destination = {}});
  sum.add(TransferFailed{.error = Error{{.code = ErrorCode::interrupted, .operation = "copy"}}, .source = "a", .destination = "b"});
  CHECK(sum.failed == 1);
  CHECK(sum.found_files == 1);
}

TEST_CASE("a directory is no file, and figures that make no sense are not believed") {
  Statistics sum;
  FileSummary one = file(Outcome::copied, Method::copied, Verify::medium);
  one.item = Item::directory;
  sum.add(TransferFinished{one});
  CHECK(sum.total_bytes() == 0);
  one.item = Item::file;
  one.resumed_bytes = 800;
  one.same_bytes = 800;
  sum.add(TransferFinished{one});
  CHECK(sum.transferred_bytes == 0);
  CHECK(sum.total_bytes() == 1000);
}

TEST_CASE("the text has a line for each figure, and none for what was not done") {
  const std::string text = statistics_text(of_all(), {.copying = 3s, .syncing = 1s, .verifying = 2s}, 10s);
  CAPTURE(text);
  CHECK(has_row(text, "files found:", "7"));
  CHECK(has_row(text, "  copied:", "4"));
  CHECK(has_row(text, "  would be copied:", "1"));
  CHECK(has_row(text, "bytes in all:", "6.8 KiB (7000 B)"));
  CHECK(has_row(text, "  transferred:", "500 B"));
  CHECK(has_row(text, "  clones:", "2.0 KiB (2000 B)"));
  CHECK(has_row(text, "time in all:", "10.0 s"));
  CHECK(has_row(text, "  verify:", "2.00 s"));
  CHECK(has_row(text, "rate:", "50 B/s"));
  CHECK(has_row(text, "verified from medium:", "2"));
  const std::string nothing = statistics_text({}, {}, 0s);
  CHECK(nothing.find("would be") == std::string::npos);
  CHECK(nothing.find("clones") == std::string::npos);
  CHECK(nothing.find("verify:") == std::string::npos);
}
