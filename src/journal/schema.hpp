// SPDX-License-Identifier: MIT
//
// Whose database is this, and the shape of ours. The meaning of every column is in
// docs/journal-format.md; that page and this file change together.
#pragma once

#include "journal/database_file.hpp"
#include "journal/sqlite.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace rcopy::journal {

/// "rcpy", at offset 68 of the file and in `PRAGMA application_id`.
inline constexpr std::uint32_t kApplicationId = 0x72637079;
/// `PRAGMA user_version`. Another number means that this program cannot read the table.
inline constexpr std::uint32_t kSchemaVersion = 1;

/// The columns of transfer_state after `id`, in the order of the table and of every statement.
enum class Column : int {
  file_path,
  dest_path,
  total_bytes,
  transferred_bytes,
  durable_bytes,
  file_hash,
  hash_state,
  durable_hash_state,
  source_dev,
  source_ino,
  source_size,
  source_mtime_ns,
  source_ctime_ns,
  partial_dev,
  partial_ino,
  partial_birth_ns,
  content_mtime_ns,
  content_ctime_ns,
  dest_mount,
  dest_fs_type,
  dest_fs_id,
  dest_root_ino,
  dest_root_birth_ns,
  status,
  verified_by,
  attempts,
  last_error,
  started_at,
  updated_at,
  completed_at,
  rcopy_version,
  options,
};
inline constexpr std::array kColumnNames{
    "file_path",        "dest_path",        "total_bytes", "transferred_bytes",
    "durable_bytes",    "file_hash",        "hash_state",  "durable_hash_state",
    "source_dev",       "source_ino",       "source_size", "source_mtime_ns",
    "source_ctime_ns",  "partial_dev",      "partial_ino", "partial_birth_ns",
    "content_mtime_ns", "content_ctime_ns", "dest_mount",  "dest_fs_type",
    "dest_fs_id",       "dest_root_ino",     "dest_root_birth_ns",
    "status",           "verified_by",      "attempts",    "last_error",
    "started_at",       "updated_at",       "completed_at", "rcopy_version",
    "options",
};
static_assert(kColumnNames.size() == static_cast<std::size_t>(Column::options) + 1);

/// What a database says it is.
enum class Owner {
  nobody,   ///< empty: ours to fill
  rcopy,    ///< ours, of this version
  newer,    ///< ours, of a later version
  other,    ///< another program's
  unclear,  ///< no sound database
};

inline constexpr std::size_t kHeadBytes = 108;

/// Judges by the first kHeadBytes bytes (fewer: the file ends there) without touching the file.
[[nodiscard]] Owner owner_of(std::span<const std::byte> head);

/// How commits reach the disk.
enum class Log {
  write_ahead,  ///< journal_mode WAL: one file write for a checkpoint; needs shared memory
  rollback,     ///< journal_mode DELETE: works on network file systems
};

/// Throws Error where the database is another program's or newer, SqliteError (corrupt) where it
/// is none or lacks what it should have; otherwise creates the schema where it is missing and
/// sets the log mode. Gives the mode that SQLite really uses. No file changes on a refusal.
[[nodiscard]] Log prepare_database(Connection& connection, Log wanted, Deadline deadline);

/// What version 1 did not have from the beginning. Nothing to do where the table is not ours.
void add_missing_columns(Connection& connection);

/// id and all columns of the row with dest_path ?1. They come from the table, so where the index
/// is damaged and leads to another row, the dest_path says so.
[[nodiscard]] std::string find_sql();
/// The same of all rows, oldest first; of an unfinished one where ?1 is not 0. Without the states of the hasher.
[[nodiscard]] std::string list_sql();
/// Insert, or replace all columns of the row with the same dest_path; ?1 ... in the order of
/// Column.
[[nodiscard]] std::string put_sql();
/// The id of the row with dest_path ?1.
[[nodiscard]] std::string id_sql();
/// The moving columns of row ?1: ?2 transferred_bytes, ?3 file_hash, ?4 hash_state,
/// ?5 durable_bytes, ?6 durable_hash_state, ?7 updated_at. No index has any of them.
[[nodiscard]] std::string checkpoint_sql();

}  // namespace rcopy::journal
