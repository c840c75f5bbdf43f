// SPDX-License-Identifier: MIT
#include "engine/file_lock.hpp"

#include "engine/pause.hpp"

#include <cerrno>
#include <chrono>

namespace rcopy::engine {
namespace {

constexpr std::chrono::milliseconds kPause{10};
constexpr int kPauses = 20;

}  // namespace

int take_lock(io::File& file) {
  for (int pauses = 0;;) {
    const int error = file.try_lock();
    if (error == EINTR) continue;
    if (error != EWOULDBLOCK || pauses++ == kPauses) return error;
    pause_until(std::chrono::steady_clock::now() + kPause, {});
  }
}

bool is_locked(io::Directory& directory, const io::Name& name) {
  auto opened = directory.open(name, io::OpenMode::read_back);
  while (opened.error == EINTR) opened = directory.open(name, io::OpenMode::read_back);
  if (opened.error != 0) return false;
  int error = opened.value->try_share();
  while (error == EINTR) error = opened.value->try_share();
  return error == EWOULDBLOCK;
}

}  // namespace rcopy::engine
