// SPDX-License-Identifier: MIT
//
// The smoothed rate, on a clock the test moves.
#include "ui/rate_meter.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <vector>

using namespace rcopy::ui;
using namespace std::chrono_literals;

namespace {

constexpr RateMeter::TimePoint kStart{};

double per_second(const Rate& rate) {
  return static_cast<double>(rate.amount) / std::chrono::duration<double>(rate.elapsed).count();
}

}  // namespace

TEST_CASE("a rate is not known before there is time to measure it") {
  RateMeter meter;
  CHECK(meter.rate().elapsed == 0ns);
  meter.add(kStart, 100);
  CHECK(meter.rate().elapsed == 0ns);
  meter.add(kStart + 200ms, 200);
  CHECK(meter.rate().elapsed == 0ns);
  meter.add(kStart + 400ms, 300);
  CHECK(meter.rate().amount == 200);
  CHECK(meter.rate().elapsed == 400ms);
}

TEST_CASE("the rate follows the last seconds only, so a stall shows") {
  RateMeter meter;
  auto now = kStart;
  std::uint64_t total = 0;
  for (int i = 0; i < 100; ++i) meter.add(now += 200ms, total += 200);
  CHECK(std::lround(per_second(meter.rate())) == 1000);
  for (int i = 0; i < 10; ++i) meter.add(now += 200ms, total);
  CHECK(per_second(meter.rate()) < 600);
  for (int i = 0; i < 15; ++i) meter.add(now += 200ms, total);
  CHECK(meter.rate().amount == 0);
  CHECK(meter.rate().elapsed >= 4s);
}

TEST_CASE("a resumed start does not count as speed, and a new attempt starts anew") {
  RateMeter meter;
  meter.add(kStart, 1'000'000);
  meter.add(kStart + 1s, 1'000'100);
  CHECK(meter.rate().amount == 100);
  meter.add(kStart + 2s, 500);
  CHECK(meter.rate().elapsed == 0ns);
}

TEST_CASE("the average looks back further than the rate") {
  RateMeter meter;
  auto now = kStart;
  std::uint64_t total = 0;
  for (int i = 0; i < 100; ++i) meter.add(now += 200ms, total += 200);
  for (int i = 0; i < 50; ++i) meter.add(now += 200ms, total);
  CHECK(meter.rate().amount == 0);
  CHECK(std::lround(per_second(meter.average()) / 10) == 66);  // 20 s of 1000, 10 s of nothing
}

TEST_CASE("the history has each of the last seconds, and forgets those before") {
  RateMeter meter;
  auto now = kStart;
  std::uint64_t total = 0;
  meter.add(now, total);
  for (int i = 0; i < 9; ++i) meter.add(now += 200ms, total += 20);
  CHECK(meter.history() == std::vector<std::uint64_t>{100});
  for (int i = 0; i < 100; ++i) meter.add(now += 200ms, total += 60);
  CHECK(meter.history() == std::vector<std::uint64_t>(RateMeter::kHistorySeconds, 300));
  for (int i = 0; i < 15; ++i) meter.add(now += 200ms, total);
  const auto stalled = meter.history();
  CHECK(stalled.back() == 0);
  CHECK(stalled.front() == 300);
}

TEST_CASE("the history spreads what came in a long gap over its seconds") {
  RateMeter meter;
  meter.add(kStart, 0);
  meter.add(kStart + 3s, 300);
  CHECK(meter.history() == std::vector<std::uint64_t>{100, 100, 100});
  meter.add(kStart + 1000s, 300);
  CHECK(meter.history() == std::vector<std::uint64_t>(RateMeter::kHistorySeconds, 0));
}
