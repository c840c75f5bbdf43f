// SPDX-License-Identifier: MIT
//
// Opening, and what happens when the database turns out to be corrupt. Each statement is a
// transaction by itself; nothing stays open between two calls.
#include "journal/journal.hpp"

#include "base/text.hpp"
#include "io/calls.hpp"
#include "io/private_files.hpp"
#include "journal/database_file.hpp"
#include "journal/row_sql.hpp"
#include "journal/schema.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

namespace rcopy::journal {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{30};
/// A checkpoint that comes too late is replaced by the next one.
constexpr std::chrono::milliseconds kCheckpointPatience{100};
/// Corrupt databases moved aside in a row before the disk is taken to be the reason.
constexpr int kMostMoves = 3;

Deadline deadline_from_now() { return std::chrono::steady_clock::now() + kPatience; }

/// The same failure as one of the journal.
Error journal_error(ErrorInfo info) {
  info.code = ErrorCode::journal;
  if (info.reason.empty()) info.reason = std::generic_category().message(info.os_error);
  return Error{std::move(info)};
}

/// Where the database file is or will be: SQLite puts the WAL beside the file, not beside a
/// symlink to it. Also for a link whose target does not exist yet.
fs::path without_links(const fs::path& path) {
  constexpr int kMostLinks = 40;  // as the kernel
  std::error_code error;          // not looked at: what is in the way shows when the file is opened
  fs::path result = fs::absolute(path, error);
  for (int i = 0; fs::is_symlink(result, error); ++i) {
    if (i == kMostLinks) {
      throw journal_error({.operation = "open the journal", .path = path, .os_error = ELOOP});
    }
    result = result.parent_path() / fs::read_symlink(result, error);
  }
  return result.empty() ? path : result;
}

void check_regular(const fs::path& path) {
  std::error_code unknown;  // likewise
  const auto type = fs::status(path, unknown).type();
  if (unknown || type == fs::file_type::regular || type == fs::file_type::not_found) return;
  throw Error{{.code = ErrorCode::journal,
               .operation = "open the journal",
               .path = path,
               .reason = "it is not a regular file"}};
}

struct Statements {
  explicit Statements(Connection& connection)
      : find{connection, find_sql()},
        put{connection, put_sql()},
        id{connection, id_sql()},
        checkpoint{connection, checkpoint_sql()} {}

  Statement find;
  Statement put;
  Statement id;
  Statement checkpoint;
};

}  // namespace

class Journal::Database {
 public:
  Database(Place place, OnWarning on_warning)
      : place_{std::move(place)}, on_warning_{std::move(on_warning)} {
    open();
  }

  [[nodiscard]] const fs::path& path() const { return place_.database; }

  [[nodiscard]] std::optional<Row> find(const fs::path& dest_path) {
    auto row = healing([&] { return find_once(dest_path); });
    if (row) row->id = handed_out(row->id);
    return row;
  }

  void put(Row& row, Commit commit) {
    row.id = handed_out(healing([&] { return put_once(row, commit); }));
  }

  [[nodiscard]] Written checkpoint(std::int64_t id, const Checkpoint& checkpoint);

 private:
  void open();
  [[nodiscard]] bool open_once(Deadline deadline);
  void prepare(Deadline deadline);
  void set_aside(const SqliteError& why, Deadline deadline);

  /// Runs `action`; where that meets a corrupt database, once more with a new one.
  template <class Action>
  auto healing(Action action) -> decltype(action());

  [[nodiscard]] std::optional<Row> find_once(const fs::path& dest_path);
  [[nodiscard]] std::int64_t put_once(const Row& row, Commit commit);
  void set_durability(Commit commit);
  [[noreturn]] void fail_gone() const;
  void warn(const std::string& text) const {
    if (on_warning_) on_warning_(path(), text);
  }
  [[nodiscard]] std::int64_t handed_out(std::int64_t id) const { return id | epoch_ << kIdBits; }

  Place place_;
  OnWarning on_warning_;
  std::optional<Connection> connection_;
  std::optional<Statements> statements_;  // point into connection_
  Log log_ = Log::rollback;
  std::optional<Commit> durability_;  // what PRAGMA synchronous is set for
  int moves_ = 0;
  /// Counts the databases this object has used, in the upper bits of the ids it hands out: the
  /// same number means another transfer in another database.
  std::int64_t epoch_ = 0;
};

void Journal::Database::open() {
  const Deadline deadline = deadline_from_now();
  try {
    while (!open_once(deadline)) {
      if (std::chrono::steady_clock::now() >= deadline) {
        io::fail("open the journal", path(), ETIMEDOUT);
      }
    }
  } catch (const Error& error) {
    throw journal_error(error.info());
  }
}

/// False: the file was moved away meanwhile, by this process or another, so look again.
bool Journal::Database::open_once(Deadline deadline) {
  statements_.reset();
  connection_.reset();
  durability_.reset();
  io::make_private_directories(path().parent_path());
  std::optional<SqliteError> corrupt;
  {
    const auto lock = lock_directory(path(), io::DirectoryLock::Mode::shared, deadline);
    check_regular(path());
    io::create_private_file(path());
    connection_.emplace(place_);
    try {
      prepare(deadline);
    } catch (const SqliteError& error) {
      // In a file that was moved away under SQLite any call may fail.
      if (!error.corrupt() && !is_moved(*connection_)) throw;
      corrupt = error;
    }
    if (is_moved(*connection_)) return false;
  }
  if (corrupt) set_aside(*corrupt, deadline);
  return !corrupt;
}

