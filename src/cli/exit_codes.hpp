// SPDX-License-Identifier: MIT
//
// What the program's exit code says. Scripts depend on these numbers: they never change meaning.
#pragma once

#include <rcopy/copy.hpp>
#include <rcopy/error.hpp>

namespace rcopy::cli {

/// Ended by signal N is not among them: the process then dies by the signal itself, which the
/// shell shows as 128+N. So what was interrupted and has an exit code was so by the time limit.
enum class ExitCode : int {
  success = 0,         ///< everything copied and verified, or already up to date
  failed = 1,          ///< a file could not be copied; for several: some failed
  usage = 2,           ///< nothing was touched
  verify_failed = 3,   ///< in every attempt, or the source is not what was expected; the old destination is untouched
  source_changed = 4,  ///< while it was copied, in every attempt
  busy = 5,            ///< another rcopy works on this destination
  journal = 6,         ///< the journal cannot be used
  no_space = 7,        ///< or no quota, on the destination
  time_limit = 8,      ///< --max-duration is over, the position is saved
  internal = 70,       ///< a bug in rcopy
};

inline constexpr int kSignalled = 128;  ///< and the signal is what a shell shows

[[nodiscard]] ExitCode exit_code(ErrorCode code);

/// For a whole job: of several failures the one that ranks highest.
[[nodiscard]] ExitCode exit_code(const JobSummary& summary);

}  // namespace rcopy::cli
