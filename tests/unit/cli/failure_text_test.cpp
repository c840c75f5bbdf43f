// SPDX-License-Identifier: MIT
//
// One line for a failure: what, which path, why, what next.
#include "cli/failure_text.hpp"
#include "support/catch.hpp"

#include <cerrno>
#include <string>

using namespace rcopy;
using namespace rcopy::cli;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

TransferFailed failed(ErrorInfo info, std::uint64_t kept_bytes = 0) {
  return {.error = Error{std::move(info)},
          .source = "src",
          .destination = "dst",
          .kept_bytes = kept_bytes,
          .total_bytes = 3 * kGiB};
}

std::string line(ErrorInfo info, std::uint64_t kept_bytes = 0) {
  return failure_line(failed(std::move(info), kept_bytes), NextRun::continues);
}

ErrorInfo io_error(int os_error) {
  return {.code = ErrorCode::io, .operation = "open", .path = "/a/b", .os_error = os_error};
}

TransferFailed stopped(std::uint64_t kept_bytes) {
  return failed({.code = ErrorCode::interrupted, .operation = "copy", .path = "dst"}, kept_bytes);
}

}  // namespace

TEST_CASE("an error that passes says where the same command continues") {
  const ErrorInfo info{.code = ErrorCode::io,
                       .operation = "read",
                       .path = "/a/b",
                       .offset_bytes = 123,
                       .os_error = EIO};
  CHECK(line(info, kGiB) ==
        "rcopy: cannot read '/a/b' at byte 123: Input/output error; run the same command again to "
        "continue at 1.0 GiB");
  CHECK(line(info) ==
        "rcopy: cannot read '/a/b' at byte 123: Input/output error; run the same command again");
}

TEST_CASE("continuing is promised only where the same command does it") {
  const TransferFailed event = failed(io_error(EIO), kGiB);
  CHECK(failure_line(event, NextRun::starts_over) ==
        "rcopy: cannot open '/a/b': Input/output error; run the same command again");
  CHECK(failure_line(event, NextRun::would_continue_without_resume_never) ==
        "rcopy: cannot open '/a/b': Input/output error; run it again without --resume=never to "
        "continue at 1.0 GiB");
  CHECK(next_run({.journal = "j"}) == NextRun::continues);
  CHECK(next_run({}) == NextRun::starts_over);
  CHECK(next_run({.journal = "j", .resume = Resume::never}) ==
        NextRun::would_continue_without_resume_never);
}

TEST_CASE("what has to be mended first is said first") {
  CHECK(line(io_error(EACCES)) ==
        "rcopy: cannot open '/a/b': Permission denied; check the permissions, then run the same "
        "command again");
  CHECK(line(io_error(ENOENT)) ==
        "rcopy: cannot open '/a/b': No such file or directory; check the name");
  CHECK(
      line(io_error(EFBIG), kGiB) ==
      "rcopy: cannot open '/a/b': File too large; the destination's file system or ulimit -f does "
      "not allow a file of this size");
  CHECK(line({.code = ErrorCode::no_space, .operation = "write", .path = "d", .os_error = ENOSPC},
             kGiB) ==
        "rcopy: cannot write 'd': No space left on device; free some space, then run the same "
        "command again to continue at 1.0 GiB");
  CHECK(
      line({.code = ErrorCode::no_space, .operation = "write", .path = "d", .os_error = EDQUOT}) ==
      "rcopy: cannot write 'd': Disk quota exceeded; free some space or raise the quota, then "
      "run the same command again");
  CHECK(line({.code = ErrorCode::busy, .operation = "copy to", .path = "d", .reason = "busy"},
             kGiB) ==
        "rcopy: cannot copy to 'd': busy; wait until it has finished, then run the same command "
        "again");
}

TEST_CASE("a file that cannot be copied at all gets no advice to try again") {
  CHECK(line({.code = ErrorCode::io, .operation = "copy", .path = "p", .reason = "it is a FIFO"}) ==
        "rcopy: cannot copy 'p': it is a FIFO");
}