void Journal::Database::prepare(Deadline deadline) {
  connection_->wait_at_most(kPatience);
  const Log wanted =
      io::on_network_file_system(path().parent_path()) ? Log::rollback : Log::write_ahead;
  log_ = prepare_database(*connection_, wanted, deadline);
  try {
    retry_while_busy(deadline, [&] {
      add_missing_columns(*connection_);
      statements_.emplace(*connection_);
    });
  } catch (const SqliteError& error) {
    // The table or a column is missing in a database that says it is ours.
    if (error.primary() == SQLITE_ERROR) connection_->fail("use the journal", SQLITE_CORRUPT);
    throw;
  }
}

void Journal::Database::set_aside(const SqliteError& why, Deadline deadline) {
  statements_.reset();
  if (++moves_ > kMostMoves) throw why;
  std::optional<fs::path> name;
  try {
    name = move_aside(*connection_, deadline);
  } catch (const Error& error) {
    ErrorInfo info = error.info();
    info.operation = "move aside the corrupt journal";
    info.path = path();
    throw Error{std::move(info)};
  }
  if (!name) return;
  warn(why.info().reason + " and was renamed to " + base::quoted(name->filename()) +
       "; a new journal was begun, and copies that were under way start over");
}

template <class Action>
auto Journal::Database::healing(Action action) -> decltype(action()) {
  const auto reopen = [&] {
    ++epoch_;
    open();
  };
  moves_ = 0;
  if (!connection_ || !statements_ || is_moved(*connection_)) reopen();
  try {
    return action();
  } catch (const SqliteError& error) {
    if (!error.corrupt() && !is_moved(*connection_)) throw;
    try {
      if (error.corrupt()) set_aside(error, deadline_from_now());
    } catch (const Error& failed) {
      throw journal_error(failed.info());
    }
  }
  reopen();
  return action();
}

std::optional<Row> Journal::Database::find_once(const fs::path& dest_path) {
  connection_->wait_at_most(kPatience);
  const Run run{statements_->find};
  run->bind(1, dest_path.native());
  ReadRow found;
  try {
    if (!run->step()) return std::nullopt;
    found = read_row(*run);
  } catch (const SqliteError& error) {
    if (error.primary() != SQLITE_TOOBIG) throw;
    found.nonsense = "a value is too large";
  }
  if (found.row && found.row->dest_path != dest_path) {
    connection_->fail("read the journal", SQLITE_CORRUPT);
  }
  if (!found.row) warn("an entry makes no sense and is ignored: " + found.nonsense);
  return std::move(found.row);
}

std::int64_t Journal::Database::put_once(const Row& row, Commit commit) {
  connection_->wait_at_most(kPatience);
  set_durability(commit);
  {
    const Run run{statements_->put};
    const RowParameters parameters{*run, row};
    (void)run->step();
  }
  const Run run{statements_->id};
  run->bind(1, row.dest_path.native());
  const auto id = run->step() ? run->integer(0) : std::nullopt;
  if (!id || *id < 1 || *id > kMaxId) connection_->fail("write the journal", SQLITE_CORRUPT);
  return *id;
}

void Journal::Database::set_durability(Commit commit) {
  if (durability_ == commit) return;
  durability_.reset();
  // NORMAL never syncs a commit to a WAL. FULL syncs each; with a rollback journal it takes EXTRA
  // to sync the directory after the journal's name is gone, which is what commits there.
  const char* power_cut =
      log_ == Log::write_ahead ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = EXTRA";
  connection_->run(commit == Commit::power_cut ? power_cut : "PRAGMA synchronous = NORMAL");
  durability_ = commit;
}

Written Journal::Database::checkpoint(std::int64_t id, const Checkpoint& checkpoint) {
  if (!statements_ || id >> kIdBits != epoch_) fail_gone();
  set_durability(Commit::process);
  connection_->wait_at_most(kCheckpointPatience);
  const std::string file_hash = checkpoint.file_hash.hex();
  const Run run{statements_->checkpoint};
  run->bind(1, id & kMaxId);
  run->bind(2, static_cast<std::int64_t>(checkpoint.transferred_bytes));
  run->bind(3, std::string_view{file_hash});
  run->bind(4, std::span{checkpoint.hash_state});
  run->bind(5, static_cast<std::int64_t>(checkpoint.durable_bytes));
  run->bind(6, std::span{checkpoint.durable_hash_state});
  run->bind(7, static_cast<std::int64_t>(std::time(nullptr)));
  run->bind(8, static_cast<std::int64_t>(checkpoint.partial.inode));
  run->bind(9, checkpoint.partial.birth_ns);
  try {
    (void)run->step();
  } catch (const SqliteError& error) {
    if (error.busy()) return Written::busy;
    throw;
  }
  if (connection_->changes() == 0) fail_gone();
  return Written::yes;
}

void Journal::Database::fail_gone() const {
  throw Error{{.code = ErrorCode::journal,
               .operation = "write the journal",
               .path = path(),
               .reason = "the entry of this copy is gone"}};
}

Journal::Journal(const fs::path& database, OnWarning on_warning, const char* vfs)
    : database_{std::make_unique<Database>(Place{.database = without_links(database), .vfs = vfs},
                                           std::move(on_warning))} {}

Journal::~Journal() = default;

const fs::path& Journal::path() const { return database_->path(); }

std::optional<Row> Journal::find(const fs::path& dest_path) { return database_->find(dest_path); }

void Journal::put(Row& row, Commit commit) { database_->put(row, commit); }

Written Journal::checkpoint(std::int64_t id, const Checkpoint& checkpoint) {
  return database_->checkpoint(id, checkpoint);
}

}  // namespace rcopy::journal
