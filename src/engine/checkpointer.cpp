// SPDX-License-Identifier: MIT
//
// The lock is never held while the journal is written.
#include "engine/checkpointer.hpp"

#include "engine/pause.hpp"

namespace rcopy::engine {

void Checkpointer::written(const Position& position) {
  const std::lock_guard lock{mutex_};
  written_ = position;
  pending_ = true;
  changed_.notify_one();
}

void Checkpointer::durable(const Position& position) {
  const std::lock_guard lock{mutex_};
  durable_ = position;
  pending_ = true;
  changed_.notify_one();
}

void Checkpointer::run(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (changed_.wait(lock, stop, [&] { return pending_; }) && !stop.stop_requested()) {
    const Position written = written_;
    const Position durable = durable_;
    pending_ = false;
    const auto next = std::chrono::steady_clock::now() + rest_;
    lock.unlock();
    // Busy: the next position tries again, and settle() waits for its turn.
    (void)ledger_.checkpoint(written, durable);
    pause_until(next, stop);
    lock.lock();
  }
}

void Checkpointer::settle() {
  const std::lock_guard lock{mutex_};
  ledger_.settle(written_, durable_);
}

void Checkpointer::note() {
  const std::lock_guard lock{mutex_};
  ledger_.move_positions(written_, durable_);
}

}  // namespace rcopy::engine
