// SPDX-License-Identifier: MIT
//
// One try at one file: the seven steps in order, each a function. What was open is closed when
// the attempt ends, so that the next one begins like a new process.
#pragma once

#include "engine/copy_task.hpp"
#include "engine/ledger.hpp"
#include "engine/mount.hpp"
#include "engine/partial.hpp"
#include "engine/place.hpp"
#include "engine/plan.hpp"
#include "engine/route.hpp"
#include "engine/transfer.hpp"

#include <memory>
#include <optional>

namespace rcopy::engine {

enum class AttemptEnd {
  done,            ///< the summary is filled in
  source_changed,  ///< it changed while it was copied; what was copied is dropped
  mismatch,        ///< the medium gave back other bytes; the partial is deleted
};

/// Which attempt of its transfer this is.
struct AttemptOrder {
  unsigned number = 1;
  bool last = false;                ///< a changed source or a mismatch would not be tried again
  bool after_mismatch = false;      ///< that is how the attempt before ended
  journal::MountIdentity mount = {};  ///< of the destination in an earlier attempt
  bool at_once = false;             ///< the one before ended with no wait, and no disk can have been away
  std::optional<std::uint64_t> disk = {};         ///< the disk_identity() that is written to
  std::optional<std::uint64_t> source_disk = {};  ///< the one that is read
  bool may_replace = false;                ///< the user was asked in an earlier attempt
};

class Attempt {
 public:
  /// `ledger` and `route` outlive the attempt.
  Attempt(const Run& run, Ledger& ledger, const Route& route, AttemptOrder order);

  /// Throws Error; see transfer_file().
  [[nodiscard]] AttemptEnd run();

  [[nodiscard]] const FileSummary& summary() const { return summary_; }

  /// Where run() gave source_changed or mismatch: why.
  [[nodiscard]] const std::optional<Error>& reason() const { return reason_; }

  /// What the next attempt or run can continue from; nothing where this one never had the lock.
  [[nodiscard]] std::optional<std::uint64_t> kept_bytes() const;

  /// The destination once it is known, else as given.
  [[nodiscard]] std::filesystem::path destination() const;

  /// Whether the destination itself is written.
  [[nodiscard]] Writing writing() const { return place_ ? place_->writing : Writing::beside; }

  /// A destination that is a device, as the user named it.
  [[nodiscard]] std::optional<std::filesystem::path> device() const;

  /// The user was asked and said yes.
  [[nodiscard]] bool may_replace() const { return order_.may_replace; }

  /// Whether this attempt wrote the row.
  [[nodiscard]] bool begun() const { return begun_; }

  /// Of a destination that is a device, and was opened: its disk_identity(); likewise of the source.
  [[nodiscard]] std::optional<std::uint64_t> disk() const { return disk_; }
  [[nodiscard]] std::optional<std::uint64_t> source_disk() const;

  /// Once it is known.
  [[nodiscard]] io::FileKind source_kind() const { return source_.stat.kind; }

  /// Where source and destination are, as far as this attempt came; the destination as the journal
  /// knows it where it is not mounted.
  [[nodiscard]] std::optional<Anchor> source_anchor() const;
  [[nodiscard]] std::optional<Anchor> destination_anchor() const;

  /// After an Error, while the lock is still held: notes it in the journal, and removes a partial
  /// that cannot be continued, because nothing of it is confirmed yet, or because this was the last
  /// attempt and there is no journal.
  enum class Next { another_attempt, another_run };
  void failed(const Error& error, Next next);

 private:
  [[nodiscard]] journal::MountIdentity known_mount() const;
  void check_mount();
  void say_in_place() const;
  void warn_of_users() const;
  void check_still_device() const;
  void check_same_disks();
  [[nodiscard]] bool overwrites() const;
  [[nodiscard]] bool repairs() const;
  [[nodiscard]] bool begun_in_place() const;
  [[nodiscard]] bool up_to_date();
  [[nodiscard]] bool keeps_existing();
  [[nodiscard]] bool is_older() const;
  void lock_and_plan();
  [[nodiscard]] AttemptEnd tell_plan();
  [[nodiscard]] AttemptEnd enter_at_copy();
  [[nodiscard]] bool clone_instead();
  [[nodiscard]] AttemptEnd enter_with_clone();
  [[nodiscard]] AttemptEnd enter_at_verify();
  [[nodiscard]] AttemptEnd enter_at_publish();
  void enter_at_finish();

  struct Start {
    Position end;
    Position durable;
  };
  [[nodiscard]] Start prepare_start();
  [[nodiscard]] std::optional<Start> keep_prefix();
  [[nodiscard]] bool source_begins_as(const Position& kept);
  [[nodiscard]] Start start_fresh();
  void start_counters() const;
  void check_may_clone() const;
  [[nodiscard]] bool may_clone() const;
  [[nodiscard]] std::optional<Error> check_space();
  [[nodiscard]] std::uint64_t least_bytes() const;
  [[nodiscard]] bool makes_holes() const;
  void drop_pages();
  void check_device_size(std::uint64_t device_bytes) const;
  void cut_tail();
  void allocate_from(std::uint64_t offset_bytes);
  void give_back_room();
  void drop_leftover();
  [[nodiscard]] std::optional<std::uint64_t> leftover_bytes();
  [[nodiscard]] Pages pages() const;
  [[nodiscard]] UncachedReader source_reader() const;
  [[nodiscard]] std::unique_ptr<UncachedReader> partial_reader();
  [[nodiscard]] std::unique_ptr<io::File> uncached(const FileName& name, io::File& file, io::OpenMode mode) const;
  [[nodiscard]] FileName partial_name() const { return {*place_->directory, place_->partial_name}; }
  [[nodiscard]] std::optional<Position> copy_or_shrunk(const CopyTask& task);
  void sync_partial();
  [[nodiscard]] std::optional<hash::Digest> read_back_partial(Verify how);
  void know_hash();
  void check_expected();
  [[nodiscard]] bool source_unchanged() const;
  void check_whole() const;
  void check_disks_are_there();
  [[nodiscard]] AttemptEnd start_over_because(Error reason);
  [[nodiscard]] Error source_changed_error() const;
  [[nodiscard]] Error mismatch_error();
  void begin(journal::Row row);
  void finish(Outcome outcome, const io::Stat& destination);
  void remove_source() const;

  /// The destination is the finished copy already.
  [[nodiscard]] bool is_published() const {
    return plan_.entry == Entry::nothing || plan_.entry == Entry::finish;
  }
  [[nodiscard]] bool needs_refresh() const;
  [[nodiscard]] Options plan_options() const;
  [[nodiscard]] Situation situation(const std::optional<FoundFile>& partial) const;
  [[nodiscard]] journal::Row continued_row() const;
  [[nodiscard]] journal::Row fresh_row();
  void announce(std::uint64_t offset_bytes) const;
  void phase(Phase phase) const { run_.events.enter(phase); }

  const Run& run_;
  Ledger& ledger_;
  const Route& route_;
  AttemptOrder order_;

  Source source_;
  std::optional<Place> place_;
  std::optional<Partial> partial_;
  std::optional<journal::Row> row_;
  Plan plan_;
  Method method_ = Method::copied;
  FileSummary summary_;
  std::optional<Error> reason_;
  bool begun_ = false;  ///< this attempt wrote the row
  bool allocated_ = false;  ///< the partial holds blocks behind its end, which are not used yet
  std::optional<std::uint64_t> disk_;
  std::optional<journal::MountIdentity> absent_;  ///< the mount that the destination should be on, and is not
};

}  // namespace rcopy::engine
