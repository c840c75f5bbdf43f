// SPDX-License-Identifier: MIT
//
// The journal: a SQLite database that many rcopy processes share. Used by the engine only, by one
// thread at a time. Every failure is an Error (journal) that names the database file.
#pragma once

#include "journal/row.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace rcopy::journal {

/// How far a write must have got when the call returns.
enum class Commit {
  process,    ///< survives the death of this process; a power cut may undo it
  power_cut,  ///< survives a power cut
};

/// The columns that move while bytes are copied.
struct Checkpoint {
  std::uint64_t transferred_bytes = 0;
  hash::Digest file_hash;
  std::vector<std::byte> hash_state;
  std::uint64_t durable_bytes = 0;
  std::vector<std::byte> durable_hash_state;
  PartialIdentity partial;  ///< whose bytes these are: only a row that means it is changed
};

enum class Written { yes, busy };

class Journal {
 public:
  /// Called when a corrupt database was moved aside or a senseless entry is ignored; `text` is
  /// one line.
  using OnWarning = std::function<void(const std::filesystem::path& database, const std::string& text)>;

  /// Opens or creates the database (directories 0700, file 0600) and its schema. A database of
  /// another program or of a newer rcopy is refused untouched. One that is corrupt is moved aside
  /// and a new one begun; so do find() and put() when they meet the corruption first, or that the
  /// file was deleted or moved away meanwhile. `vfs` names the SQLite VFS to use, for tests.
  Journal(const std::filesystem::path& database, OnWarning on_warning, const char* vfs = nullptr);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const;

  /// An entry that makes no sense counts as none, with a warning.
  [[nodiscard]] std::optional<Row> find(const std::filesystem::path& dest_path);

  /// Inserts the row or replaces the one with the same dest_path; sets `row.id`.
  void put(Row& row, Commit commit);

  /// Moves the positions of row `id`. Waits a moment at most for other writers: `busy` means
  /// nothing was written and a later checkpoint may try again. `id` must come from find() or
  /// put() of this object; where its database is gone since, or the row means another partial, that
  /// is an error.
  [[nodiscard]] Written checkpoint(std::int64_t id, const Checkpoint& checkpoint);

 private:
  class Database;
  std::unique_ptr<Database> database_;
};

}  // namespace rcopy::journal
