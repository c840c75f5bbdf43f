// SPDX-License-Identifier: MIT
#include "io/page_cache.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace rcopy::io {
namespace {

/// mincore(2) tells only owners and writers the truth; to others all is there.
[[nodiscard]] bool may_ask_cache(int fd, const struct stat& found) {
  if (::geteuid() == 0 || found.st_uid == ::geteuid()) return true;
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
}

}  // namespace

// By mincore(2) of a mapping that cannot be touched; cachestat(2) would be one call, but only since
// Linux 6.5.
Result<bool> cached_pages(int fd, Extent extent) {
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  struct stat found {};
  if (::fstat(fd, &found) != 0) return {.value = false, .error = errno};
  if (!may_ask_cache(fd, found)) return {.value = false, .error = EPERM};
  const bool device = S_ISBLK(found.st_mode);  // whose st_size is 0
  const auto size =
      device ? extent.offset_bytes + extent.length_bytes : static_cast<std::uint64_t>(found.st_size);
  const std::uint64_t begin = extent.offset_bytes / page_bytes * page_bytes;
  const std::uint64_t end = extent.length_bytes == 0 ? size : std::min(size, extent.offset_bytes + extent.length_bytes);
  if (begin >= end) return {.value = true};
  const auto length = static_cast<std::size_t>(end - begin);
  void* const mapped = ::mmap(nullptr, length, PROT_NONE, MAP_SHARED, fd, static_cast<off_t>(begin));
  if (mapped == MAP_FAILED) return {.value = false, .error = errno};
  std::vector<unsigned char> pages((length + page_bytes - 1) / page_bytes);
  const int error = ::mincore(mapped, length, pages.data()) == 0 ? 0 : errno;
  (void)::munmap(mapped, length);
  const bool all = std::all_of(pages.begin(), pages.end(), [](unsigned char page) { return (page & 1U) != 0; });
  return {.value = error == 0 && all, .error = error};
}

// By cachestat(2), which glibc has no function for.
Result<bool> dirty_pages(int fd) {
  constexpr long kCachestat = 451;
  struct {
    std::uint64_t offset_bytes = 0;
    std::uint64_t length_bytes = 0;  // to the end
  } range;
  struct {
    std::uint64_t cached, dirty, in_write_back, evicted, recently_evicted;
  } pages{};
  if (::syscall(kCachestat, fd, &range, &pages, 0U) != 0) return {.value = false, .error = errno};
  return {.value = pages.dirty + pages.in_write_back > 0};
}

}  // namespace rcopy::io
