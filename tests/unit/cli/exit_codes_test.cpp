// SPDX-License-Identifier: MIT
//
// The numbers scripts depend on.
#include "cli/exit_codes.hpp"
#include "support/catch.hpp"

#include <vector>

using namespace rcopy;
using namespace rcopy::cli;

namespace {

Error failure(ErrorCode code) { return Error{{.code = code, .operation = "copy", .path = "x"}}; }

int code_of(const std::vector<ErrorCode>& codes, std::size_t finished = 0) {
  JobSummary summary;
  summary.done.copied = finished;
  for (const ErrorCode code : codes) summary.failed.push_back(failure(code));
  return static_cast<int>(exit_code(summary));
}

}  // namespace

TEST_CASE("each kind of failure has its exit code") {
  CHECK(code_of({ErrorCode::io}) == 1);
  CHECK(code_of({ErrorCode::no_reflink}) == 1);
  CHECK(code_of({ErrorCode::usage}) == 2);
  CHECK(code_of({ErrorCode::verify_failed}) == 3);
  CHECK(code_of({ErrorCode::unexpected_content}) == 3);
  CHECK(code_of({ErrorCode::source_changed}) == 4);
  CHECK(code_of({ErrorCode::busy}) == 5);
  CHECK(code_of({ErrorCode::journal}) == 6);
  CHECK(code_of({ErrorCode::no_space}) == 7);
  CHECK(code_of({ErrorCode::internal}) == 70);
  CHECK(code_of({ErrorCode::interrupted}) == 8);  // without a signal it was the time limit
}

TEST_CASE("without failures the exit code is 0") {
  CHECK(code_of({}) == 0);
  CHECK(code_of({}, 3) == 0);
}

TEST_CASE("of several failures the highest ranking one decides, in any order") {
  using enum ErrorCode;
  const std::vector<ErrorCode> ranking{internal, journal, verify_failed, no_space, source_changed,
                                       busy,     io,            interrupted};
  for (std::size_t high = 0; high < ranking.size(); ++high) {
    for (std::size_t low = high; low < ranking.size(); ++low) {
      const int expected = static_cast<int>(exit_code(ranking[high]));
      CHECK(code_of({ranking[high], ranking[low]}, 1) == expected);
      CHECK(code_of({ranking[low], ranking[high]}, 1) == expected);
    }
  }
}

TEST_CASE("a usage error says that nothing was touched, so not after another file was copied") {
  CHECK(code_of({ErrorCode::usage}, 0) == 2);
  CHECK(code_of({ErrorCode::usage}, 1) == 1);
  CHECK(code_of({ErrorCode::usage, ErrorCode::io}, 0) == 1);
}
