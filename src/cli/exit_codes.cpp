// SPDX-License-Identifier: MIT
#include "cli/exit_codes.hpp"

#include <algorithm>
#include <array>

namespace rcopy::cli {
namespace {

/// Highest first.
constexpr std::array<ExitCode, 10> kRanking{
    ExitCode::internal, ExitCode::journal,        ExitCode::verify_failed,
    ExitCode::no_space, ExitCode::source_changed, ExitCode::busy,
    ExitCode::failed,   ExitCode::usage,          ExitCode::time_limit,
    ExitCode::success,
};

bool ranks_higher(ExitCode left, ExitCode right) {
  return std::find(kRanking.begin(), kRanking.end(), left) <
         std::find(kRanking.begin(), kRanking.end(), right);
}

}  // namespace

ExitCode exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage: return ExitCode::usage;
    case ErrorCode::io:
    case ErrorCode::not_mounted:
    case ErrorCode::no_reflink: return ExitCode::failed;
    case ErrorCode::busy: return ExitCode::busy;
    case ErrorCode::journal: return ExitCode::journal;
    case ErrorCode::no_space: return ExitCode::no_space;
    case ErrorCode::source_changed: return ExitCode::source_changed;
    case ErrorCode::unexpected_content:
    case ErrorCode::verify_failed: return ExitCode::verify_failed;
    case ErrorCode::interrupted: return ExitCode::time_limit;
    case ErrorCode::internal: break;
  }
  return ExitCode::internal;
}

ExitCode exit_code(const JobSummary& summary) {
  ExitCode worst = summary.lost_attributes ? ExitCode::failed : ExitCode::success;
  for (const Error& error : summary.failed) {
    const ExitCode code = exit_code(error.code());
    if (ranks_higher(code, worst)) worst = code;
  }
  // "Nothing was touched" is no longer true once another file was copied.
  const bool touched = summary.done.files() != 0;
  return worst == ExitCode::usage && touched ? ExitCode::failed : worst;
}

}  // namespace rcopy::cli
