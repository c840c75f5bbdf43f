// SPDX-License-Identifier: MIT
//
// Reads many files back from the medium and compares each with the hash it should have: what an audit and the check
// of a list have in common. Small files are read at once, large ones one after the other, for each of these has
// several reads in flight of its own.
#pragma once

#include "engine/uncached.hpp"
#include "hash/hasher.hpp"
#include "io/file_system.hpp"

#include <rcopy/check.hpp>

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>

namespace rcopy::engine {

/// A file as the one who asks knows it.
struct CheckTask {
  std::filesystem::path path;
  io::Links links = io::Links::nofollow;
  std::optional<hash::Digest> expected = std::nullopt;
  std::uint64_t device_bytes = 0;  ///< of a device, which may hold more
  /// Whether it is still the file that the hash was taken of; none: whatever has the name is. Throws Error where it
  /// cannot be told.
  using IsSame = std::function<bool(io::Directory&, const io::Stat&)>;
  IsSame is_same = nullptr;
};

/// Whether the file is not there, or what it is on.
[[nodiscard]] bool is_missing(const Error& error);

/// The next file, nothing after the last; called by one thread at a time.
using NextCheck = std::function<std::optional<CheckTask>()>;

class MediumCheck {
 public:
  MediumCheck(io::FileSystem& fs, const CheckOptions& options, CheckObserver& observer, std::stop_token stop);

  /// Returns when all are checked. Throws Error (interrupted), and what `next` throws.
  void run(const NextCheck& next);

  /// For who gives tasks and finds that something is wrong already.
  void report(const CheckedFile& file);

  [[nodiscard]] const CheckSummary& summary() const { return summary_; }

 private:
  void work(const NextCheck& next, const std::stop_token& ended);
  [[nodiscard]] std::optional<CheckTask> take(const NextCheck& next);
  [[nodiscard]] CheckedFile check(const CheckTask& task, std::span<std::byte> buffer);
  void look_at(const CheckTask& task, std::span<std::byte> buffer, CheckedFile& checked);
  [[nodiscard]] std::optional<hash::Digest> read(const FileName& name, io::File& file, const io::Stat& found,
                                                 std::span<std::byte> buffer);
  [[nodiscard]] std::optional<hash::Digest> read_opened(io::File& file, const io::Stat& found,
                                                        std::span<std::byte> buffer);

  io::FileSystem& fs_;
  CheckOptions options_;
  CheckObserver& observer_;
  std::stop_token stop_;
  std::mutex next_mutex_;
  std::mutex report_mutex_;
  std::mutex large_mutex_;  ///< held while a large file is read
  std::atomic<bool> told_refused_{false};
  CheckSummary summary_;
};

}  // namespace rcopy::engine
