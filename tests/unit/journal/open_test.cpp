// SPDX-License-Identifier: MIT
//
// Which files become a journal, and which are refused untouched.
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "unit/journal/journal_data.hpp"

#include <sys/stat.h>

namespace rcopy::journal {
namespace {

namespace fs = std::filesystem;
using namespace rcopy::test;
using Catch::Matchers::ContainsSubstring;

unsigned mode_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777U;
}

/// Names, content and times of everything in a directory.
std::string state_of(const fs::path& directory) {
  std::string state;
  for (const std::string& name : names_in(directory)) {
    struct stat found {};
    REQUIRE(::stat((directory / name).c_str(), &found) == 0);
    state += name + '|' + read_file(directory / name) + '|' + std::to_string(found.st_ino) + '|' +
             std::to_string(found.st_mtim.tv_sec) + '.' + std::to_string(found.st_mtim.tv_nsec) +
             '\n';
  }
  return state;
}

/// The text of the Error (journal) that opening must throw, after which all is as before.
std::string refusal(const fs::path& path) {
  const std::string before = state_of(path.parent_path());
  std::string text;
  try {
    const Journal journal{path, [](const fs::path&, const std::string& warning) { FAIL(warning); }};
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::journal);
    CHECK_THAT(error.what(), ContainsSubstring(path.native()));
    text = error.what();
  }
  CHECK_FALSE(text.empty());
  CHECK(state_of(path.parent_path()) == before);
  return text;
}

TEST_CASE("a new journal is private: directories 0700, all files 0600", "[journal]") {
  const TempDir dir;
  const fs::path path = dir / "state" / "rcopy" / "journal.db";
  const mode_t before = ::umask(0);
  {
    Journal journal{path, {}};
    Row row = sample_row("/d");
    journal.put(row, Commit::process);
    CHECK(mode_of(dir / "state") == 0700);
    CHECK(mode_of(dir / "state" / "rcopy") == 0700);
    for (const char* suffix : {"", "-wal", "-shm"}) CHECK(mode_of(beside(path, suffix)) == 0600);
    CHECK(journal.path() == path);
  }
  ::umask(before);
  CHECK(names_in(path.parent_path()) == std::vector<std::string>{"journal.db"});
}

TEST_CASE("a new journal says whose it is and which version, and uses a WAL", "[journal]") {
  const TempDir dir;
  { const Journal journal{dir / "j.db", {}}; }
  CHECK(sql(dir / "j.db", "PRAGMA application_id") == std::to_string(0x72637079));
  CHECK(sql(dir / "j.db", "PRAGMA user_version") == "1");
  CHECK(sql(dir / "j.db", "PRAGMA journal_mode") == "wal");
  CHECK(sql(dir / "j.db", "PRAGMA integrity_check") == "ok");
}

TEST_CASE("an empty file and an empty database become a journal", "[journal]") {
  const TempDir dir;
  const auto make = GENERATE("", "VACUUM", "PRAGMA journal_mode = WAL",
                             "CREATE TABLE t (x); DROP TABLE t; VACUUM");
  CAPTURE(make);
  write_file(dir / "j.db", "");
  sql(dir / "j.db", make);
  Warnings warnings;
  Journal journal{dir / "j.db", warnings.collector()};
  Row row = sample_row("/d");
  journal.put(row, Commit::power_cut);
  CHECK(journal.find("/d"));
  CHECK(warnings.texts.empty());
  CHECK(sql(dir / "j.db", "PRAGMA journal_mode") == "wal");
}

TEST_CASE("a database of another program is refused untouched", "[journal]") {
  const TempDir dir;
  const auto make =
      GENERATE("CREATE TABLE theirs (x)", "PRAGMA application_id = 7",
               "PRAGMA application_id = 7; CREATE TABLE theirs (x)", "PRAGMA user_version = 1",
               "PRAGMA user_version = 1; CREATE TABLE t (x)",
               "PRAGMA journal_mode = WAL; CREATE TABLE theirs (x)",
               "CREATE TABLE transfer_state (x)", "PRAGMA page_size = 512; CREATE TABLE t (x)",
               "PRAGMA encoding = 'UTF-16'; CREATE TABLE t (x)");
  CAPTURE(make);
  sql(dir / "j.db", make);
  CHECK_THAT(refusal(dir / "j.db"), ContainsSubstring("another program"));
}

TEST_CASE("another program's tables that are in its WAL only are not touched either", "[journal]") {
  const TempDir dir;
  const TempDir copy;
  {
    Sql theirs{dir / "j.db"};
    theirs.run("PRAGMA journal_mode = WAL; CREATE TABLE theirs (x)");
    // As after a crash: the database file alone still looks empty.
    for (const char* suffix : {"", "-wal"})
      fs::copy(beside(dir / "j.db", suffix), beside(copy / "j.db", suffix));
  }
  CHECK_THAT(refusal(copy / "j.db"), ContainsSubstring("another program"));
  CHECK(sql(copy / "j.db", "SELECT count(*) FROM theirs") == "0");
}

TEST_CASE("a journal of a newer rcopy is refused untouched, also when a WAL says so", "[journal]") {
  const TempDir dir;
  const auto version = GENERATE("2", "77", "-1");
  { const Journal journal{dir / "j.db", {}}; }
  SECTION("in the database") {
    sql(dir / "j.db", std::string{"PRAGMA user_version = "} + version);
    CHECK_THAT(refusal(dir / "j.db"), ContainsSubstring("newer version"));
  }
  SECTION("in the WAL") {
    const TempDir copy;
    Sql newer{dir / "j.db"};
    newer.run(std::string{"PRAGMA user_version = "} + version);
    for (const char* suffix : {"", "-wal"})
      fs::copy(beside(dir / "j.db", suffix), beside(copy / "j.db", suffix));
    const std::string database = read_file(copy / "j.db");
    const std::string wal = read_file(copy / "j.db-wal");
    CHECK_THROWS_AS(Journal(copy / "j.db", {}), Error);
    // SQLite's index of the WAL appears; nothing that holds data changes.
    CHECK(read_file(copy / "j.db") == database);
    CHECK(read_file(copy / "j.db-wal") == wal);
  }
}

