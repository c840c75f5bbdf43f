// SPDX-License-Identifier: MIT
#include "ui/rate_meter.hpp"

#include <algorithm>

namespace rcopy::ui {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kShown{4};
constexpr seconds kAveraged{30};
constexpr milliseconds kShortest{400};  // below this one block more or less decides

}  // namespace

void RateMeter::reset() {
  samples_.clear();
  seconds_.clear();
}

void RateMeter::add(TimePoint now, std::uint64_t total) {
  if (!samples_.empty() && total < samples_.back().total) reset();
  if (samples_.empty()) second_begun_ = {now, total};
  samples_.push_back({now, total});
  while (samples_.size() > 2 && now - samples_[1].at >= kAveraged) samples_.pop_front();

  // Samples do not come by the second: what came in between is spread over the time it took.
  const milliseconds past = std::chrono::duration_cast<milliseconds>(now - second_begun_.at);
  if (past < seconds{1}) return;
  const auto each = static_cast<std::uint64_t>(static_cast<double>(total - second_begun_.total) * 1000.0 /
                                               static_cast<double>(past.count()));
  const auto count = std::min<std::size_t>(static_cast<std::size_t>(past / seconds{1}), kHistorySeconds);
  seconds_.insert(seconds_.end(), count, each);
  while (seconds_.size() > kHistorySeconds) seconds_.pop_front();
  second_begun_ = {now, total};
}

Rate RateMeter::rate() const { return since(kShown); }

Rate RateMeter::average() const { return since(kAveraged); }

/// From the youngest sample that is so old: so the window stays full.
Rate RateMeter::since(seconds ago) const {
  if (samples_.empty()) return {};
  const Sample& last = samples_.back();
  const Sample* first = &samples_.front();
  for (const Sample& one : samples_) {
    if (last.at - one.at < ago) break;
    first = &one;
  }
  if (last.at - first->at < kShortest) return {};
  return {last.total - first->total, last.at - first->at};
}

}  // namespace rcopy::ui
