// SPDX-License-Identifier: MIT
//
// Step 2 of a transfer: the partial, open and locked. The lock is an flock on the partial itself:
// it follows the inode, ends with the process, and needs no file of its own. In place the partial is the
// destination itself; of a block device the exclusive open is the lock.
#pragma once

#include "engine/place.hpp"
#include "engine/plan.hpp"

namespace rcopy::engine {

class Partial {
 public:
  /// Opens the partial, or creates it, and locks it. A partial that publishing gave to another owner
  /// already is ours where `row` says that it is the one.
  /// In place the destination is opened instead, which must exist.
  /// Throws Error: busy where another rcopy has it; io where it is no regular file of ours with
  /// one link (somebody else may have planted it), or a device that is in use.
  Partial(io::FileSystem& fs, const Place& place, const std::optional<journal::Row>& row);

  [[nodiscard]] io::File& file() { return *file_; }
  [[nodiscard]] bool created() const { return created_; }  ///< by this object: nothing was kept

  /// As it was when it was locked.
  [[nodiscard]] const io::Stat& locked() const { return locked_; }

  /// As it is now.
  [[nodiscard]] FoundFile found();

  /// Deletes what was kept and begins a new, empty file: a new inode, which no older journal row
  /// can mean. Nothing to do where this object created it, or in place, where the row says enough.
  void recreate();

  /// Deletes the name, if it still means this file; not in place, where it is the user's. The object is
  /// of no use afterwards.
  void remove();

  /// In place: what a partial beside takes of the disk, where an earlier run left it and `row` means it.
  [[nodiscard]] std::optional<std::uint64_t> leftover_bytes(const std::optional<journal::Row>& row);

  /// Its durable end. Only where there is one, and nothing claims its bytes any more.
  void remove_leftover();

  /// Throws Error (io) where the name means another file by now: somebody deleted the partial, and
  /// another rcopy began its own; or a stranger planted something. `operation` completes "cannot ...".
  void check_named(const char* operation);

  /// check_named() failed: no later run finds what was kept.
  [[nodiscard]] bool lost() const { return lost_; }

 private:
  [[nodiscard]] bool try_create();
  void create();
  [[nodiscard]] bool open_existing(io::FileSystem& fs, const std::optional<journal::Row>& row);
  void check_ours(const io::Stat& stat, std::uint32_t user, const std::optional<journal::Row>& row) const;
  [[nodiscard]] bool may_make_writable(const io::Stat& stat, std::uint32_t user,
                                       const std::optional<journal::Row>& row) const;
  [[nodiscard]] bool is_meant(const io::Stat& stat, const std::optional<journal::Row>& row) const;
  void check_destination(const io::Stat& stat) const;
  [[nodiscard]] bool lock();
  [[nodiscard]] bool still_named();
  void make_writable();
  [[nodiscard]] bool hold_leftover();
  [[nodiscard]] bool in_place() const { return place_.writing == Writing::in_place; }

  const Place& place_;
  std::unique_ptr<io::File> file_;
  io::Stat locked_;
  std::unique_ptr<io::File> leftover_;  ///< a partial beside, locked as long as this writes in place
  bool created_ = false;
  bool lost_ = false;
};

/// Of a copy that is written beside: throws Error (busy) where another rcopy writes to the destination in
/// place.
void check_nobody_in_place(const Place& place);

/// The partial as it lies there, without opening or locking it.
[[nodiscard]] std::optional<FoundFile> peek_partial(const Place& place);

}  // namespace rcopy::engine
