// SPDX-License-Identifier: MIT
//
// Step 2 of a transfer: the partial, open and locked. The lock is an flock on the partial itself:
// it follows the inode, ends with the process, and needs no file of its own.
#pragma once

#include "engine/place.hpp"
#include "engine/plan.hpp"

namespace rcopy::engine {

class Partial {
 public:
  /// Opens the partial, or creates it, and locks it. `known` is what the journal says the partial
  /// is: a partial that publishing gave to another owner already is ours by that.
  /// Throws Error: busy where another rcopy has it; io where it is no regular file of ours with
  /// one link (somebody else may have planted it).
  Partial(io::FileSystem& fs, const Place& place, const std::optional<journal::PartialIdentity>& known);

  [[nodiscard]] io::File& file() { return *file_; }
  [[nodiscard]] bool created() const { return created_; }  ///< by this object: nothing was kept

  /// As it is now.
  [[nodiscard]] FoundFile found();

  /// Deletes what was kept and begins a new, empty file: a new inode, which no older journal row
  /// can mean. Nothing to do where this object created it.
  void recreate();

  /// Deletes the name, if it still means this file. The object is of no use afterwards.
  void remove();

  /// Throws Error (io) where the name means another file by now: somebody deleted the partial, and
  /// another rcopy began its own; or a stranger planted something. `operation` completes "cannot ...".
  void check_named(const char* operation);

  /// check_named() failed: no later run finds what was kept.
  [[nodiscard]] bool lost() const { return lost_; }

 private:
  void create();
  [[nodiscard]] bool open_existing(io::FileSystem& fs, const std::optional<journal::PartialIdentity>& known);
  void check_ours(const io::Stat& stat, std::uint32_t user,
                  const std::optional<journal::PartialIdentity>& known) const;
  [[nodiscard]] bool lock();
  [[nodiscard]] bool still_named();
  void make_writable();

  const Place& place_;
  std::unique_ptr<io::File> file_;
  bool created_ = false;
  bool lost_ = false;
};

/// The partial as it lies there, without opening or locking it.
[[nodiscard]] std::optional<FoundFile> peek_partial(const Place& place);

}  // namespace rcopy::engine
