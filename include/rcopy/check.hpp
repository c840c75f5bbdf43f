// SPDX-License-Identifier: MIT
//
// Reads files back from the medium and compares them with hashes that were taken before: of a list, or of the
// journal. Changes nothing. Reentrant.
#pragma once

#include <rcopy/error.hpp>
#include <rcopy/events.hpp>
#include <rcopy/options.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace rcopy {

enum class Verdict {
  intact,      ///< the medium holds the content that the hash stands for
  different,   ///< it holds other content; in an audit although nobody wrote to the file
  changed,     ///< audit: somebody wrote to it since it was copied, so that it was not read
  no_hash,     ///< audit: a clone that nobody ever read, so that there is nothing to compare with
  missing,
  unreadable,
};

struct CheckedFile {
  std::filesystem::path path;
  Verdict verdict = Verdict::intact;
  std::uint64_t total_bytes = 0;   ///< of those read
  std::string expected_hash = {};  ///< XXH3-128 in hex, as `xxh128sum` prints it
  std::string found_hash = {};     ///< of those read
  std::optional<Error> error = {};  ///< missing and unreadable: why
  std::uint64_t files = 1;          ///< missing in a tree: how many; their names are not known
};

/// Of how many files what is true.
struct CheckSummary {
  std::uint64_t intact = 0;
  std::uint64_t different = 0;
  std::uint64_t changed = 0;
  std::uint64_t no_hash = 0;
  std::uint64_t missing = 0;
  std::uint64_t unreadable = 0;
  std::uint64_t read_bytes = 0;

  void add(const CheckedFile& file);
  [[nodiscard]] std::uint64_t files() const { return intact + different + changed + no_hash + missing + unreadable; }
};

/// Is told of each file, and of what the user should know, by one thread at a time. Must not throw.
class CheckObserver {
 public:
  virtual ~CheckObserver() = default;
  virtual void on_checked(const CheckedFile& file) = 0;
  virtual void on_warning(const Warning& warning) = 0;
  virtual void on_notice(const Notice& notice) = 0;  ///< what only a curious user wants to know
};

struct CheckOptions {
  unsigned jobs = 0;  ///< how many small files are read at once; 0: as many as are fast on most disks
  IoPriority io_priority = IoPriority::usual;
};

struct ExpectedFile {
  std::filesystem::path path;  ///< symlinks are followed
  std::string hash;            ///< 32 hex digits
};

/// Gives one file after the other, nothing after the last; asked by one thread at a time.
using NextExpected = std::function<std::optional<ExpectedFile>()>;

/// Checks all of them, in any order. Throws Error: interrupted; usage for a hash that is none; what `next` throws.
[[nodiscard]] CheckSummary check_files(const NextExpected& next, const CheckOptions& options,
                                       CheckObserver& observer, std::stop_token stop = {});

/// Checks all destinations that the journal knows to be finished, and the files of the trees it has finished files
/// of; where `below` is not empty or "/", those that are `below` or in it. Where there is none, or no journal, that is a
/// warning, and an Error (io) where `below` says what was to be checked. Throws Error: interrupted, journal.
[[nodiscard]] CheckSummary audit(const std::filesystem::path& journal, const std::filesystem::path& below,
                                 const CheckOptions& options, CheckObserver& observer, std::stop_token stop = {});

}  // namespace rcopy
