// SPDX-License-Identifier: MIT
#include "ui/answer.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace rcopy::ui {
namespace {

/// False: nothing comes any more.
bool wait_for_input(int descriptor, const std::stop_token& stop) {
  constexpr int kStopIsSeenAfterMs = 100;
  while (!stop.stop_requested()) {
    pollfd one{.fd = descriptor, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&one, 1, kStopIsSeenAfterMs);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}

}  // namespace

std::string read_line(int descriptor, const std::stop_token& stop) {
  std::string line;
  while (wait_for_input(descriptor, stop)) {
    char one = 0;
    const ssize_t got = ::read(descriptor, &one, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {};
    if (got == 0) return line;
    if (one == '\n') return line;
    line += one;
  }
  return {};
}

}  // namespace rcopy::ui
