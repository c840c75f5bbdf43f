// SPDX-License-Identifier: MIT
//
// A new database is made with a rollback journal and becomes a WAL database after that: so the
// application id is in the file itself from the first moment, and whose a file is can be told
// without opening its WAL.
#include "journal/schema.hpp"

#include <sqlite3.h>

#include <cstring>
#include <string_view>

namespace rcopy::journal {
namespace {

// AUTOINCREMENT: an id is never used twice, so a checkpoint cannot reach another transfer's row.
// Types are checked by CHECK and not by STRICT, which SQLite before 3.37 cannot even read. No IN
// with more than two values: it makes a temporary table, and a put five times as expensive.
constexpr const char* kCreateTable = R"sql(
CREATE TABLE transfer_state (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  file_path          TEXT    NOT NULL CHECK (typeof(file_path) = 'text'),
  dest_path          TEXT    NOT NULL UNIQUE CHECK (typeof(dest_path) = 'text'),
  total_bytes        INTEGER NOT NULL CHECK (typeof(total_bytes) = 'integer'),
  transferred_bytes  INTEGER NOT NULL CHECK (typeof(transferred_bytes) = 'integer'),
  durable_bytes      INTEGER NOT NULL CHECK (typeof(durable_bytes) = 'integer'),
  file_hash          TEXT             CHECK (length(file_hash) = 32),
  hash_state         BLOB             CHECK (typeof(hash_state) IN ('blob', 'null')),
  durable_hash_state BLOB             CHECK (typeof(durable_hash_state) IN ('blob', 'null')),
  source_dev         INTEGER NOT NULL,
  source_ino         INTEGER NOT NULL,
  source_size        INTEGER NOT NULL CHECK (source_size >= 0),
  source_mtime_ns    INTEGER NOT NULL,
  source_ctime_ns    INTEGER NOT NULL,
  partial_dev        INTEGER NOT NULL,
  partial_ino        INTEGER NOT NULL,
  partial_birth_ns   INTEGER NOT NULL,
  content_mtime_ns   INTEGER NOT NULL,
  content_ctime_ns   INTEGER NOT NULL,
  dest_mount         TEXT             CHECK (typeof(dest_mount) IN ('text', 'null')),
  dest_fs_type       INTEGER NOT NULL,
  dest_fs_id         INTEGER NOT NULL,
  dest_root_ino       INTEGER NOT NULL,
  dest_root_birth_ns  INTEGER NOT NULL,
  status             TEXT    NOT NULL
                     CHECK (status = 'in_progress' OR status = 'copied' OR status = 'verified'
                            OR status = 'complete' OR status = 'failed'),
  verified_by        TEXT
                     CHECK (verified_by = 'none' OR verified_by = 'cache' OR verified_by = 'medium'),
  attempts           INTEGER NOT NULL CHECK (attempts >= 0),
  last_error         TEXT,
  started_at         INTEGER NOT NULL,
  updated_at         INTEGER NOT NULL,
  completed_at       INTEGER,
  rcopy_version      TEXT    NOT NULL,
  options            TEXT,
  CHECK (0 <= durable_bytes AND durable_bytes <= transferred_bytes
         AND transferred_bytes <= total_bytes),
  CHECK (transferred_bytes = 0 OR file_hash IS NOT NULL
         OR (verified_by IS 'none' AND (status = 'verified' OR status = 'complete'))),
  CHECK (status IN ('in_progress', 'failed') OR durable_bytes = total_bytes)
))sql";

// Offsets in the file format: sqlite.org/fileformat2.html, 1.3 (header) and 1.6 (b-tree page).
constexpr std::string_view kMagic{"SQLite format 3\0", 16};
constexpr std::size_t kWriteVersionAt = 18;
constexpr std::size_t kReadVersionAt = 19;
constexpr std::size_t kTextEncodingAt = 56;
constexpr std::size_t kUserVersionAt = 60;
constexpr std::size_t kApplicationIdAt = 68;
constexpr std::size_t kRootPageTypeAt = 100;
constexpr std::size_t kRootCellCountAt = 103;

std::uint32_t byte_at(std::span<const std::byte> head, std::size_t at) {
  return std::to_integer<std::uint32_t>(head[at]);
}

std::uint32_t big_endian(std::span<const std::byte> head, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8U | byte_at(head, at + i);
  return value;
}

Owner owner_by_numbers(std::uint32_t application_id, std::uint32_t user_version, bool empty) {
  if (application_id == 0 && user_version == 0 && empty) return Owner::nobody;
  if (application_id != kApplicationId) return Owner::other;
  if (user_version > kSchemaVersion) return Owner::newer;
  return user_version == kSchemaVersion && !empty ? Owner::rcopy : Owner::unclear;
}

[[noreturn]] void refuse(const Connection& connection, const char* reason) {
  throw Error{{.code = ErrorCode::journal,
               .operation = "use the journal",
               .path = connection.path(),
               .reason = reason}};
}

void refuse_unless_ours(const Connection& connection, Owner owner) {
  switch (owner) {
    case Owner::nobody:
    case Owner::rcopy: return;
    case Owner::newer: refuse(connection, "it was written by a newer version of rcopy");
    case Owner::other: refuse(connection, "it is a database of another program");
    case Owner::unclear: connection.fail("use the journal", SQLITE_CORRUPT);
  }
}

void check_head(Connection& connection, Deadline deadline) {
  const auto head = read_head(connection, kHeadBytes, deadline);
  Owner owner = owner_of(head);
  // A database with a WAL is more than its first page says, and one with a rollback journal may be
  // less. The tables may be in the WAL only. What rcopy makes has none before its id is in the file.
  if (owner == Owner::nobody && !head.empty() && has_content_beside(connection, "-wal"))
    owner = Owner::other;
  // With a rollback journal beside it, it is SQLite that can tell: it may repair the file first.
  if (owner == Owner::unclear && has_content_beside(connection, "-journal")) return;
  refuse_unless_ours(connection, owner);
}

/// Within a transaction, because another process may create the schema between two of these.
Owner owner_within(Connection& connection) {
  return owner_by_numbers(static_cast<std::uint32_t>(connection.number("PRAGMA application_id")),
                          static_cast<std::uint32_t>(connection.number("PRAGMA user_version")),
                          connection.number("SELECT count(*) FROM sqlite_master") == 0);
}

Owner owner_by_sql(Connection& connection) {
  const Transaction transaction{connection, Transaction::Kind::read};
  return owner_within(connection);
}

/// Does nothing where another process was faster.
void create_schema(Connection& connection) {
  // An empty database can be a WAL database; a journal is one only after its schema was made.
  const bool wal = connection.text("PRAGMA journal_mode") == "wal";
  if (owner_by_sql(connection) != Owner::nobody) return;
  if (wal) connection.run("PRAGMA journal_mode = DELETE");
  connection.run("PRAGMA synchronous = EXTRA");
  Transaction transaction{connection, Transaction::Kind::write};
  if (owner_within(connection) != Owner::nobody) return;
  connection.run(kCreateTable);
  connection.run(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
  connection.run(("PRAGMA user_version = " + std::to_string(kSchemaVersion)).c_str());
  transaction.commit();
}

Log set_log(Connection& connection, Log wanted) {
  const bool wal = wanted == Log::write_ahead;
  const auto mode =
      connection.text(wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE");
  // A VFS without shared memory stays with the rollback journal.
  return mode == "wal" ? Log::write_ahead : Log::rollback;
}

template <class Joiner>
std::string join(Joiner text_of) {
  std::string text;
  for (std::size_t i = 0; i < kColumnNames.size(); ++i) text += (i == 0 ? "" : ", ") + text_of(i);
  return text;
}

}  // namespace

Owner owner_of(std::span<const std::byte> head) {
  if (head.empty()) return Owner::nobody;
  if (head.size() < kHeadBytes || std::memcmp(head.data(), kMagic.data(), kMagic.size()) != 0)
    return Owner::unclear;

  constexpr std::uint32_t kLeafPage = 0x0D;
  const bool empty =
      byte_at(head, kRootPageTypeAt) == kLeafPage && big_endian(head, kRootCellCountAt, 2) == 0;
  const Owner owner = owner_by_numbers(big_endian(head, kApplicationIdAt, 4),
                                       big_endian(head, kUserVersionAt, 4), empty);
  if (owner != Owner::rcopy) return owner;

  // SQLite would open these read-only, or change the bytes of a path. rcopy never wrote them.
  constexpr std::uint32_t kUtf8 = 1;
  const bool sound = byte_at(head, kWriteVersionAt) <= 2 && byte_at(head, kReadVersionAt) <= 2 &&
                     big_endian(head, kTextEncodingAt, 4) == kUtf8;
  return sound ? owner : Owner::unclear;
}

Log prepare_database(Connection& connection, Log wanted, Deadline deadline) {
  connection.set_on_close(Connection::OnClose::leave);
  check_head(connection, deadline);
  if (connection.is_read_only()) connection.fail("use the journal", SQLITE_READONLY);
  connection.run("PRAGMA cell_size_check = ON");
  const auto owner = [&] {
    return retry_while_busy(deadline, [&] { return owner_by_sql(connection); });
  };
  if (owner() == Owner::nobody) retry_while_busy(deadline, [&] { create_schema(connection); });
  refuse_unless_ours(connection, owner());
  const Log log = retry_while_busy(deadline, [&] { return set_log(connection, wanted); });
  connection.set_on_close(Connection::OnClose::checkpoint);
  return log;
}

void add_missing_columns(Connection& connection) {
  // Of a table that has neither, what is wrong with it shows elsewhere.
  const auto is_missing = [&] {
    return connection.text("SELECT group_concat(name) FROM pragma_table_info('transfer_state') "
                           "WHERE name = 'rcopy_version' OR name = 'options'") == "rcopy_version";
  };
  if (!is_missing()) return;
  Transaction transaction{connection, Transaction::Kind::write};
  if (is_missing()) connection.run("ALTER TABLE transfer_state ADD COLUMN options TEXT");
  transaction.commit();
}

std::string find_sql() {
  return "SELECT id, " + join([](std::size_t i) { return std::string{kColumnNames[i]}; }) +
         " FROM transfer_state WHERE id = (SELECT id FROM transfer_state WHERE dest_path = ?1)";
}

std::string list_sql() {
  return "SELECT id, " + join([](std::size_t i) {
           const std::string name = kColumnNames[i];
           return name.ends_with("hash_state") ? "NULL" : name;
         }) +
         " FROM transfer_state WHERE ?1 = 0 OR status <> 'complete' ORDER BY id";
}

std::string put_sql() {
  return "INSERT INTO transfer_state (" +
         join([](std::size_t i) { return std::string{kColumnNames[i]}; }) + ") VALUES (" +
         join([](std::size_t i) { return "?" + std::to_string(i + 1); }) +
         ") ON CONFLICT (dest_path) DO UPDATE SET " + join([](std::size_t i) {
           return std::string{kColumnNames[i]} + " = excluded." + kColumnNames[i];
         });
}

std::string id_sql() { return "SELECT id FROM transfer_state WHERE dest_path = ?1"; }

std::string checkpoint_sql() {
  return "UPDATE transfer_state SET transferred_bytes = ?2, file_hash = ?3, hash_state = ?4, "
         "durable_bytes = ?5, durable_hash_state = ?6, updated_at = ?7 "
         "WHERE id = ?1 AND partial_ino = ?8 AND partial_birth_ns = ?9";
}

}  // namespace rcopy::journal
