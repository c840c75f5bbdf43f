// SPDX-License-Identifier: MIT
#include "cli/failure_text.hpp"

#include "base/text.hpp"
#include "ui/log_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace rcopy::cli {
namespace {

constexpr const char* kProgram = "rcopy: ";

/// What to do about an errno first. `then_again`: after that the same command can do better;
/// otherwise it takes another command.
struct Remedy {
  int os_error;
  enum { then_again, other_command } after;
  const char* text;
};

constexpr std::array<Remedy, 20> kRemedies{{
    {EAGAIN, Remedy::then_again, "raise the limit of processes (ulimit -u)"},
    {ENOMEM, Remedy::then_again, "free some memory"},
    {EACCES, Remedy::then_again, "check the permissions"},
    {EPERM, Remedy::then_again, "check the permissions"},
    {EBUSY, Remedy::then_again, "unmount it or end what uses it"},
    {EMFILE, Remedy::then_again, "raise the limit of open files (ulimit -n)"},
    {ENODEV, Remedy::then_again, "check the device"},
    {ENXIO, Remedy::then_again, "check the device"},
    {ENOMEDIUM, Remedy::then_again, "check the device"},
    {ETIMEDOUT, Remedy::then_again, "check the connection"},
    {ESTALE, Remedy::then_again, "check the connection"},
    {ENOTCONN, Remedy::then_again, "check the connection"},
    {ENOENT, Remedy::other_command, "check the name"},
    {ENOTDIR, Remedy::other_command, "check the name"},
    {EISDIR, Remedy::other_command, "name a regular file"},
    {ELOOP, Remedy::other_command, "check the symbolic links"},
    {ENAMETOOLONG, Remedy::other_command, "choose a shorter name"},
    {EROFS, Remedy::then_again, "make the file system writable"},
    {EFBIG, Remedy::other_command,
     "the destination's file system or ulimit -f does not allow a file of this size"},
    {ETXTBSY, Remedy::other_command, "end the program that is running from it"},
}};

struct Kept {
  std::uint64_t bytes;
  NextRun next;
  Writing writing = Writing::beside;
};

std::string run_again(const Kept& kept) {
  const std::string position = base::format_bytes(kept.bytes);
  if (kept.bytes == 0 || kept.next == NextRun::starts_over) return "run the same command again";
  if (kept.next == NextRun::would_continue_without_resume_never) {
    return "run it again without --resume=never to continue at " + position;
  }
  return "run the same command again to continue at " + position;
}

std::string io_advice(const ErrorInfo& info, const Kept& kept) {
  const auto remedy = std::find_if(kRemedies.begin(), kRemedies.end(), [&info](const Remedy& one) {
    return one.os_error == info.os_error;
  });
  if (remedy != kRemedies.end()) {
    return remedy->after == Remedy::other_command
               ? remedy->text
               : std::string{remedy->text} + ", then " + run_again(kept);
  }
  // No system call failed and nothing was begun: the reason says what is wrong with the file.
  return info.os_error == 0 && kept.bytes == 0 ? "" : run_again(kept);
}

/// No copy depends on it.
std::string log_advice(const ErrorInfo& info) {
  const bool full = info.os_error == ENOSPC || info.os_error == EDQUOT;
  return std::string{"what was copied is not affected; "} + (full ? "free some space for the log" : "check where the log is");
}

/// What the destination holds after content that was not as it should be.
std::string what_it_holds(const Kept& kept) {
  return kept.writing == Writing::in_place ? "the destination holds these bytes, do not use it"
                                           : "nothing was replaced";
}

/// What to do next; the one switch over the kinds of failure.
std::string advice(const ErrorInfo& info, const Kept& kept) {
  switch (info.code) {
    case ErrorCode::usage: return info.os_error == 0 ? "" : io_advice(info, kept);
    case ErrorCode::io: return info.operation == ui::kWriteLog ? log_advice(info) : io_advice(info, kept);
    case ErrorCode::not_mounted:
      return "mount it, then " + run_again(kept) +
             ", or use --resume=never to copy to what is there now";
    case ErrorCode::busy: return "wait until it has finished, then run the same command again";
    case ErrorCode::journal:
      return "name another with --journal=PATH, or copy without one with --no-journal";
    case ErrorCode::no_space:
      if (info.os_error == EFBIG) return "name a larger device";
      return (info.os_error == EDQUOT ? "free some space or raise the quota, then "
                                      : "free some space, then ") +
             run_again(kept);
    case ErrorCode::no_reflink: return "use --reflink=auto to copy the bytes";
    case ErrorCode::source_changed: return "copy it again when nothing writes to it";
    case ErrorCode::unexpected_content: return what_it_holds(kept) + "; check the source, and the hash";
    case ErrorCode::verify_failed: return what_it_holds(kept) + "; try another device, port or cable";
    case ErrorCode::interrupted: return run_again(kept);
    case ErrorCode::internal: break;
  }
  return "this is a bug in rcopy, please report it";
}

std::string with_advice(const std::string& text, const std::string& advice) {
  return advice.empty() ? text : text + "; " + advice;
}

}  // namespace

NextRun next_run(const Options& options) {
  if (!options.journal) return NextRun::starts_over;
  return options.resume == Resume::never ? NextRun::would_continue_without_resume_never
                                         : NextRun::continues;
}

std::string failure_line(const TransferFailed& failed, NextRun next) {
  const ErrorInfo& info = failed.error.info();
  const std::string subject =
      info.path.empty() && !info.operation.empty() && !failed.destination.empty()
          ? base::quoted(failed.destination) + ": "
          : std::string{};
  return kProgram +
         with_advice(subject + failed.error.what(), advice(info, Kept{failed.kept_bytes, next, failed.writing}));
}

std::string stopped_line(const TransferFailed& failed, NextRun next, const std::string& by) {
  std::string line = kProgram + base::quoted(failed.destination) + ": stopped";
  if (!by.empty()) line += " by " + by;
  const bool complete = failed.kept_bytes != 0 && failed.kept_bytes == failed.total_bytes;
  if (complete) {
    line += " with all " + base::format_bytes(failed.total_bytes) + " copied";
  } else if (failed.total_bytes != 0) {
    line += " at " + base::format_bytes(failed.kept_bytes) + " of " +
            base::format_bytes(failed.total_bytes);
  }
  const bool mixed = failed.writing == Writing::in_place && failed.kept_bytes != 0 && !complete;
  if (mixed) line += ", which leaves it a mixture of old and new";
  if (failed.kept_bytes == 0 || next == NextRun::starts_over) {
    return line + "; run the same command again to start over";
  }
  if (next == NextRun::would_continue_without_resume_never) {
    return line + "; run it again without --resume=never to continue there";
  }
  return line + (complete ? "; run the same command again to verify and finish"
                          : "; run the same command again to continue there");
}

std::string without_program(const std::string& line) { return line.substr(std::string_view{kProgram}.size()); }

std::string failure_line(const Error& error) {
  return kProgram + with_advice(error.what(), advice(error.info(), Kept{0, NextRun::starts_over}));
}

}  // namespace rcopy::cli
