// SPDX-License-Identifier: MIT
//
// A source that changes, between runs and during one, never gives a mixture.
#include "transfer_kit.hpp"

#include <algorithm>
#include <atomic>

namespace rcopy::test {
namespace {

bool says(const std::vector<TransferStarted>& started, const std::string& text) {
  return std::ranges::any_of(started, [&](const auto& event) { return event.plan.find(text) != std::string::npos; });
}

TEST_CASE("a source that changes while it is copied is copied again", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  rig.disk.put(kDestination, Bytes{"old"});
  const Bytes other = content(Seed{12}, kSize);
  FaultyFileSystem faulty{rig.disk};
  unsigned changes_left = 0;
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::read && call.path == kSource && call.offset_bytes == 4 * kMiB && changes_left > 0) {
      --changes_left;
      rig.disk.put(kSource, other);
    }
    return 0;
  });
  SECTION("once") {
    changes_left = 1;
    const Copied copied = rig.copy(faulty);
    REQUIRE(copied.done());
    CHECK(copied.summary->attempts == 2);
    CHECK(rig.disk.get(kDestination) == other);
  }
  SECTION("always") {
    changes_left = 1000;
    REQUIRE(rig.copy(faulty).failed_with(ErrorCode::source_changed));
    CHECK(rig.disk.get(kDestination) == Bytes{"old"});
    CHECK_FALSE(rig.disk.exists(kPartial));
  }
}

TEST_CASE("a source that shrinks or grows is not taken for whole", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  const Bytes changed = content(Seed{13}, GENERATE(kSize - 3 * kMiB, kSize + 3 * kMiB));
  FaultyFileSystem faulty{rig.disk};
  std::atomic<bool> done{false};  // the hook is called from several threads
  faulty.set_hook([&](const CallInfo& call) {
    const bool at_place = call.kind == Call::read && call.path == kSource && call.offset_bytes == 4 * kMiB;
    if (at_place && !done.exchange(true)) rig.disk.put(kSource, changed);
    return 0;
  });
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(rig.disk.get(kDestination) == changed);
}

TEST_CASE("a source that changed between two runs is copied from the start", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  REQUIRE(copy_until(rig, 5 * kMiB).failed_with(ErrorCode::interrupted));
  const Bytes other = content(Seed{14}, kSize);
  rig.disk.put(kSource, other);
  const Copied copied = rig.copy();
  REQUIRE(copied.done());
  CHECK(copied.summary->resumed_bytes == 0);
  CHECK(says(rig.observer->of<TransferStarted>(), "source changed"));
  CHECK(rig.disk.get(kDestination) == other);
}

}  // namespace
}  // namespace rcopy::test
