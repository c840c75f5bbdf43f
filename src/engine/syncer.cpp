// SPDX-License-Identifier: MIT
//
// The position to claim is taken before the sync starts: bytes written while it runs belong to
// the next one.
#include "engine/syncer.hpp"

namespace rcopy::engine {

bool Syncer::written(const Position& position, const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  written_ = position;
  changed_.notify_all();
  return changed_.wait(lock, stop, [&] {
    return written_.offset_bytes - durable_.offset_bytes <= rhythm_.not_durable_at_most_bytes;
  });
}

void Syncer::run(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  const auto enough = [&] { return written_.offset_bytes - durable_.offset_bytes >= rhythm_.every_bytes; };
  while (!stop.stop_requested()) {
    changed_.wait_for(lock, stop, rhythm_.every, enough);
    if (stop.stop_requested()) return;
    if (written_.offset_bytes == durable_.offset_bytes) continue;
    const Position target = written_;
    lock.unlock();
    sync_to(target);
    lock.lock();
    durable_ = target;
    changed_.notify_all();
  }
}

void Syncer::finish() {
  if (written_.offset_bytes == durable_.offset_bytes) return;
  sync_to(written_);
  durable_ = written_;
}

void Syncer::sync_to(const Position& position) {
  try {
    io::sync_data(partial_);
    // fdatasync(2) of a new file does not promise its name, and bytes without a name are lost.
    if (!named_) io::sync(directory_);
  } catch (const Error&) {
    failed_ = true;
    throw;
  }
  named_ = true;
  counters_.durable_bytes = position.offset_bytes;
  checkpointer_.durable(position);
}

}  // namespace rcopy::engine
