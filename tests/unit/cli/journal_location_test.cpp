// SPDX-License-Identifier: MIT
//
// Where the journal is when the command line does not say.
#include "cli/journal_location.hpp"
#include "support/catch.hpp"

#include <rcopy/error.hpp>

using namespace rcopy;
using namespace rcopy::cli;

TEST_CASE("the journal is where the environment says, the most special first") {
  Environment environment{.rcopy_journal = "own.db",
                          .xdg_state_home = "/state",
                          .home = "/home/me",
                          .passwd_home = "/home/passwd"};
  CHECK(journal_location(environment) == "own.db");
  environment.rcopy_journal = "";
  CHECK(journal_location(environment) == "/state/rcopy/journal.db");
  environment.xdg_state_home = "";
  CHECK(journal_location(environment) == "/home/me/.local/state/rcopy/journal.db");
  environment.home = "";
  CHECK(journal_location(environment) == "/home/passwd/.local/state/rcopy/journal.db");
}

TEST_CASE("directories that are not absolute are passed over") {
  const Environment environment{
      .xdg_state_home = "state", .home = "me", .passwd_home = "/home/passwd"};
  CHECK(journal_location(environment) == "/home/passwd/.local/state/rcopy/journal.db");
}

TEST_CASE("without any place for a journal that is said") {
  try {
    static_cast<void>(journal_location({}));
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::journal);
  }
}
