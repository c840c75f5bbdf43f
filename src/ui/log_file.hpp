// SPDX-License-Identifier: MIT
//
// A file that lines are appended to, also by several processes at once. What cannot be written is remembered and
// stops nobody. Not shared.
#pragma once

#include <rcopy/error.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace rcopy::ui {

/// The operation of an Error that says what the log lacks.
inline constexpr const char* kWriteLog = "write the log";

class LogFile {
 public:
  /// Makes the file where it is missing, with the mode that the umask gives. Throws Error (usage).
  explicit LogFile(std::filesystem::path path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  /// Appends `line` and a line feed by one call, so that lines of other processes come before or after it.
  void append(std::string line);

  /// Network file systems tell only here what they lost. What is appended later is dropped.
  void close();

  /// Why the first of the lines that are missing is missing.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  void failed(int os_error);

  std::filesystem::path path_;
  int descriptor_;
  std::optional<Error> failure_;
  bool torn_ = false;  ///< what is there ends within a line of ours
};

}  // namespace rcopy::ui
