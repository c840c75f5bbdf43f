// SPDX-License-Identifier: MIT
#include "engine/data_finder.hpp"

#include "io/calls.hpp"

#include <chrono>

namespace rcopy::engine {
namespace {

/// The kernel writes dirty data back after half a minute (vm.dirty_expire_centisecs), and looks every five
/// seconds.
constexpr std::chrono::seconds kWrittenBack{60};

bool changed_lately(const io::Stat& stat) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return now - std::chrono::nanoseconds{stat.mtime_ns} < kWrittenBack;
}

}  // namespace

std::optional<std::uint64_t> DataFinder::next(std::uint64_t offset_bytes) {
  if (offset_bytes < data_end_bytes_) return offset_bytes;
  const auto begin = io::next_data(file_, offset_bytes);
  if (begin) data_end_bytes_ = io::next_hole(file_, *begin);
  return begin;
}

bool has_reliable_holes(io::File& source, const io::Stat& stat) {
  if (!looks_sparse(stat)) return false;
  const auto dirty = source.is_dirty();
  return dirty.error == 0 ? !dirty.value : !changed_lately(stat);
}

}  // namespace rcopy::engine
