// SPDX-License-Identifier: MIT
//
// What fails, and why. Every failure that ends a copy is an rcopy::Error; normal outcomes (already
// up to date, the hash differs, direct I/O refused) are return values. Immutable; any thread.
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>

namespace rcopy {

/// The kinds of failure a caller can act on. The program gives each its own exit code.
enum class ErrorCode {
  usage,           ///< what was asked for makes no sense; nothing was touched
  io,              ///< a system call failed, a file is missing, or a permission is
  not_mounted,     ///< the destination is not on the file system the copy was begun on
  busy,            ///< another rcopy works on this destination
  journal,         ///< the journal cannot be used
  no_space,        ///< no space or no quota on the destination; the partial is kept
  no_reflink,      ///< Reflink::always, and the source cannot be cloned to the destination
  source_changed,  ///< the source changed while it was copied, in every attempt
  unexpected_content,  ///< the source is not what the caller expects (Options::expected_hash)
  verify_failed,   ///< the medium gave back other bytes, in every attempt
  interrupted,     ///< stop was requested; the position is saved
  internal,        ///< a bug in rcopy
};

/// The parts of a failure. `operation` completes "cannot ..." ("read", "create the directory").
struct ErrorInfo {
  ErrorCode code = ErrorCode::internal;
  std::string operation;
  std::filesystem::path path = {};
  std::optional<std::uint64_t> offset_bytes = std::nullopt;
  int os_error = 0;         ///< errno, 0 where no system call failed
  std::string reason = {};  ///< in words; where empty, the text of `os_error` stands for it
};

class Error : public std::exception {
 public:
  explicit Error(ErrorInfo info);

  [[nodiscard]] const ErrorInfo& info() const noexcept { return info_; }
  [[nodiscard]] ErrorCode code() const noexcept { return info_.code; }

  /// One line: "cannot read '/a/b' at byte 1048576: Input/output error". Control characters and
  /// bytes that are not UTF-8 in the path are escaped.
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  ErrorInfo info_;
  std::string text_;
};

}  // namespace rcopy
