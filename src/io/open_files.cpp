// SPDX-License-Identifier: MIT
#include "io/open_files.hpp"

#include <algorithm>
#include <sys/resource.h>

namespace rcopy::io {

std::size_t raise_open_files_limit() {
  constexpr rlim_t kUsual = 1024;
  constexpr rlim_t kPlenty = 65536;  // what uses more than rcopy does, like select(2), is not put to the test
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kUsual;
  const rlim_t wanted = std::min(limit.rlim_max, kPlenty);
  if (limit.rlim_cur >= wanted) return static_cast<std::size_t>(std::min(limit.rlim_cur, kPlenty));
  const struct rlimit raised {.rlim_cur = wanted, .rlim_max = limit.rlim_max};
  return static_cast<std::size_t>(::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? wanted : limit.rlim_cur);
}

}  // namespace rcopy::io
