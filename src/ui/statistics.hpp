// SPDX-License-Identifier: MIT
//
// What a run did, in figures. Not shared: whoever receives the events owns it.
#pragma once

#include <rcopy/copy.hpp>
#include <rcopy/events.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace rcopy::ui {

struct Statistics {
  Tally files;
  std::uint64_t failed = 0;       ///< without what a stop cut short
  std::uint64_t found_files = 0;  ///< at least those with an outcome; more where a tree was not finished

  /// Each byte of a file with an outcome is in one of these.
  std::uint64_t transferred_bytes = 0;  ///< from source to destination, in this run
  std::uint64_t resumed_bytes = 0;      ///< by an earlier run
  std::uint64_t same_bytes = 0;         ///< there already and left alone: of whole files, or of blocks (Rewrite)
  std::uint64_t shared_bytes = 0;       ///< of clones; links have no bytes of their own
  std::uint64_t planned_bytes = 0;      ///< Execution::dry

  /// Of the copied files that have content of their own, how it was proven.
  std::uint64_t verified_from_medium = 0;
  std::uint64_t verified_from_cache = 0;
  std::uint64_t not_verified = 0;

  void add(const Event& event);
  [[nodiscard]] std::uint64_t total_bytes() const {
    return transferred_bytes + resumed_bytes + same_bytes + shared_bytes + planned_bytes;
  }

 private:
  void add(const FileSummary& file);
  void add_copied(const FileSummary& file);
};

/// Of several lines, for --stats.
[[nodiscard]] std::string statistics_text(const Statistics& statistics, const PhaseTimes& times,
                                          std::chrono::nanoseconds elapsed);

}  // namespace rcopy::ui
