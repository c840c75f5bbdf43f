// SPDX-License-Identifier: MIT
//
// Result codes become SqliteError here and nowhere else.
#include "journal/sqlite.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace rcopy::journal {
namespace {

/// No value of the journal is near this; a planted row must not cost memory.
constexpr int kMaxValueBytes = 1 << 20;

std::string with_system_error(std::string text, int os_error) {
  if (os_error == 0) return text;
  return std::move(text) + ": " + std::generic_category().message(os_error);
}

/// What the last call that failed on the WAL or rollback journal, or else on the database, said; 0
/// for nothing. It may be older than the failure at hand.
int file_error_of(sqlite3* handle) {
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    const int found = sqlite3_file_control(handle, "main", which, static_cast<void*>(&file));
    if (found != SQLITE_OK || file == nullptr || file->pMethods == nullptr) continue;
    int error = 0;
    const int told = file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
    if (told == SQLITE_OK && error != 0) return error;
  }
  return 0;
}

/// SQLite keeps no errno of a COMMIT that fails.
int io_error_of(sqlite3* handle) {
  const int error = sqlite3_system_errno(handle);
  return error != 0 ? error : file_error_of(handle);
}

int os_error_of(sqlite3* handle, int result) {
  switch (result & 0xFF) {
    case SQLITE_FULL: return ENOSPC;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return handle != nullptr ? io_error_of(handle) : 0;
    default: return 0;
  }
}

/// SQLite calls a database corrupt where a read failed with one of these; it may well be sound.
bool read_failed(sqlite3* handle, int result) {
  if ((result & 0xFF) != SQLITE_CORRUPT || handle == nullptr) return false;
  const int error = file_error_of(handle);
  return error == EIO || error == ENXIO || error == ERANGE;
}

std::string reason_for(sqlite3* handle, int result, int os_error) {
  switch (result & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return "other processes keep it locked";
    case SQLITE_READONLY: return "it is read-only";
    case SQLITE_CANTOPEN: return with_system_error("it cannot be opened", os_error);
    case SQLITE_FULL:
    case SQLITE_IOERR: return with_system_error(sqlite3_errstr(result & 0xFF), os_error);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return std::string{"it is corrupt ("} + sqlite3_errstr(result & 0xFF) + ")";
    default: return handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(result);
  }
}

SqliteError error_of(sqlite3* handle, const char* operation, const std::filesystem::path& path,
                     int result) {
  if (read_failed(handle, result)) result = SQLITE_IOERR_READ;
  const int os_error = os_error_of(handle, result);
  return {{.code = ErrorCode::journal,
           .operation = operation,
           .path = path,
           .os_error = os_error,
           .reason = reason_for(handle, result, os_error)},
          result};
}

}  // namespace

bool SqliteError::busy() const noexcept {
  // SQLITE_PROTOCOL: lost a race for the WAL's locks too often in a row.
  return primary() == SQLITE_BUSY || primary() == SQLITE_LOCKED || primary() == SQLITE_PROTOCOL;
}

bool SqliteError::corrupt() const noexcept {
  return primary() == SQLITE_CORRUPT || primary() == SQLITE_NOTADB;
}

void Connection::Close::operator()(sqlite3* handle) const { sqlite3_close(handle); }

Connection::Connection(const Place& place) : path_{place.database} {
  // NOMUTEX: one thread at a time is the journal's contract. An absolute path is never a URI.
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(path_.c_str(), &handle, kFlags, place.vfs);
  handle_.reset(handle);
  if (result != SQLITE_OK) throw error_of(handle, "open the journal", path_, result);

  sqlite3_extended_result_codes(handle, 1);
  // The file may come from anywhere: nothing in its schema may run code or stand in for a table.
  for (const auto& [option, value] : {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                      {SQLITE_DBCONFIG_ENABLE_VIEW, 0}}) {
    if (const int rc = sqlite3_db_config(handle, option, value, nullptr); rc != SQLITE_OK)
      fail("set up", rc);
  }
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
}

