// SPDX-License-Identifier: MIT
//
// Why moving aside needs two checks. A database is three files, and they are renamed one after
// the other, the database last. Who opens the database in between would make a new WAL for the
// old file, which the new database then finds beside itself. So the mover holds the RESERVED lock
// on the old file from before the first rename until after the last, and who has opened a
// database waits until that lock is free and then asks whether the name still means its file.
#include "journal/database_file.hpp"

#include "io/private_files.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <thread>

namespace rcopy::journal {
namespace {

namespace fs = std::filesystem;

/// The files that belong to a database besides itself.
constexpr std::array kSidecars{"-wal", "-shm", "-journal"};

fs::path with_suffix(const fs::path& path, const std::string& suffix) {
  fs::path result = path;
  result += suffix;
  return result;
}

/// Locks of the database file, dropped at the end. On a connection that runs no statement, so
/// that nobody else counts on them.
class FileLock {
 public:
  /// To RESERVED one comes through SHARED.
  enum class Level { shared, reserved };

  FileLock(Connection& connection, Level level)
      : connection_{connection}, file_{connection.file()}, locked_{lock(level)} {}
  ~FileLock() {
    // Cannot fail in a way that matters: closing the connection drops the locks as well.
    (void)file_.pMethods->xUnlock(&file_, SQLITE_LOCK_NONE);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// False: somebody else is in the way. Never wait with this object alive: its SHARED lock may
  /// be what the other waits for.
  [[nodiscard]] bool locked() const { return locked_; }

 private:
  [[nodiscard]] bool lock(Level level) {
    int result = file_.pMethods->xLock(&file_, SQLITE_LOCK_SHARED);
    if (result == SQLITE_OK && level == Level::reserved) {
      result = file_.pMethods->xLock(&file_, SQLITE_LOCK_RESERVED);
    }
    if (result == SQLITE_OK || (result & 0xFF) == SQLITE_BUSY) return result == SQLITE_OK;
    (void)file_.pMethods->xUnlock(&file_, SQLITE_LOCK_NONE);
    connection_.fail("lock the journal", result);
  }

  Connection& connection_;
  sqlite3_file& file_;
  bool locked_;
};

std::string utc_stamp() {
  using namespace std::chrono;
  const auto now = floor<seconds>(system_clock::now());
  const auto day = floor<days>(now);
  const year_month_day date{day};
  const hh_mm_ss time{now - day};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d%02u%02u-%02d%02d%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return text.data();
}

bool is_taken(const fs::path& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

fs::path free_name(const fs::path& database) {
  const fs::path first = with_suffix(database, ".corrupt-" + utc_stamp());
  fs::path name = first;
  const auto taken = [&] {
    return is_taken(name) ||
           std::any_of(kSidecars.begin(), kSidecars.end(),
                       [&](const char* suffix) { return is_taken(with_suffix(name, suffix)); });
  };
  for (unsigned n = 2; taken(); ++n) name = with_suffix(first, "-" + std::to_string(n));
  return name;
}

fs::path rename_all(const fs::path& database) {
  const fs::path name = free_name(database);
  for (const char* suffix : kSidecars) {
    io::rename_if_there(with_suffix(database, suffix), with_suffix(name, suffix));
  }
  // A crash before this leaves a corrupt database without its WAL; the next run moves it, too.
  io::rename_if_there(database, name);
  return name;
}

}  // namespace

std::optional<Connection> open_if_there(const Place& place) {
  try {
    // Where the file appears just after SQLite found none to write, SQLite opens it read-only.
    for (int tries = 3;; --tries) {
      Connection connection{place};
      if (tries == 1 || !connection.is_read_only()) return connection;
    }
  } catch (const SqliteError& error) {
    if (error.info().os_error == ENOENT) return std::nullopt;
    throw;
  }
}

bool Pause::before(Deadline deadline) {
  if (std::chrono::steady_clock::now() >= deadline) return false;
  std::this_thread::sleep_for(next_);
  next_ = std::min(next_ * 2, std::chrono::milliseconds{50});
  return true;
}

std::vector<std::byte> read_head(Connection& connection, std::size_t size, Deadline deadline) {
  return retry_while_busy(deadline, [&] {
    const FileLock lock{connection, FileLock::Level::shared};
    if (!lock.locked()) connection.fail("read the journal", SQLITE_BUSY);
    sqlite3_file& file = connection.file();
    sqlite3_int64 file_bytes = 0;
    int result = file.pMethods->xFileSize(&file, &file_bytes);
    if (result != SQLITE_OK) connection.fail("read the journal", result);

    std::vector<std::byte> head(std::min(size, static_cast<std::size_t>(file_bytes)));
    if (head.empty()) return head;
    result = file.pMethods->xRead(&file, head.data(), static_cast<int>(head.size()), 0);
    if (result != SQLITE_OK) connection.fail("read the journal", result);
    return head;
  });
}

bool is_moved(Connection& connection) {
  int moved = 0;
  const int result = sqlite3_file_control(connection.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return result == SQLITE_OK && moved != 0;
}

bool is_being_moved(Connection& connection) {
  sqlite3_file& file = connection.file();
  int reserved = 0;
  const int result = file.pMethods->xCheckReservedLock(&file, &reserved);
  if (result != SQLITE_OK) connection.fail("lock the journal", result);
  return reserved != 0;
}

std::optional<fs::path> move_aside(Connection& connection, const Place& place, Deadline deadline) {
  connection.set_on_close(Connection::OnClose::leave);
  for (Pause pause;;) {
    {
      // Opens what the name means now, which is the corrupt file unless that was moved already.
      std::optional<Connection> handle = open_if_there(place);
      if (!handle) return std::nullopt;
      const FileLock lock{*handle, FileLock::Level::reserved};
      if (is_moved(connection) || is_moved(*handle)) return std::nullopt;
      if (lock.locked()) return rename_all(place.database);
    }
    if (!pause.before(deadline)) connection.fail("lock the journal", SQLITE_BUSY);
  }
}

}  // namespace rcopy::journal
