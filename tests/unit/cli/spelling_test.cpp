// SPDX-License-Identifier: MIT
//
// Long options and words that are values may be abbreviated, and the nearest option is named for
// one that does not exist.
#include "cli/arguments.hpp"
#include "cli/option_table.hpp"
#include "cli/spelling.hpp"
#include "support/catch.hpp"

#include <rcopy/error.hpp>

#include <string>
#include <vector>

using namespace rcopy;
using namespace rcopy::cli;

namespace {

using Words = std::vector<std::string>;

std::string refusal(const Words& words) {
  try {
    static_cast<void>(parse_arguments(words));
    return "";
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::usage);
    return error.what();
  }
}

Words spelled(const Words& words) { return spelled_out(words, option_table()); }

}  // namespace

TEST_CASE("a long option may be abbreviated while it is unambiguous") {
  CHECK(spelled({"--recurs"}) == Words{"--recursive"});
  CHECK(spelled({"--no-deref", "a"}) == Words{"--no-dereference", "a"});
  CHECK(spelled({"--pres=mode"}) == Words{"--preserve=mode"});
  CHECK(spelled({"--targ", "--rec"}) == Words{"--target-directory", "--rec"});
  CHECK(spelled({"--wai"}) == Words{"--wait=forever"});
  CHECK(spelled({"--link", "--update"}) == Words{"--link", "--update=older"});
  CHECK(refusal({"--no-p=all"}).empty());
  CHECK(refusal({"--verb"}).empty());
  CHECK(refusal({"--ver"}) == "option '--ver' is ambiguous; it may be: --verify, --verbose, --version");
  CHECK(refusal({"--strip=1"}) == "option --strip-trailing-slashes takes no value");
  CHECK(refusal({"--pres="}) == "option --preserve needs a value");
  CHECK(refusal({"--suf"}) == "option --suffix needs a value");
  CHECK(refusal({"-pS"}) == "option -S needs a value");
}

TEST_CASE("values and operands are not taken for options") {
  for (const Words& words : {Words{"--journal", "--rec"}, Words{"-t", "--rec"}, Words{"-pt", "--wai"},
                             Words{"--", "--rec"}, Words{"-t", "--", "a"}, Words{"-", "a=b"}}) {
    CHECK(spelled(words) == words);
  }
  CHECK(spelled({"-td", "--rec"}) == Words{"-td", "--recursive"});
  CHECK(spelled({"-pv", "--rec"}) == Words{"-pv", "--recursive"});
}

TEST_CASE("words that are values may be abbreviated while all they can be is the same") {
  const auto preserved = [](const char* word) { return parse_arguments({word}).attributes; };
  CHECK(preserved("--preserve=time") == Attributes{.timestamps = Timestamps::preserve});
  CHECK(preserved("--preserve=m,o,t") == kPreserved);
  CHECK(parse_arguments({"--update=none"}).update == Update::none);
  CHECK(parse_arguments({"--backup=ni"}).backup == Backup::existing);
  CHECK(parse_arguments({"--verify=med"}).verify == Verify::medium);
  CHECK(refusal({"--update=n"}) == "ambiguous value 'n' for --update; it may be: none, none-fail");
  CHECK(refusal({"--reflink=a"}) == "ambiguous value 'a' for --reflink; it may be: auto, always");
  CHECK(refusal({"--preserve=timestampsx"}).starts_with("invalid value 'timestampsx' for --preserve; one of: "));
}

TEST_CASE("the nearest option is named for one that does not exist") {
  CHECK(refusal({"--recusive"}) == "unknown option '--recusive'; did you mean '--recursive'?");
  CHECK(refusal({"--recrusive"}) == "unknown option '--recrusive'; did you mean '--recursive'?");
  CHECK(refusal({"--in-place"}) == "unknown option '--in-place'; did you mean '--inplace'?");
  CHECK(refusal({"--verfy=none"}) == "unknown option '--verfy'; did you mean '--verify'?");
  CHECK(refusal({"--x"}) == "unknown option '--x'");
  CHECK(refusal({"--bogus"}) == "unknown option '--bogus'");
}
