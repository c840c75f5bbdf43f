// SPDX-License-Identifier: MIT
//
// Numbers from a command line: what is not exactly a number is refused.
#include "base/parse.hpp"
#include "support/catch.hpp"

using namespace rcopy::base;
using namespace std::chrono_literals;

TEST_CASE("a count is digits and nothing else") {
  CHECK(parse_count("0") == 0U);
  CHECK(parse_count("42") == 42U);
  CHECK(parse_count("4294967295") == 4294967295U);
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "1.0", "0x10", "1k", "4294967296", "many"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_count(text));
  }
}

TEST_CASE("a duration has a unit or is in seconds") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("2s") == 2s);
  CHECK(parse_duration("2") == 2s);
  CHECK(parse_duration("1.5m") == 90s);
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("0") == 0ms);
  CHECK(parse_duration(".25") == 250ms);
  CHECK(parse_duration("0.0014s") == 1ms);
  CHECK(parse_duration("10000h") == 10000h);
}

TEST_CASE("what is not a duration is refused") {
  for (const char* text : {"", "s", ".", "1..5", "-1", "+1", "1 s", "1S", "1d", "1e3", "inf", "nan",
                           "0x1", "1,5", "10001h", "99999999999999999999999", "1s1", "1:30"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("a rate is in KiB or has a unit, powers of 1024") {
  CHECK(parse_rate("500") == 500U * 1024);
  CHECK(parse_rate("1") == 1024U);
  CHECK(parse_rate("64K") == 64U * 1024);
  CHECK(parse_rate("10M") == 10U * 1024 * 1024);
  CHECK(parse_rate("10m") == 10U * 1024 * 1024);
  CHECK(parse_rate("1.5G") == 1536U * 1024 * 1024);
}

TEST_CASE("what is not a rate is refused") {
  for (const char* text : {"", "0", "0.5", "M", "-1", "1T", "10MB", "1 M", "inf", "99999999G"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rate(text));
  }
}

TEST_CASE("a size is in bytes or has a unit, powers of 1024 or with a B of 1000") {
  CHECK(parse_size("0") == 0U);
  CHECK(parse_size("500") == 500U);
  CHECK(parse_size("500B") == 500U);
  CHECK(parse_size("10k") == 10U * 1024);
  CHECK(parse_size("10KiB") == 10U * 1024);
  CHECK(parse_size("10KB") == 10'000U);
  CHECK(parse_size("1.5G") == 1536ULL * 1024 * 1024);
  CHECK(parse_size("1.5gb") == 1'500'000'000ULL);
  CHECK(parse_size("2T") == 2ULL << 40);
  CHECK(parse_size("1TB") == 1'000'000'000'000ULL);
  CHECK(parse_size("8P") == 1ULL << 53);
  CHECK(parse_size("9007199254740992") == 1ULL << 53);
}

TEST_CASE("what is not a size is refused") {
  for (const char* text : {"", "K", "-1", "+1", "1 K", "1x", "1KiBs", "1i", "1e3", "inf", "0x10", "1,5", "9P", "1K-1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text));
  }
}

TEST_CASE("an age needs a unit") {
  CHECK(parse_age("30d") == std::chrono::days{30});
  CHECK(parse_age("1.5h") == std::chrono::minutes{90});
  CHECK(parse_age("2w") == std::chrono::days{14});
  CHECK(parse_age("1y") == std::chrono::days{365});
  CHECK(parse_age("0s") == std::chrono::seconds{0});
  for (const char* text : {"", "30", "d", "-1d", "1 d", "1D", "2000y", "1ms", "9e9d"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_age(text));
  }
}
