// SPDX-License-Identifier: MIT
//
// The least of a wrapper around SQLite's C interface that looks at every return code. For the
// journal only. A connection and its statements belong to one thread at a time.
#pragma once

#include <rcopy/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_file;
struct sqlite3_stmt;

namespace rcopy::journal {

/// A call that SQLite refused.
class SqliteError : public Error {
 public:
  SqliteError(ErrorInfo info, int result) : Error{std::move(info)}, result_{result} {}

  [[nodiscard]] int result() const noexcept { return result_; }  ///< extended result code
  [[nodiscard]] int primary() const noexcept { return result_ & 0xFF; }
  [[nodiscard]] bool busy() const noexcept;     ///< somebody else has it locked: may succeed later
  [[nodiscard]] bool corrupt() const noexcept;  ///< this is not, or no longer, a sound database

 private:
  int result_;
};

/// Which file, and through which SQLite VFS (null: the default one).
struct Place {
  std::filesystem::path database;
  const char* vfs = nullptr;
};

/// One open database. To construct it opens the file but neither reads nor locks it. The
/// destructor only lets go: what had to be written was committed before.
class Connection {
 public:
  /// The file must exist. Throws SqliteError.
  explicit Connection(const Place& place);

  /// Throws the SqliteError for `result`. `operation` completes "cannot ...".
  [[noreturn]] void fail(const char* operation, int result) const;

  /// How long a call waits for other connections before it is "busy".
  void wait_at_most(std::chrono::milliseconds timeout);

  /// Runs statements whose rows do not matter.
  void run(const char* sql);

  /// Runs one statement and gives the first column of its first row, "" where there is none.
  [[nodiscard]] std::string text(const char* sql);
  [[nodiscard]] std::int64_t number(const char* sql);

  /// Rows changed by the last statement.
  [[nodiscard]] int changes() const;

  /// The file, or the file system, may only be read.
  [[nodiscard]] bool is_read_only() const;

  /// Whether the last connection to close moves the WAL into the database. Switched off while
  /// it is not known yet whether this database may be written at all.
  enum class OnClose { checkpoint, leave };
  void set_on_close(OnClose what);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] sqlite3* get() const { return handle_.get(); }
  [[nodiscard]] sqlite3_file& file() const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A prepared statement. Bound values are not copied: they must live until finish().
class Statement {
 public:
  Statement(Connection& connection, std::string_view sql);

  void bind(int parameter, std::int64_t value);
  void bind(int parameter, std::string_view text);
  void bind(int parameter, std::span<const std::byte> blob);  ///< an empty one as NULL
  void bind_null(int parameter);

  /// True: a row is there. False: done; outside a transaction what was written is committed.
  [[nodiscard]] bool step();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::optional<std::int64_t> integer(int column) const;  ///< nothing: other type
  [[nodiscard]] std::optional<std::string_view> text(int column) const;
  [[nodiscard]] std::optional<std::span<const std::byte>> blob(int column) const;

  /// Ends the run and forgets the bound values.
  void finish() noexcept;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };

  void check(int result) const;

  Connection* connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// One run of a prepared statement: finished when it goes out of scope, also by an exception.
class Run {
 public:
  explicit Run(Statement& statement) : statement_{statement} {}
  ~Run() { statement_.finish(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Statement* operator->() const { return &statement_; }
  Statement& operator*() const { return statement_; }

 private:
  Statement& statement_;
};

/// Rolls back what was not committed.
class Transaction {
 public:
  enum class Kind { read, write };

  Transaction(Connection& connection, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit() { connection_.run("COMMIT"); }

 private:
  Connection& connection_;
};

}  // namespace rcopy::journal
