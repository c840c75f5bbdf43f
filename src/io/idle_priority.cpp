// SPDX-License-Identifier: MIT
//
// glibc has no function for these calls. The numbers are those of ioprio_set(2), written here because
// linux/ioprio.h of some kernels is no valid C++ (it names a parameter "class").
#include "io/idle_priority.hpp"

#include <sys/syscall.h>
#include <unistd.h>

namespace rcopy::io {
namespace {

constexpr int kWhoProcess = 1;
constexpr int kThisThread = 0;
constexpr int kIdleClass = 3;
constexpr int kClassShift = 13;
constexpr int kIdle = kIdleClass << kClassShift;

bool set(int priority) {
  return ::syscall(SYS_ioprio_set, kWhoProcess, kThisThread, priority) == 0;
}

}  // namespace

IdlePriority::IdlePriority() {
  const long now = ::syscall(SYS_ioprio_get, kWhoProcess, kThisThread);
  if (now >= 0 && set(kIdle)) before_ = static_cast<int>(now);
}

IdlePriority::~IdlePriority() {
  if (before_) static_cast<void>(set(*before_));
}

}  // namespace rcopy::io
