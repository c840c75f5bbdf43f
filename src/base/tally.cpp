// SPDX-License-Identifier: MIT
#include <rcopy/copy.hpp>

#include <algorithm>

namespace rcopy {

void Tally::add(const FileSummary& file) {
  if (file.item == Item::directory) return;
  switch (file.outcome) {
    case Outcome::up_to_date: ++up_to_date; return;
    case Outcome::kept: ++kept; return;
    case Outcome::planned:
      ++planned;
      bytes += file.total_bytes;
      return;
    case Outcome::copied:
    case Outcome::finished: break;
  }
  ++copied;
  bytes += file.total_bytes;
  if (file.outcome == Outcome::copied && file.method == Method::copied) {
    moved_bytes += file.total_bytes - std::min(file.resumed_bytes, file.total_bytes);
  }
}

}  // namespace rcopy
