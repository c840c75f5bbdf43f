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
  explicit FileLock(Connection& connection) : connection_{connection}, file_{connection.file()} {}
  ~FileLock() {
    // Cannot fail in a way that matters: closing the connection drops the locks as well.
    (void)file_.pMethods->xUnlock(&file_, SQLITE_LOCK_NONE);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  void take(int level, Deadline deadline) {
    retry_while_busy(deadline, [&] {
      const int result = file_.pMethods->xLock(&file_, level);
      if (result != SQLITE_OK) connection_.fail("lock the journal", result);
    });
  }

 private:
  Connection& connection_;
  sqlite3_file& file_;
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

}  // namespace

std::optional<Connection> open_if_there(const Place& place) {
  try {
    return Connection{place};
  } catch (const SqliteError& error) {
    if (error.primary() != SQLITE_CANTOPEN || is_taken(place.database)) throw;
    return std::nullopt;
  }
}

bool Pause::before(Deadline deadline) {
  if (std::chrono::steady_clock::now() >= deadline) return false;
  std::this_thread::sleep_for(next_);
  next_ = std::min(next_ * 2, std::chrono::milliseconds{50});
  return true;
}

std::vector<std::byte> read_head(Connection& connection, std::size_t size, Deadline deadline) {
  FileLock lock{connection};
  lock.take(SQLITE_LOCK_SHARED, deadline);
  sqlite3_file& file = connection.file();
  sqlite3_int64 file_bytes = 0;
  int result = file.pMethods->xFileSize(&file, &file_bytes);
  if (result != SQLITE_OK) connection.fail("read the journal", result);

  std::vector<std::byte> head(std::min(size, static_cast<std::size_t>(file_bytes)));
  if (head.empty()) return head;
  result = file.pMethods->xRead(&file, head.data(), static_cast<int>(head.size()), 0);
  if (result != SQLITE_OK) connection.fail("read the journal", result);
  return head;
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
  // Opens what the name means now; below it turns out whether that is still the corrupt file.
  std::optional<Connection> handle = open_if_there(place);
  if (!handle) return std::nullopt;
  FileLock lock{*handle};
  lock.take(SQLITE_LOCK_SHARED, deadline);
  lock.take(SQLITE_LOCK_RESERVED, deadline);
  if (is_moved(connection) || is_moved(*handle)) return std::nullopt;

  const fs::path name = free_name(place.database);
  for (const char* suffix : kSidecars) {
    io::rename_if_there(with_suffix(place.database, suffix), with_suffix(name, suffix));
  }
  // A crash before this leaves a corrupt database without its WAL; the next run moves it, too.
  io::rename_if_there(place.database, name);
  return name;
}

}  // namespace rcopy::journal