TEST_CASE("what is no file cannot be a journal and is left alone", "[journal]") {
  const TempDir dir;
  SECTION("a directory") {
    fs::create_directory(dir / "j.db");
    CHECK_THROWS_AS(Journal(dir / "j.db", {}), Error);
    CHECK(fs::is_empty(dir / "j.db"));
  }
  SECTION("a FIFO") {
    REQUIRE(::mkfifo((dir / "j.db").c_str(), 0600) == 0);
    CHECK_THROWS_WITH(Journal(dir / "j.db", {}), ContainsSubstring("not a regular file"));
    CHECK(fs::is_fifo(dir / "j.db"));
  }
  SECTION("a device") {
    CHECK_THROWS_WITH(Journal("/dev/full", {}), ContainsSubstring("not a regular file"));
  }
  CHECK(names_in(dir.path()).size() <= 1);
}

TEST_CASE("a journal that cannot be made is an error of the journal that says why", "[journal]") {
  const TempDir dir;
  write_file(dir / "file", "x");
  fs::create_symlink("loop", dir / "loop");
  for (const fs::path& path : {dir / "file" / "j.db", fs::path{"/proc/rcopy/j.db"},
                               fs::path{"/proc/j.db"}, dir / "loop", dir / std::string(300, 'n')}) {
    CAPTURE(path);
    try {
      const Journal journal{path, {}};
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::journal);
      CHECK(error.info().os_error != 0);
      CHECK(std::string_view{error.what()}.find('\n') == std::string_view::npos);
    }
  }
  CHECK(read_file(dir / "file") == "x");
}

TEST_CASE("a journal that may only be read is an error, and stays as it is", "[journal]") {
  const TempDir dir;
  { const Journal journal{dir / "j.db", {}}; }
  fs::permissions(dir / "j.db", fs::perms::owner_read);
  if (std::ofstream{dir / "j.db", std::ios::app}) {
    WARN("skipped: this user may write to read-only files");
    return;
  }
  CHECK_THAT(refusal(dir / "j.db"), ContainsSubstring("read-only"));
}

TEST_CASE("a journal path may be a symlink, also one to a file that is not there yet",
          "[journal]") {
  const TempDir dir;
  fs::create_directory(dir / "real");
  fs::create_symlink("real/j.db", dir / "link.db");
  fs::create_symlink("link.db", dir / "link2.db");
  Row row = sample_row("/d");
  {
    Journal journal{dir / "link2.db", {}};
    journal.put(row, Commit::process);
  }
  CHECK(mode_of(dir / "real" / "j.db") == 0600);
  CHECK(fs::is_symlink(dir / "link.db"));
  CHECK(Journal(dir / "real" / "j.db", {}).find("/d"));
}

TEST_CASE("a corrupt journal behind a symlink is moved where it is", "[journal]") {
  const TempDir dir;
  fs::create_directory(dir / "real");
  write_file(dir / "real" / "j.db", "garbage");
  fs::create_symlink("real/j.db", dir / "link.db");
  Warnings warnings;
  { const Journal journal{dir / "link.db", warnings.collector()}; }
  CHECK(warnings.texts.size() == 1);
  CHECK(names_in(dir.path()) == std::vector<std::string>{"link.db", "real"});
  REQUIRE(moved_in(dir / "real").size() == 1);
  CHECK(read_file(dir / "real" / moved_in(dir / "real")[0]) == "garbage");
}

TEST_CASE("a relative path and a name that is not UTF-8 are fine", "[journal]") {
  const TempDir dir;
  const fs::path before = fs::current_path();
  fs::current_path(dir.path());
  Row row = sample_row("/d");
  {
    Journal journal{"j\xFF\n.db", {}};
    journal.put(row, Commit::process);
  }
  {
    Journal journal{"file:j.db?mode=memory", {}};  // a name, not a URI
    journal.put(row, Commit::process);
  }
  fs::current_path(before);
  CHECK(Journal(dir / "j\xFF\n.db", {}).find("/d"));
  CHECK(Journal(dir / "file:j.db?mode=memory", {}).find("/d"));
}

TEST_CASE("a planted trigger or view does nothing", "[journal]") {
  const TempDir dir;
  { const Journal journal{dir / "j.db", {}}; }
  Row row = sample_row("/d");
  SECTION("trigger") {
    sql(dir / "j.db",
        "CREATE TRIGGER t AFTER INSERT ON transfer_state BEGIN "
        "UPDATE transfer_state SET transferred_bytes = 9000; END");
    Journal journal{dir / "j.db", {}};
    journal.put(row, Commit::process);
    CHECK(journal.find("/d")->transferred_bytes == 3000);
  }
  SECTION("view") {
    sql(dir / "j.db",
        "ALTER TABLE transfer_state RENAME TO t; CREATE VIEW transfer_state AS SELECT * FROM t");
    Warnings warnings;
    Journal journal{dir / "j.db", warnings.collector()};
    CHECK(warnings.texts.size() == 1);
    journal.put(row, Commit::process);
    CHECK(text_of(*journal.find("/d")) == text_of(row));
  }
}

}  // namespace
}  // namespace rcopy::journal
