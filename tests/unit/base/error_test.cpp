// SPDX-License-Identifier: MIT
//
// How a failure reads.
#include <rcopy/error.hpp>

#include "support/catch.hpp"

#include <cerrno>
#include <string>

using rcopy::Error;
using rcopy::ErrorCode;

TEST_CASE("an error says operation, path, position and reason in one line") {
  const Error error{{.code = ErrorCode::io,
                     .operation = "read",
                     .path = "/a/b",
                     .offset_bytes = 1048576,
                     .os_error = EIO}};
  CHECK(std::string{error.what()} == "cannot read '/a/b' at byte 1048576: Input/output error");
  CHECK(error.code() == ErrorCode::io);
}

TEST_CASE("words take the place of the system's text") {
  const Error error{{.code = ErrorCode::busy,
                     .operation = "copy to",
                     .path = "x",
                     .os_error = EAGAIN,
                     .reason = "another rcopy is copying to it"}};
  CHECK(std::string{error.what()} == "cannot copy to 'x': another rcopy is copying to it");
}

TEST_CASE("parts of an error that are empty are left out") {
  CHECK(std::string{Error{{.operation = "start", .path = {}, .os_error = ENOMEM}}.what()} ==
        "cannot start: Cannot allocate memory");
  CHECK(std::string{Error{{.operation = "open", .path = "x"}}.what()} == "cannot open 'x'");
  CHECK(std::string{Error{{.operation = {}, .path = {}, .reason = "missing operand"}}.what()} ==
        "missing operand");
  CHECK(std::string{Error{{.operation = {}, .path = "x", .reason = "gone"}}.what()} == "'x': gone");
}

TEST_CASE("an error stays one line whatever the path") {
  const Error error{{.operation = "open", .path = "a\nb\xff", .os_error = ENOENT}};
  CHECK(std::string{error.what()} == "cannot open $'a\\nb\\377': No such file or directory");
}
