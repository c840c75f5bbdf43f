// SPDX-License-Identifier: MIT
//
// The database as a file: its first bytes, whether its name still means it, and moving it aside.
// All through SQLite's own handles. A descriptor of our own would be a trap: closing it drops every
// POSIX lock this process holds on the file, also those of other connections in other threads
// (sqlite.org/howtocorrupt.html, 2.2).
#pragma once

#include "io/private_files.hpp"
#include "journal/sqlite.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace rcopy::journal {

using Deadline = std::chrono::steady_clock::time_point;

/// The first `size` bytes, fewer where the file is shorter. Only before the first statement of
/// `connection`.
[[nodiscard]] std::vector<std::byte> read_head(Connection& connection, std::size_t size,
                                               Deadline deadline);

/// Whether the file with `suffix` ("-wal") behind its name is there and not empty. SQLite's unix
/// VFS calls an empty file none.
[[nodiscard]] bool has_content_beside(Connection& connection, const char* suffix);

/// Whether the path means another file by now, or none.
[[nodiscard]] bool is_moved(Connection& connection);

/// To be held shared while a database is opened, until its WAL is open, and exclusively while one
/// is moved aside: a database is several files, and who opens it between two renames would join
/// the old file with the WAL or the rollback journal of the new one. Throws Error (journal) where
/// the lock is not to be had before `deadline`.
[[nodiscard]] io::DirectoryLock lock_directory(const std::filesystem::path& database,
                                               io::DirectoryLock::Mode mode, Deadline deadline);

/// Renames the corrupt database that `connection` has open, with the files beside it, to
/// NAME.corrupt-YYYYMMDD-HHMMSS (UTC). Gives the new path; nothing where somebody else did it
/// first. Of many processes and threads that find the same corruption, one moves it, and none
/// touches the new database.
[[nodiscard]] std::optional<std::filesystem::path> move_aside(Connection& connection,
                                                              Deadline deadline);

/// Sleeps a little, longer each time.
class Pause {
 public:
  /// False, at once: the deadline has passed.
  [[nodiscard]] bool before(Deadline deadline);

 private:
  std::chrono::milliseconds next_{1};
};

/// Calls `action` until it does not throw "busy" or the time is over. For the calls in which
/// SQLite does not wait by itself, lest two connections wait for each other.
template <class Action>
auto retry_while_busy(Deadline deadline, Action action) -> decltype(action()) {
  for (Pause pause;;) {
    try {
      return action();
    } catch (const SqliteError& error) {
      if (!error.busy() || !pause.before(deadline)) throw;
    }
  }
}

}  // namespace rcopy::journal