void Connection::fail(const char* operation, int result) const {
  throw error_of(handle_.get(), operation, path_, result);
}

void Connection::wait_at_most(std::chrono::milliseconds timeout) {
  const int result = sqlite3_busy_timeout(get(), static_cast<int>(timeout.count()));
  if (result != SQLITE_OK) fail("set up", result);
}

void Connection::run(const char* sql) {
  const int result = sqlite3_exec(get(), sql, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail("use the journal", result);
}

std::string Connection::text(const char* sql) {
  Statement statement{*this, sql};
  return statement.step() ? std::string{statement.text(0).value_or("")} : std::string{};
}

std::int64_t Connection::number(const char* sql) {
  Statement statement{*this, sql};
  return statement.step() ? statement.integer(0).value_or(0) : 0;
}

int Connection::changes() const { return sqlite3_changes(get()); }

bool Connection::is_read_only() const { return sqlite3_db_readonly(get(), "main") == 1; }

void Connection::set_on_close(OnClose what) {
  const int leave = what == OnClose::leave ? 1 : 0;
  const int result = sqlite3_db_config(get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave, nullptr);
  if (result != SQLITE_OK) fail("set up", result);
}

sqlite3_file& Connection::file() const {
  sqlite3_file* file = nullptr;
  const int result = sqlite3_file_control(get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (result != SQLITE_OK || file == nullptr) fail("use the journal", SQLITE_MISUSE);
  return *file;
}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const {
  sqlite3_finalize(handle);  // repeats what the last step said
}

Statement::Statement(Connection& connection, std::string_view sql) : connection_{&connection} {
  sqlite3_stmt* handle = nullptr;
  const int result = sqlite3_prepare_v3(connection.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  handle_.reset(handle);
  check(result);
}

void Statement::check(int result) const {
  if (result == SQLITE_OK) return;
  const bool reads = handle_ == nullptr || sqlite3_stmt_readonly(handle_.get()) != 0;
  connection_->fail(reads ? "read the journal" : "write the journal", result);
}

void Statement::bind(int parameter, std::int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), parameter, value));
}

void Statement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL.
  const char* data = text.empty() ? "" : text.data();
  check(
      sqlite3_bind_text64(handle_.get(), parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int parameter, std::span<const std::byte> blob) {
  check(sqlite3_bind_blob64(handle_.get(), parameter, blob.data(), blob.size(), SQLITE_STATIC));
}

void Statement::bind_null(int parameter) { check(sqlite3_bind_null(handle_.get(), parameter)); }

bool Statement::step() {
  const int result = sqlite3_step(handle_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) check(result);
  return false;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

std::optional<std::int64_t> Statement::integer(int column) const {
  if (sqlite3_column_type(handle_.get(), column) != SQLITE_INTEGER) return std::nullopt;
  return sqlite3_column_int64(handle_.get(), column);
}

std::optional<std::string_view> Statement::text(int column) const {
  if (sqlite3_column_type(handle_.get(), column) != SQLITE_TEXT) return std::nullopt;
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  if (data == nullptr) connection_->fail("read the journal", SQLITE_NOMEM);
  return std::string_view{data,
                          static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::optional<std::span<const std::byte>> Statement::blob(int column) const {
  if (sqlite3_column_type(handle_.get(), column) != SQLITE_BLOB) return std::nullopt;
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(handle_.get(), column));
  return std::span{data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

void Statement::finish() noexcept {
  sqlite3_reset(handle_.get());  // repeats what the last step said
  sqlite3_clear_bindings(handle_.get());
}

Transaction::Transaction(Connection& connection, Kind kind) : connection_{connection} {
  connection_.run(kind == Kind::read ? "BEGIN" : "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // Nothing was promised, and closing the connection rolls back, too.
  if (sqlite3_get_autocommit(connection_.get()) == 0) {
    (void)sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

}  // namespace rcopy::journal
