// SPDX-License-Identifier: MIT
//
// The engine between a disk double and a real journal: one copy of "/src/a" to "/dst/a" as often
// as a test likes, and what must hold after each. One thread.
#pragma once

#include "engine/transfer.hpp"
#include "support/memory_disk.hpp"
#include "support/recording_observer.hpp"
#include "support/seam_vfs.hpp"
#include "support/temp_dir.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace rcopy::test {

inline constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

/// What one run of a copy gave: a summary or an error.
struct Copied {
  std::optional<FileSummary> summary;
  std::optional<Error> error;

  [[nodiscard]] bool done() const { return summary.has_value(); }
  [[nodiscard]] bool failed_with(ErrorCode code) const { return error && error->code() == code; }
};

enum class JournalOn {
  real_files,  ///< of this computer: a power cut of the disk double spares them
  crash_disk,  ///< the same disk as source and destination
};

/// What a power cut takes of a journal on the crash disk.
enum class JournalLoss {
  as_the_disk,
  nothing,  ///< the kernel wrote it back just before: it may claim too much, never too little
};

class CopyRig {
 public:
  explicit CopyRig(DiskSettings settings = {}, JournalOn where = JournalOn::real_files);
  /// As `at_rest`, whose disk and journal are on a crash disk in the state that MemoryDisk asks
  /// for, with a disk and a journal of its own.
  CopyRig(const CopyRig& at_rest, Seed seed);

  /// One run of the program: opens the journal, copies, closes it. Waits between attempts are 0.
  Copied copy(io::FileSystem& through, std::stop_token stop = {});
  Copied copy() { return copy(disk); }

  /// The row of the destination, read from the journal as another program would.
  [[nodiscard]] std::optional<journal::Row> row() const;

  /// Writes a row as an earlier run would have.
  void put_row(journal::Row row) const;

  [[nodiscard]] std::filesystem::path journal_path() const { return *directory_ / "journal.db"; }

  /// The power of the crash disk comes back, and nothing of the old run is in memory any more.
  void restore_power(Loss loss, JournalLoss journal_loss = JournalLoss::as_the_disk);

  /// SQLite's way to a journal on the crash disk.
  [[nodiscard]] SeamVfs& vfs() { return *vfs_; }

  MemoryDisk disk;
  Options options;
  engine::SyncRhythm rhythm{.every_bytes = 2 * kMiB, .not_durable_at_most_bytes = 4 * kMiB, .record_every = {}};
  std::unique_ptr<RecordingObserver> observer = std::make_unique<RecordingObserver>();  ///< of the last run
  Target target = Target::automatic;
  bool answer = true;  ///< of the observer, where it is asked
  std::function<void()> journal_opened = [] {};  ///< called by each copy()

 private:
  [[nodiscard]] const char* vfs_name() const { return vfs_ ? vfs_->name() : nullptr; }

  /// Where rcopy looks for the journal. One on a crash disk has only its directory's lock here.
  std::shared_ptr<TempDir> directory_;
  std::unique_ptr<SeamVfs> vfs_;
};

inline const std::filesystem::path kSource = "/src/a";
inline const std::filesystem::path kDestination = "/dst/a";
inline const std::filesystem::path kPartial = "/dst/.a.rcopy-part";

/// The hash of the first `size_bytes` bytes, as the journal should have it.
[[nodiscard]] hash::Digest digest_of(std::span<const std::byte> data);

}  // namespace rcopy::test
