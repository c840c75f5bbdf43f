// SPDX-License-Identifier: MIT
//
// What a copy tells while it runs: counters to sample at any time, and rare events with absolute
// totals. The engine never prints; whoever shows progress implements Observer.
#pragma once

#include <rcopy/error.hpp>
#include <rcopy/options.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace rcopy {

enum class Phase : int { idle, checking, copying, syncing, verifying, publishing, waiting };

/// Which file is worked on. Engine threads say so, anybody may look at any time.
class CurrentFile {
 public:
  void set(std::filesystem::path path) {
    const std::lock_guard lock{mutex_};
    path_ = std::move(path);
  }

  /// Of very many files: taken only where somebody has looked since the last one.
  void offer(const std::filesystem::path& directory, const std::filesystem::path& name) {
    if (looked_.load(std::memory_order_relaxed) && looked_.exchange(false)) set(directory / name);
  }

  [[nodiscard]] std::filesystem::path get() const {
    looked_ = true;
    const std::lock_guard lock{mutex_};
    return path_;
  }

 private:
  mutable std::atomic<bool> looked_{true};
  mutable std::mutex mutex_;
  std::filesystem::path path_;
};

/// Absolute totals of the file being copied. Written by the engine, read by anybody at any time;
/// each value is true by itself, two values may be a moment apart.
struct Counters {
  std::atomic<Phase> phase{Phase::idle};
  CurrentFile file;                              ///< the source, in all phases but idle
  std::atomic<std::uint64_t> total_bytes{0};
  std::atomic<std::uint64_t> resumed_bytes{0};   ///< kept from an earlier run or attempt
  std::atomic<std::uint64_t> written_bytes{0};   ///< handed to the file system, from offset 0
  std::atomic<std::uint64_t> same_bytes{0};      ///< of these, there already and left alone (Rewrite)
  std::atomic<std::uint64_t> durable_bytes{0};   ///< known to be on stable storage, from offset 0
  std::atomic<std::uint64_t> to_check_bytes{0};  ///< of the kept part, before it is trusted
  std::atomic<std::uint64_t> checked_bytes{0};   ///< of these, read back so far (phase checking)
  std::atomic<std::uint64_t> verified_bytes{0};  ///< read back so far (phase verifying)
};

/// Absolute totals of the trees of a job, as Counters; of files only.
struct TreeCounters {
  std::atomic<std::uint64_t> found_files{0};  ///< as far as the walk has come
  std::atomic<std::uint64_t> done_files{0};   ///< of these, with whatever outcome
  std::atomic<std::uint64_t> done_bytes{0};   ///< of those copied
  CurrentFile file;                           ///< one of the small files that are copied
};

enum class Outcome {
  copied,      ///< all or the rest of the bytes were copied in this run
  finished,    ///< the bytes were there; this run verified or published them
  up_to_date,  ///< nothing to do
  kept,        ///< what is there was not to be replaced (Update, Ask)
  planned,     ///< it would be copied (Execution::dry)
};

/// How the bytes of a file got where they are.
enum class Method {
  copied,
  cloned,  ///< the copy shares the blocks of its source (Reflink)
  linked,  ///< it is another name of a file that is there already
};

/// What a source is.
enum class Item { file, symlink, special, directory };

/// How a job came to a source.
enum class Found { named, in_tree };

/// What became of one file. `file_hash` is XXH3-128 in hex, as `xxh128sum` prints it; empty for what has no
/// content, is kept or only planned, and for a clone, or a file of a tree that was there, that nobody read.
struct FileSummary {
  std::filesystem::path source;
  std::filesystem::path destination;
  std::filesystem::path named = {};  ///< the destination as the job's names lead there; empty for a device
  Item item = Item::file;
  Found found = Found::named;
  Outcome outcome = Outcome::copied;
  Method method = Method::copied;   ///< in this run
  std::uint64_t total_bytes = 0;
  std::uint64_t resumed_bytes = 0;  ///< where the copying began that led to this result
  std::uint64_t same_bytes = 0;     ///< of the rest, there already and left alone (Rewrite::differing)
  std::string file_hash = {};
  std::string reason = {};               ///< why it is planned, or left alone
  Verify verified = Verify::none;   ///< how the bytes were proven
  unsigned attempts = 1;            ///< 1: the first try was good
  std::chrono::nanoseconds elapsed{0};
};

/// A file begins (again): what will be done, and in words why.
struct TransferStarted {
  std::filesystem::path source;
  std::filesystem::path destination;
  std::uint64_t total_bytes = 0;
  std::uint64_t resume_offset_bytes = 0;
  unsigned attempt = 1;
  std::string plan;  ///< "no earlier copy in the journal", "continuing", ...
};

/// The attempt failed and the file is tried again after `wait`.
struct Retrying {
  Error error;
  unsigned next_attempt = 2;
  unsigned attempts_at_most = 1;
  std::chrono::milliseconds wait{0};
};

/// The copy cannot go on now and will do so by itself when `until` has come about: "'/mnt/stick' is
/// back", "it has finished".
struct Waiting {
  Error error;
  std::string until;
  std::chrono::milliseconds at_most{0};  ///< then it fails with `error`; kForever: never
};

/// Something the user should know that is no failure of a file.
struct Warning {
  std::filesystem::path path;
  std::string text;
};

/// Something only a curious user wants to know (`-v`).
struct Notice {
  std::filesystem::path path;
  std::string text;
};

struct TransferFinished {
  FileSummary summary;
};

/// The file could not be copied. `kept_bytes` of the partial are confirmed for the next run.
struct TransferFailed {
  Error error;
  std::filesystem::path source;
  std::filesystem::path destination;
  std::uint64_t kept_bytes = 0;
  std::uint64_t total_bytes = 0;
  Writing writing = Writing::beside;  ///< in place: what the destination held is lost once a copy began
};

using Event =
    std::variant<TransferStarted, Retrying, Waiting, Warning, Notice, TransferFinished, TransferFailed>;

/// Receives the events of one job. `on_event` may be called from any engine thread but never from
/// two at a time; it must not throw and should return soon, for the copy waits for it.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_event(const Event& event) = 0;

  /// Ask::before_replacing: whether this destination may be replaced. The copy waits for the answer.
  [[nodiscard]] virtual bool may_replace(const std::filesystem::path& /*destination*/) { return true; }

  Counters counters;
  TreeCounters tree;
};

}  // namespace rcopy
