// SPDX-License-Identifier: MIT
#include "engine/data_finder.hpp"

#include "io/calls.hpp"

#include <algorithm>
#include <chrono>

namespace rcopy::engine {
namespace {

/// The kernel writes dirty data back after half a minute (vm.dirty_expire_centisecs), and looks every five
/// seconds.
constexpr std::chrono::seconds kWrittenBack{60};

/// By the ctime too, which nobody can set back: what unpacks an archive does so with the mtime.
bool changed_lately(const io::Stat& stat) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return now - std::chrono::nanoseconds{std::max(stat.mtime_ns, stat.ctime_ns)} < kWrittenBack;
}

}  // namespace

std::optional<std::uint64_t> DataFinder::next(std::uint64_t offset_bytes) {
  if (offset_bytes < data_end_bytes_) return offset_bytes;
  const auto begin = io::next_data(file_, offset_bytes);
  if (begin) data_end_bytes_ = io::next_hole(file_, *begin);
  return begin;
}

bool has_reliable_holes(io::File& source, const io::Stat& stat, const io::FsInfo& fs) {
  if (!looks_sparse(stat)) return false;
  const auto dirty = source.is_dirty();
  return dirty.error == 0 && fs.tells_dirty ? !dirty.value : !changed_lately(stat);
}

std::uint64_t data_bytes(io::File& file, std::uint64_t size_bytes) {
  std::uint64_t sum = 0;
  DataFinder data{file};
  for (std::uint64_t at = 0; at < size_bytes; at = data.end_bytes()) {
    const auto begin = data.next(at);
    if (!begin || *begin >= size_bytes || data.end_bytes() <= at) break;
    sum += std::min(data.end_bytes(), size_bytes) - *begin;
  }
  return sum;
}

}  // namespace rcopy::engine
