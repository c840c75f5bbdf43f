// SPDX-License-Identifier: MIT
//
// Continues what the journal has as unfinished.
#pragma once

#include <rcopy/copy.hpp>
#include <rcopy/journal.hpp>

#include <stop_token>
#include <string>
#include <vector>

namespace rcopy::cli {

/// What is to be done about a row, with the options that it was begun with and then those of this command line.
struct Continued {
  Job job;
  Options options;
};
/// Throws Error (usage) where its options cannot be had again.
[[nodiscard]] Continued continued(const JournalRecord& record, const std::vector<std::string>& words,
                                  const Options& now);

/// One after the other: trees first, which continue the files in them. Throws Error (journal).
[[nodiscard]] JobSummary resume_all(const std::vector<std::string>& words, const Options& now, Observer& observer,
                                    const std::stop_token& stop);

}  // namespace rcopy::cli
