// SPDX-License-Identifier: MIT
//
// The row of the running transfer: as this process knows it, and written through to the journal.
// One thread at a time, and written only by who holds the lock of the partial. Before the first byte a journal
// that fails is an Error; after that the copy matters more, so the failure becomes one warning and the row
// lives on in memory only.
#pragma once

#include "engine/event_sink.hpp"
#include "journal/journal.hpp"

#include <rcopy/options.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace rcopy::engine {

/// A place in the file and the hash of everything before it.
struct Position {
  std::uint64_t offset_bytes = 0;
  hash::Hasher hasher;
};

class Ledger {
 public:
  /// `journal` may be null: then nothing outlives the process.
  Ledger(journal::Journal* journal, EventSink& events) : journal_{journal}, events_{events} {}

  /// Looks the destination up, in the journal where that works. To be repeated under the lock.
  /// Throws Error (journal) until begin() was called once.
  [[nodiscard]] std::optional<journal::Row> load(const std::filesystem::path& dest_path);

  /// Makes `row` the current one and writes it so that it survives a power cut: what it no longer
  /// claims may be destroyed after this returns. Throws Error (journal) the first time.
  void begin(journal::Row row);

  [[nodiscard]] const journal::Row& row() const { return row_; }

  /// Whether the row was written by this process. Until then row() is what somebody else left.
  [[nodiscard]] bool begun() const { return begun_; }

  /// Moves both positions in the row; written with what is written next. `durable` must be on stable storage.
  void move_positions(const Position& transferred, const Position& durable);

  /// As move_positions(), and writes them.
  [[nodiscard]] journal::Written checkpoint(const Position& transferred, const Position& durable);

  /// As checkpoint(), but waits for other writers and survives a power cut.
  void settle(const Position& transferred, const Position& durable);

  /// Takes back everything above the durable point, after a sync failed.
  void forget_window();

  /// All bytes are on stable storage; `end` is the end of the file.
  void copied(const Position& end, const journal::ContentTimes& times);
  void verified(Verify how, const journal::ContentTimes& times);
  /// As verified(), for a clone: nothing was claimed of it before. No digest: it was not read back.
  void cloned(const std::optional<hash::Digest>& digest, Verify how, const journal::ContentTimes& times);
  /// The hash of a clone that was not read back then; written with what is written next.
  void know(const hash::Digest& digest) { row_.file_hash = digest; }
  void complete(const journal::PartialIdentity& destination, const journal::ContentTimes& times);

  /// Drops all claims, durably, before the partial is deleted; `why` and `status` say how it ended.
  void reset(journal::Status status, const std::string& why);

  /// Notes why the attempt stopped.
  void note_error(const std::string& text);

 private:
  void write(journal::Commit commit);
  template <class Action>
  void guarded(Action action);

  journal::Journal* journal_;
  EventSink& events_;
  journal::Row row_;
  bool begun_ = false;
};

/// As the journal writes it.
[[nodiscard]] const char* to_text(Verify how);

/// Unix seconds.
[[nodiscard]] std::int64_t unix_now();

}  // namespace rcopy::engine