TEST_CASE("who cannot clone is told what can be done instead") {
  CHECK(line({.code = ErrorCode::no_reflink, .operation = "clone", .path = "/a/b", .os_error = EXDEV}) ==
        "rcopy: cannot clone '/a/b': Invalid cross-device link; use --reflink=auto to copy the bytes");
}

TEST_CASE("a failure that names no path is told with the destination") {
  CHECK(line({.code = ErrorCode::verify_failed, .operation = "verify the copy", .path = {}}) ==
        "rcopy: 'dst': cannot verify the copy; nothing was replaced; try another device, port or "
        "cable");
}

TEST_CASE("content that nobody expects is the source's or the hash's fault") {
  const ErrorInfo info{.code = ErrorCode::unexpected_content, .operation = "copy", .path = "src", .reason = "why"};
  CHECK(line(info) == "rcopy: cannot copy 'src': why; nothing was replaced; check the source, and the hash");
}

TEST_CASE("every kind of failure is one line that begins with the program's name") {
  for (const ErrorCode code :
       {ErrorCode::usage, ErrorCode::io, ErrorCode::busy, ErrorCode::journal, ErrorCode::no_space,
        ErrorCode::no_reflink, ErrorCode::source_changed, ErrorCode::verify_failed, ErrorCode::unexpected_content,
        ErrorCode::interrupted, ErrorCode::internal}) {
    const ErrorInfo info{.code = code, .operation = "copy", .path = "a\nb", .reason = "why"};
    for (const std::string& text : {line(info), line(info, kGiB), failure_line(Error{info})}) {
      CAPTURE(text);
      CHECK(text.rfind("rcopy: cannot copy $'a\\nb': why", 0) == 0);
      CHECK(text.find('\n') == std::string::npos);
    }
  }
}

TEST_CASE("a failure of the whole job says what to do") {
  CHECK(failure_line(Error{{.code = ErrorCode::journal,
                            .operation = "open the journal",
                            .path = "/j.db",
                            .os_error = EACCES}}) ==
        "rcopy: cannot open the journal '/j.db': Permission denied; name another with "
        "--journal=PATH, or copy without one with --no-journal");
}

TEST_CASE("a stop says where, and that the same command continues") {
  CHECK(stopped_line(stopped(kGiB), NextRun::continues, "SIGINT") ==
        "rcopy: 'dst': stopped by SIGINT at 1.0 GiB of 3.0 GiB; run the same command again to "
        "continue there");
  CHECK(stopped_line(stopped(3 * kGiB), NextRun::continues, "SIGTERM") ==
        "rcopy: 'dst': stopped by SIGTERM with all 3.0 GiB copied; run the same command again to "
        "verify and finish");
  CHECK(stopped_line(stopped(kGiB), NextRun::would_continue_without_resume_never, "") ==
        "rcopy: 'dst': stopped at 1.0 GiB of 3.0 GiB; run it again without --resume=never to "
        "continue there");
  CHECK(stopped_line(stopped(0), NextRun::continues, "SIGINT") ==
        "rcopy: 'dst': stopped by SIGINT at 0 B of 3.0 GiB; run the same command again to start "
        "over");
  CHECK(stopped_line(stopped(kGiB), NextRun::continues, "--max-duration=2s") ==
        "rcopy: 'dst': stopped by --max-duration=2s at 1.0 GiB of 3.0 GiB; run the same command again to "
        "continue there");
  TransferFailed in_place = stopped(kGiB);
  in_place.writing = Writing::in_place;
  CHECK(stopped_line(in_place, NextRun::continues, "SIGINT") ==
        "rcopy: 'dst': stopped by SIGINT at 1.0 GiB of 3.0 GiB, which leaves it a mixture of old and new; "
        "run the same command again to continue there");
  CHECK(stopped_line(stopped(kGiB), NextRun::starts_over, "SIGINT") ==
        "rcopy: 'dst': stopped by SIGINT at 1.0 GiB of 3.0 GiB; run the same command again to "
        "start over");
}
