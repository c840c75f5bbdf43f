// SPDX-License-Identifier: MIT
//
// Promise 5: a device that stops to answer and comes back, seen through the doubles. What a real
// unmount does is in tests/cli/wait_test.sh.
#include "transfer_kit.hpp"

#include <atomic>
#include <cerrno>
#include <functional>

namespace rcopy::test {
namespace {

/// A device that is pulled at the write of 4 MiB, and answers again after so many syncs of the
/// directory have failed.
struct Stick {
  Stick(int failing_syncs, int with) : error{with}, syncs_left{failing_syncs} {}

  int operator()(const CallInfo& call) {
    if (call.kind == Call::write && call.offset_bytes >= 4 * kMiB && syncs_left > 0) {
      pulled = true;
      return error;
    }
    return call.kind == Call::dir_sync && pulled && syncs_left-- > 0 ? error : 0;
  }

  int error;
  std::atomic<bool> pulled{false};
  std::atomic<int> syncs_left;
};

TEST_CASE("a device that is away is waited for, and that is no retry", "[transfer]") {
  CopyRig rig;
  rig.options.device_wait = kForever;
  rig.options.retries = 0;
  rig.disk.put(kSource, kContent);
  FaultyFileSystem faulty{rig.disk};
  Stick stick{2, GENERATE(EIO, ENODEV, ENXIO, ESTALE, ENOTCONN, ETIMEDOUT)};
  faulty.set_hook(std::ref(stick));
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
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
  Stick stick{1'000'000, EIO};
  faulty.set_hook(std::ref(stick));
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.failed_with(ErrorCode::io));
  CHECK(copied.error->info().os_error == EIO);
  // Nothing, where the pull was faster than the first sync of the directory.
  const std::uint64_t kept = rig.row()->transferred_bytes;
  CHECK(kept <= 4 * kMiB);
  CHECK(rig.copy().summary->resumed_bytes == kept);
  CHECK(rig.disk.get(kDestination) == kContent);
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
