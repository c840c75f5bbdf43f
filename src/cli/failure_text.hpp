// SPDX-License-Identifier: MIT
//
// How a failure reads: what could not be done, with which path, why, and what to do next, in one
// line. The only place of the program that turns an Error into text for people.
#pragma once

#include <rcopy/events.hpp>
#include <rcopy/options.hpp>

#include <string>

namespace rcopy::cli {

/// What the same command will do with what this run kept.
enum class NextRun {
  continues,
  would_continue_without_resume_never,
  starts_over,
};

[[nodiscard]] NextRun next_run(const Options& options);

/// "rcopy: cannot read '/a/b' at byte 123: Input/output error; run the same command again to
/// continue at 1.0 GiB".
[[nodiscard]] std::string failure_line(const TransferFailed& failed, NextRun next);

/// "rcopy: '/a/b': stopped by SIGINT at 1.2 GiB of 3.4 GiB; run the same command again to continue
/// there". `by` may be empty.
[[nodiscard]] std::string stopped_line(const TransferFailed& failed, NextRun next, const std::string& by);

/// The line without "rcopy: ", for where it says so itself.
[[nodiscard]] std::string without_program(const std::string& line);

/// For what ended the whole job before any file was touched.
[[nodiscard]] std::string failure_line(const Error& error);

}  // namespace rcopy::cli
