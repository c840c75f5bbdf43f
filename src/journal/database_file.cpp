// SPDX-License-Identifier: MIT
//
// A process that had the old database open before it was moved is not in the way: it goes on with
// the renamed files, all of which it has open.
#include "journal/database_file.hpp"

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

/// SQLite's SHARED lock of the database file, dropped at the end. Nobody writes to the file while
/// it is held, except from a WAL.
class SharedLock {
 public:
  explicit SharedLock(Connection& connection) : file_{connection.file()} {
    const int result = file_.pMethods->xLock(&file_, SQLITE_LOCK_SHARED);
    if (result != SQLITE_OK) connection.fail("read the journal", result);
  }
  ~SharedLock() {
    // Cannot fail in a way that matters: closing the connection drops the lock as well.
    (void)file_.pMethods->xUnlock(&file_, SQLITE_LOCK_NONE);
  }
  SharedLock(const SharedLock&) = delete;
  SharedLock& operator=(const SharedLock&) = delete;

 private:
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

fs::path rename_all(const fs::path& database) {
  fs::path name = free_name(database);
  for (const char* suffix : kSidecars) {
    io::rename_if_there(with_suffix(database, suffix), with_suffix(name, suffix));
  }
  // A crash before this leaves a corrupt database without its WAL; the next run moves it, too.
  io::rename_if_there(database, name);
  return name;
}

}  // namespace

bool Pause::before(Deadline deadline) {
  if (std::chrono::steady_clock::now() >= deadline) return false;
  std::this_thread::sleep_for(next_);
  next_ = std::min(next_ * 2, std::chrono::milliseconds{50});
  return true;
}

std::vector<std::byte> read_head(Connection& connection, std::size_t size, Deadline deadline) {
  return retry_while_busy(deadline, [&] {
    const SharedLock lock{connection};
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

bool has_content_beside(Connection& connection, const char* suffix) {
  sqlite3_vfs* vfs = nullptr;
  int result = sqlite3_file_control(connection.get(), "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
  if (result != SQLITE_OK) connection.fail("use the journal", result);
  int there = 0;
  const fs::path path = with_suffix(connection.path(), suffix);
  result = vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &there);
  if (result != SQLITE_OK) connection.fail("use the journal", result);
  return there != 0;
}

bool is_moved(Connection& connection) {
  int moved = 0;
  const int result = sqlite3_file_control(connection.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return result == SQLITE_OK && moved != 0;
}

io::DirectoryLock lock_directory(const fs::path& database, io::DirectoryLock::Mode mode,
                                 Deadline deadline) {
  for (Pause pause;;) {
    auto lock = io::DirectoryLock::try_take(database.parent_path(), mode);
    if (lock) return std::move(*lock);
    if (!pause.before(deadline)) {
      throw Error{{.code = ErrorCode::journal,
                   .operation = "open the journal",
                   .path = database,
                   .reason = "another process keeps its directory locked"}};
    }
  }
}

std::optional<fs::path> move_aside(Connection& connection, Deadline deadline) {
  connection.set_on_close(Connection::OnClose::leave);
  const auto lock = lock_directory(connection.path(), io::DirectoryLock::Mode::exclusive, deadline);
  if (is_moved(connection)) return std::nullopt;
  return rename_all(connection.path());
}

}  // namespace rcopy::journal
