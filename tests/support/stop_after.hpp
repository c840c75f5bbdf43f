// SPDX-License-Identifier: MIT
//
// A hook that stops a copy of the rig at a block: that one is still copied, and none behind it. What is
// read ahead waits meanwhile, so that the place is the same in every run.
#pragma once

#include "support/copy_rig.hpp"
#include "support/faulty.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>

namespace rcopy::test {

/// The copy must come to the write at `offset_bytes`, a multiple of a block.
[[nodiscard]] inline FaultyFileSystem::Hook stop_after(std::uint64_t offset_bytes, std::stop_source stop) {
  struct Gate {
    std::mutex mutex;
    std::condition_variable opened;
  };
  return [offset_bytes, stop, gate = std::make_shared<Gate>()](const CallInfo& call) mutable {
    const bool ours = call.path == kPartial || call.path == kDestination;
    if (call.kind == Call::write && ours && call.offset_bytes == offset_bytes) {
      stop.request_stop();
      const std::lock_guard lock{gate->mutex};
      gate->opened.notify_all();
    }
    if (call.kind == Call::read && call.path == kSource && call.offset_bytes > offset_bytes) {
      std::unique_lock lock{gate->mutex};
      gate->opened.wait(lock, [&] { return stop.stop_requested(); });
    }
    return 0;
  };
}

}  // namespace rcopy::test
