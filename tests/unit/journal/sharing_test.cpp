// SPDX-License-Identifier: MIT
//
// One database, many users at once. Everybody waits at a barrier, so that all begin together.
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "unit/journal/journal_data.hpp"

#include <array>
#include <atomic>
#include <barrier>
#include <mutex>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace rcopy::journal {
namespace {

namespace fs = std::filesystem;
using namespace rcopy::test;

constexpr int kUsers = 30;

/// Opens the journal and copies one "file" of its own. True: all of it was there at the end.
bool use_journal(const fs::path& path, int user, const Journal::OnWarning& on_warning) {
  Journal journal{path, on_warning};
  Row row = sample_row("/dest/" + std::to_string(user));
  journal.put(row, Commit::power_cut);
  for (std::uint64_t bytes = 4000; bytes <= 8000; bytes += 1000) {
    (void)journal.checkpoint(row.id, checkpoint_at(bytes));
  }
  row.transferred_bytes = row.durable_bytes = row.total_bytes;
  row.status = Status::complete;
  journal.put(row, Commit::process);
  const auto found = journal.find(row.dest_path);
  return found && text_of(*found) == text_of(row);
}

std::string rows_in(const fs::path& path) {
  return sql(path, "SELECT count(*) FROM transfer_state WHERE status = 'complete'");
}

/// Runs `user` in so many threads at once; gives the texts of what went wrong.
template <class User>
std::vector<std::string> together(User user) {
  std::barrier start{kUsers};
  std::mutex mutex;
  std::vector<std::string> failures;
  std::vector<std::thread> threads;
  for (int i = 0; i < kUsers; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      try {
        user(i);
      } catch (const std::exception& error) {
        const std::lock_guard lock{mutex};
        failures.emplace_back(error.what());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return failures;
}

TEST_CASE("thirty threads at once make one journal, and none fails", "[journal]") {
  const TempDir dir{TempPlace::memory};
  std::atomic<int> good{0};
  const auto failures = together([&](int user) {
    if (use_journal(dir / "state" / "j.db", user, {})) ++good;
  });
  CHECK(failures == std::vector<std::string>{});
  CHECK(good == kUsers);
  CHECK(rows_in(dir / "state" / "j.db") == std::to_string(kUsers));
  CHECK(names_in(dir / "state") == std::vector<std::string>{"j.db"});
}

/// Child processes that all begin at start(). To be forked before this process opens a journal:
/// SQLite in a child must not know of the connections of its parent.
class Children {
 public:
  Children() {
    if (::pipe(gate_.data()) != 0) throw std::runtime_error{"pipe"};
  }

  /// `action` gives true for good.
  template <class Action>
  void add(Action action) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(run(action));
    pids_.push_back(child);
  }

  /// Gives how many were good.
  int start() {
    ::close(gate_[0]);
    ::close(gate_[1]);
    int good = 0;
    for (const pid_t pid : pids_) {
      int status = -1;
      if (::waitpid(pid, &status, 0) == pid && status == 0) ++good;
    }
    return good;
  }

 private:
  template <class Action>
  int run(Action action) {
    ::close(gate_[1]);
    char byte = 0;
    while (::read(gate_[0], &byte, 1) != 0) {
    }
    try {
      return action() ? 0 : 2;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      return 1;
    }
  }

  std::array<int, 2> gate_{};
  std::vector<pid_t> pids_;
};

TEST_CASE("thirty processes at once make one journal, and none fails", "[journal]") {
  const TempDir dir{TempPlace::memory};
  const auto content = GENERATE(std::string{}, std::string{"garbage"});
  CAPTURE(content);
  if (!content.empty()) write_file(dir / "j.db", content);
  Children children;
  for (int i = 0; i < kUsers; ++i) {
    children.add([&, i] { return use_journal(dir / "j.db", i, {}); });
  }
  CHECK(children.start() == kUsers);
  CHECK(rows_in(dir / "j.db") == std::to_string(kUsers));
  CHECK(moved_in(dir.path()).size() == (content.empty() ? 0 : 1));
}

TEST_CASE("of thirty that find the same garbage one moves it, and no fresh journal is lost",
          "[journal]") {
  const TempDir dir{TempPlace::memory};
  write_file(dir / "j.db", "garbage");
  write_file(dir / "j.db-wal", "old wal");
  std::atomic<int> good{0};
  std::atomic<int> warned{0};
  const auto failures = together([&](int user) {
    if (use_journal(dir / "j.db", user, [&](const fs::path&, const std::string&) { ++warned; }))
      ++good;
  });
  CHECK(failures == std::vector<std::string>{});
  CHECK(good == kUsers);
  CHECK(warned == 1);
  CHECK(rows_in(dir / "j.db") == std::to_string(kUsers));
  const auto moved = moved_in(dir.path());
  REQUIRE(moved.size() == 1);
  CHECK(read_file(dir / moved[0]) == "garbage");
  CHECK(read_file(beside(dir / moved[0], "-wal")) == "old wal");
}

TEST_CASE("opening the journal twice in one process keeps the locks of the first", "[journal]") {
  const TempDir dir{TempPlace::memory};
  // A process that believes to be alone moves the WAL into the database and deletes it.
  Children children;
  children.add([&] { return sql(dir / "j.db", "SELECT count(*) FROM transfer_state") == "1"; });
  Journal first{dir / "j.db", {}};
  Row row = sample_row("/d");
  first.put(row, Commit::process);
  { const Journal second{dir / "j.db", {}}; }
  CHECK(children.start() == 1);
  CHECK(fs::exists(dir / "j.db-wal"));
  CHECK(first.checkpoint(row.id, checkpoint_at(4000)) == Written::yes);
}

}  // namespace
}  // namespace rcopy::journal
