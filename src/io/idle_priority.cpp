// SPDX-License-Identifier: MIT
//
// glibc has no function for these calls; the numbers are those of linux/ioprio.h.
#include "io/idle_priority.hpp"

#include <linux/ioprio.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace rcopy::io {
namespace {

constexpr int kThisThread = 0;
constexpr int kIdle = IOPRIO_CLASS_IDLE << IOPRIO_CLASS_SHIFT;

bool set(int priority) {
  return ::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, kThisThread, priority) == 0;
}

}  // namespace

IdlePriority::IdlePriority() {
  const long now = ::syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, kThisThread);
  if (now >= 0 && set(kIdle)) before_ = static_cast<int>(now);
}

IdlePriority::~IdlePriority() {
  if (before_) static_cast<void>(set(*before_));
}

}  // namespace rcopy::io
