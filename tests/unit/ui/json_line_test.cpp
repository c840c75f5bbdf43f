// SPDX-License-Identifier: MIT
//
// Lines of JSON: whatever a file is called, the line can be read, and the name is found again.
#include "support/catch.hpp"
#include "ui/json_line.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace rcopy::ui;

namespace {

std::string line_of(const std::string& path) {
  Json object{{"type", "file"}};
  add_path(object, "source", path);
  return to_line(object);
}

}  // namespace

TEST_CASE("a name is what it is") {
  CHECK(line_of("a/b c") == R"({"type":"file","source":"a/b c"})");
  CHECK(line_of("") == R"({"type":"file","source":""})");
}

TEST_CASE("a line is ASCII, and its text is the name again") {
  for (const std::string name : {"\"\\\n\t\r\x1b[31m\x7f", "gr\u00fcn", "\u202e\u2028\u200b", "\U0001f600"}) {
    const std::string line = line_of(name);
    CAPTURE(line);
    for (const char one : line) CHECK((one >= ' ' && one <= '~'));
    CHECK(Json::parse(line)["source"] == name);
    CHECK_FALSE(Json::parse(line).contains("source_base64"));
  }
}

// The examples of RFC 4648, made to be no UTF-8 by a first byte of 0xff.
TEST_CASE("a name that is not UTF-8 has its bytes beside it") {
  CHECK(line_of("\xff") == R"({"type":"file","source":"\ufffd","source_base64":"/w=="})");
  CHECK(line_of("\xff" "f") == R"({"type":"file","source":"\ufffdf","source_base64":"/2Y="})");
  CHECK(line_of("\xff" "fo") == R"({"type":"file","source":"\ufffdfo","source_base64":"/2Zv"})");
  CHECK(line_of("a\xfe\xfbz") == R"({"type":"file","source":"a\ufffd\ufffdz","source_base64":"Yf77eg=="})");
}

TEST_CASE("what is not quite UTF-8 can be read, too, and is not lost") {
  const std::vector<std::string> names{"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
                                       "a\xf0\x9f\x98"};
  for (const std::string& name : names) {
    const std::string line = line_of(name);
    CAPTURE(line);
    CHECK(Json::accept(line));
    CHECK(Json::parse(line).contains("source_base64"));
  }
}
