// SPDX-License-Identifier: MIT
//
// Bytes, times and paths as people read them. The quoted form of a path is also given to a real
// shell, which must get the same bytes back.
#include "base/text.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

using namespace rcopy::base;
using namespace std::chrono_literals;

TEST_CASE("a path of printable UTF-8 is shown between plain quotes") {
  CHECK(quoted("a") == "'a'");
  CHECK(quoted("/a b/c\\d\"$x`") == "'/a b/c\\d\"$x`'");
  CHECK(quoted("grün/日本/🙂") == "'grün/日本/🙂'");
  CHECK(quoted("") == "''");
  CHECK(quoted("-") == "'-'");
}

TEST_CASE("a path that could confuse a terminal or a shell is escaped") {
  CHECK(quoted("it's") == "$'it\\'s'");
  CHECK(quoted("a\nb") == "$'a\\nb'");
  CHECK(quoted("a\\b\n") == "$'a\\\\b\\n'");
  CHECK(quoted("\x1b[31mred") == "$'\\033[31mred'");
  CHECK(quoted("tab\tcr\r") == "$'tab\\tcr\\r'");
  CHECK(quoted("\x7f") == "$'\\177'");
  CHECK(quoted("ü'") == "$'ü\\''");
}

TEST_CASE("bytes that are not UTF-8 are escaped one by one") {
  CHECK(quoted("\xff") == "$'\\377'");
  CHECK(quoted("a\xc3") == "$'a\\303'");                           // cut short
  CHECK(quoted("\xc0\xaf") == "$'\\300\\257'");                    // overlong
  CHECK(quoted("\xed\xa0\x80") == "$'\\355\\240\\200'");           // surrogate
  CHECK(quoted("\xf4\x90\x80\x80") == "$'\\364\\220\\200\\200'");  // past U+10FFFF
  CHECK(quoted("\xc3(") == "$'\\303('");
}

TEST_CASE("characters that are invisible or reorder a line are escaped") {
  CHECK(quoted("a\u0085") == "$'a\\302\\205'");  // a control character
  CHECK(quoted("txt.\u202egpj") == "$'txt.\\342\\200\\256gpj'");
  CHECK(quoted("a\u200bb") == "$'a\\342\\200\\213b'");
  CHECK(quoted("\ufeff") == "$'\\357\\273\\277'");
}

TEST_CASE("a shell reads a quoted path back as the same bytes") {
  if (std::system("command -v bash >/dev/null") != 0) {
    WARN("skipped: there is no bash");
    return;
  }
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  std::string script = "printf '%s\\0'";
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    std::string name(1 + random() % 20, 'x');
    for (char& byte : name) byte = static_cast<char>(1 + random() % 255);
    script += " " + rcopy::base::quoted(name);
    expected += name + '\0';
  }
  const rcopy::test::TempDir directory;
  std::ofstream{directory / "script"} << script;
  const std::string at = directory.path().native();
  REQUIRE(std::system(("LC_ALL=C bash '" + at + "/script' > '" + at + "/names'").c_str()) == 0);
  std::ifstream names{directory / "names", std::ios::binary};
  CHECK(std::string{std::istreambuf_iterator<char>{names}, {}} == expected);
}

TEST_CASE("sizes are shown in powers of 1024 with one decimal") {
  constexpr std::uint64_t kKiB = 1024;
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(512) == "512 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(kKiB) == "1.0 KiB");
  CHECK(format_bytes(1536) == "1.5 KiB");
  CHECK(format_bytes(kKiB * kKiB) == "1.0 MiB");
  CHECK(format_bytes(3'650'722'201) == "3.4 GiB");
  CHECK(format_bytes(kKiB * kKiB * kKiB * kKiB * 7) == "7.0 TiB");
  CHECK(format_bytes(UINT64_MAX) == "16.0 EiB");
}

TEST_CASE("a size that rounds up to 1024 moves to the next unit") {
  CHECK(format_bytes(1024 * 1024 - 1) == "1.0 MiB");
  CHECK(format_bytes(1024 * 1024 - 52) == "1023.9 KiB");
  CHECK(format_bytes((std::uint64_t{1} << 60) - 1) == "1.0 EiB");
}

TEST_CASE("rates are shown with as many digits as mean something") {
  CHECK(format_rate(0, 1s) == "0 B/s");
  CHECK(format_rate(412 * 1024 * 1024, 1s) == "412 MiB/s");
  CHECK(format_rate(std::uint64_t{3} << 30, 2s) == "1.5 GiB/s");
  CHECK(format_rate(45 * 1024, 1s) == "45.0 KiB/s");
  CHECK(format_rate(1, 0s) == "-");
  CHECK(format_rate(1, -1s) == "-");
  CHECK(format_rate(UINT64_MAX, 1ns) == "16.0 EiB/s");
}

TEST_CASE("durations go from hundredths of a second to hours") {
  CHECK(format_duration(0s) == "0.00 s");
  CHECK(format_duration(420ms) == "0.42 s");
  CHECK(format_duration(9999ms) == "9.99 s");
  CHECK(format_duration(12'345ms) == "12.3 s");
  CHECK(format_duration(59'999ms) == "59.9 s");
  CHECK(format_duration(60s) == "1:00");
  CHECK(format_duration(185s) == "3:05");
  CHECK(format_duration(3729s) == "1:02:09");
  CHECK(format_duration(100h + 1s) == "100:00:01");
  CHECK(format_duration(-5s) == "0.00 s");
}

TEST_CASE("a point in time is told in UTC, to the millisecond") {
  using namespace std::chrono;
  using TimePoint = system_clock::time_point;
  CHECK(format_time(TimePoint{}) == "1970-01-01T00:00:00.000Z");
  CHECK(format_time(TimePoint{seconds{951782399} + milliseconds{7}}) == "2000-02-28T23:59:59.007Z");
  CHECK(format_time(TimePoint{seconds{1709251199}} + microseconds{999999}) == "2024-02-29T23:59:59.999Z");
}

TEST_CASE("a text in one line, and back") {
  const std::string text{"a\nb\rc\\d\te"};
  CHECK(escaped_line(text) == "a\\nb\\rc\\\\d\te");
  CHECK(unescaped_line(escaped_line(text)) == text);
  CHECK(unescaped_line("") == "");
  CHECK_FALSE(unescaped_line("a\\"));
  CHECK_FALSE(unescaped_line("a\\x"));
}
