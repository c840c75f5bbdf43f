// SPDX-License-Identifier: MIT
//
// Promise 5: a device that stops to answer and comes back, seen through the doubles. What a real
// unmount does is in tests/cli/wait_test.sh.
#include "transfer_kit.hpp"

#include <atomic>

namespace rcopy::test {
namespace {

/// Writes fail from 4 MiB on, and so does the probe of the directory, `probes` times.
void pull(FaultyFileSystem& faulty, std::atomic<int>& probes) {
  faulty.set_hook([&probes](const CallInfo& call) {
    if (call.kind == Call::dir_sync) return probes-- > 0 ? EIO : 0;
    return call.kind == Call::write && call.offset_bytes >= 4 * kMiB && probes > 0 ? EIO : 0;
  });
}

TEST_CASE("a device that is away is waited for, and that is no retry", "[transfer]") {
  CopyRig rig;
  rig.options.device_wait = kForever;
  rig.options.retries = 0;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem faulty{rig.disk};
  std::atomic<int> probes{2};
  pull(faulty, probes);
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(copied.summary->resumed_bytes == 4 * kMiB);
  REQUIRE(rig.observer->of<Waiting>().size() == 1);
  CHECK(rig.observer->of<Waiting>()[0].until == "'/' is back");
  CHECK(rig.observer->of<Retrying>().empty());
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("without --wait, and when its time is over, it fails with the first error", "[transfer]") {
  CopyRig rig;
  rig.options.device_wait = GENERATE(std::chrono::milliseconds{0}, std::chrono::milliseconds{1});
  rig.options.retries = 0;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem faulty{rig.disk};
  std::atomic<int> probes{1'000'000};
  pull(faulty, probes);
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.failed_with(ErrorCode::io));
  CHECK(copied.error->info().os_error == EIO);
  CHECK(rig.row()->transferred_bytes == 4 * kMiB);
  CHECK(rig.copy().summary->resumed_bytes == 4 * kMiB);
}

TEST_CASE("a bad spot on a device that answers is a retry, also with --wait", "[transfer]") {
  CopyRig rig;
  rig.options.device_wait = kForever;
  rig.options.retries = 2;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem faulty{rig.disk};
  faulty.set_hook([](const CallInfo& call) {
    return call.kind == Call::read && call.path == kSource && call.offset_bytes == 4 * kMiB ? EIO : 0;
  });
  REQUIRE(rig.copy(faulty).failed_with(ErrorCode::io));
  CHECK(rig.observer->of<Waiting>().empty());
  CHECK(rig.observer->of<Retrying>().size() == 2);
}

TEST_CASE("a stop ends the wait", "[transfer]") {
  CopyRig rig;
  rig.options.device_wait = kForever;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem faulty{rig.disk};
  std::stop_source stop;
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::dir_sync) stop.request_stop();
    return call.kind == Call::dir_sync || call.kind == Call::write ? EIO : 0;
  });
  CHECK(rig.copy(faulty, stop.get_token()).failed_with(ErrorCode::interrupted));
}

}  // namespace
}  // namespace rcopy::test
