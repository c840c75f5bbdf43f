// SPDX-License-Identifier: MIT
#include "ui/rate_meter.hpp"

namespace rcopy::ui {
namespace {

constexpr std::chrono::seconds kWindow{4};
constexpr std::chrono::milliseconds kShortest{400};  // below this one block more or less decides

}  // namespace

void RateMeter::add(TimePoint now, std::uint64_t total_bytes) {
  if (!samples_.empty() && total_bytes < samples_.back().total_bytes) reset();
  samples_.push_back({now, total_bytes});
  // The oldest sample kept is the first one outside the window, so the window stays full.
  while (samples_.size() > 2 && now - samples_[1].at >= kWindow) samples_.pop_front();
}

Rate RateMeter::rate() const {
  if (samples_.empty()) return {};
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  if (last.at - first.at < kShortest) return {};
  return {last.total_bytes - first.total_bytes, last.at - first.at};
}

}  // namespace rcopy::ui
