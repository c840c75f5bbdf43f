// SPDX-License-Identifier: MIT
//
// measure FILE COMMAND...: runs COMMAND and appends a line to FILE: when it began and ended (seconds of
// the monotonic clock), its processor time in seconds, the most memory that was resident in KiB, and
// COMMAND's name. Ends as COMMAND did. Several may write to one FILE at once. For bench.sh.
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <unistd.h>

namespace {

double now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

int fail(std::string_view what, int error) {
  std::fprintf(stderr, "measure: %s: %s\n", what.data(), std::strerror(error));
  return 127;
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) return fail("usage: measure FILE COMMAND...", EINVAL);
  const int file = open(words[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return fail(words[1], errno);

  pid_t child = 0;
  const double begun = now();
  const int error = posix_spawnp(&child, words[2], nullptr, nullptr, words + 2, environ);
  if (error != 0) return fail(words[2], error);
  int status = 0;
  rusage used{};
  while (wait4(child, &status, 0, &used) < 0) {
    if (errno != EINTR) return fail("wait4", errno);
  }
  const double ended = now();

  // One write: lines of processes that end together must not mix.
  if (dprintf(file, "%.6f %.6f %.6f %ld %s\n", begun, ended, seconds(used.ru_utime) + seconds(used.ru_stime),
              used.ru_maxrss, words[2]) < 0) {
    return fail(words[1], errno);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
