// SPDX-License-Identifier: MIT
//
// Whatever the journal's files hold, opening them ends with a journal that works or with an Error
// (journal), what was there is kept, and no row is found that was not written.
#include "journal/schema.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "unit/journal/journal_data.hpp"

#include <random>
#include <set>

namespace rcopy::journal {
namespace {

namespace fs = std::filesystem;
using namespace rcopy::test;

/// The files of a journal: the database and, where it is not empty, its WAL.
struct Files {
  std::string database;
  std::string wal;
};

struct Sample {
  Files files;
  std::set<std::string> written;  ///< text_of() of every state in which "/dest/1" was
};

/// Three transfers in pages of 512 bytes, which makes a small database with many pages; some
/// of the states are in the WAL only.
Sample make_sample(const fs::path& directory) {
  const fs::path path = directory / "sample.db";
  Sample sample;
  const auto note = [&](Journal& journal) {
    sample.written.insert(text_of(*journal.find("/dest/1")));
  };
  {
    Journal journal{path, {}};
    for (int i = 0; i < 3; ++i) {
      Row row = sample_row("/dest/" + std::to_string(i));
      row.hash_state.clear();
      row.durable_hash_state.clear();
      journal.put(row, Commit::process);
    }
    note(journal);
  }
  sql(path, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM");
  Journal journal{path, {}};
  Row row = *journal.find("/dest/1");
  REQUIRE(journal.checkpoint(row.id, checkpoint_at(4000)) == Written::yes);
  note(journal);
  sample.files = {.database = read_file(path), .wal = read_file(beside(path, "-wal"))};
  return sample;
}

enum class Damage { cut, changed };

/// Uses a journal that may be damaged.
void try_journal(Journal& journal, const Sample& sample, Damage damage) {
  // Pages of a database have no checksums: a changed byte may give a row that is old or wrong,
  // but it is a row of this destination and its positions make sense.
  const auto is_good = [&](const Row& found) {
    return damage == Damage::cut
               ? sample.written.contains(text_of(found))
               : found.dest_path == "/dest/1" && found.durable_bytes <= found.transferred_bytes &&
                     found.transferred_bytes <= found.total_bytes;
  };
  if (const auto found = journal.find("/dest/1")) CHECK(is_good(*found));
  Row row = sample_row("/dest/1");
  journal.put(row, Commit::process);
  const auto found = journal.find("/dest/1");
  if (damage == Damage::cut) {
    REQUIRE(found);
    CHECK(text_of(*found) == text_of(row));
    CHECK(journal.checkpoint(row.id, checkpoint_at(5000)) == Written::yes);
  } else if (found) {
    CHECK(is_good(*found));
  }
}

/// Tries one set of files. Gives 1 where they were moved aside, else 0.
std::size_t try_files(const Sample& sample, const Files& files, Damage damage,
                      const fs::path& directory) {
  const fs::path path = directory / "j.db";
  write_file(path, files.database);
  if (!files.wal.empty()) write_file(beside(path, "-wal"), files.wal);
  Warnings warnings;
  try {
    Journal journal{path, warnings.collector()};
    try_journal(journal, sample, damage);
  } catch (const Error& error) {
    CAPTURE(error.what());
    CHECK(error.code() == ErrorCode::journal);
    CHECK(damage == Damage::changed);
  }
  const auto moved = moved_in(directory);
  CHECK(moved.size() <= 1);
  if (!moved.empty()) CHECK_FALSE(warnings.texts.empty());
  for (const std::string& name : names_in(directory)) fs::remove(directory / name);
  return moved.size();
}

TEST_CASE("garbage is moved aside, whole and with a warning, and a new journal begun",
          "[journal]") {
  const TempDir dir;
  const auto garbage = GENERATE(std::string{"xy"}, std::string(100, '\0'), std::string(5000, 'g'),
                                std::string(20'000, '\0'), std::string{"SQLite format 3"},
                                std::string{"SQLite format 3\0", 16} + std::string(44, 'g') +
                                    std::string{"\0\0\0\1ggggrcpy", 12} + std::string(9000, 'g'));
  CAPTURE(garbage.substr(0, 16), garbage.size());
  write_file(dir / "j.db", garbage);
  write_file(dir / "j.db-wal", "its wal");
  write_file(dir / "j.db-shm", "its shm");
  Warnings warnings;
  Row row = sample_row("/d");
  {
    Journal journal{dir / "j.db", warnings.collector()};
    journal.put(row, Commit::power_cut);
    CHECK(journal.find("/d"));
  }
  REQUIRE(warnings.texts.size() == 1);
  const auto moved = moved_in(dir.path());
  REQUIRE(moved.size() == 1);
  CHECK(warnings.texts[0].find(moved[0]) != std::string::npos);
  CHECK(warnings.texts[0].find('\n') == std::string::npos);
  CHECK(read_file(dir / moved[0]) == garbage);
  CHECK(read_file(beside(dir / moved[0], "-wal")) == "its wal");
  CHECK(read_file(beside(dir / moved[0], "-shm")) == "its shm");
  CHECK(names_in(dir.path()).size() == 4);
  CHECK(Journal(dir / "j.db", {}).find("/d"));
}

TEST_CASE("corrupt journals are kept side by side, however fast they come", "[journal]") {
  const TempDir dir;
  for (int i = 0; i < 5; ++i) {
    write_file(dir / "j.db", "garbage " + std::to_string(i));
    const Journal journal{dir / "j.db", {}};
  }
  std::set<std::string> kept;
  for (const std::string& name : moved_in(dir.path())) kept.insert(read_file(dir / name));
  CHECK(kept.size() == 5);
}

TEST_CASE("a journal without the table or one of its columns is moved aside", "[journal]") {
  const TempDir dir;
  const auto change =
      GENERATE("ALTER TABLE transfer_state RENAME COLUMN attempts TO tries",
               "DROP TABLE transfer_state; CREATE TABLE transfer_state (id INTEGER PRIMARY KEY)",
               "DROP TABLE transfer_state; CREATE TABLE other (x)", "DROP TABLE transfer_state",
               "PRAGMA user_version = 0");
  { const Journal journal{dir / "j.db", {}}; }
  sql(dir / "j.db", change);
  Warnings warnings;
  Journal journal{dir / "j.db", warnings.collector()};
  CHECK(warnings.texts.size() == 1);
  CHECK(moved_in(dir.path()).size() == 1);
  Row row = sample_row("/d");
  journal.put(row, Commit::process);
  CHECK(journal.find("/d"));
}

TEST_CASE("corruption that only a look-up or a write meets is moved aside, too", "[journal]") {
  const TempDir dir;
  const std::string good = make_sample(dir.path()).files.database;
  constexpr std::size_t kPage = 512;
  // All pages but the first, which opening reads.
  write_file(dir / "j.db", good.substr(0, kPage) + std::string(good.size() - kPage, '\xAA'));
  const auto first = GENERATE("find", "put");
  Warnings warnings;
  Row row = sample_row("/dest/1");
  try {
    Journal journal{dir / "j.db", warnings.collector()};
    if (std::string_view{first} == "find") CHECK_FALSE(journal.find("/dest/1"));
    journal.put(row, Commit::process);
    CHECK(text_of(*journal.find("/dest/1")) == text_of(row));
  } catch (const Error& error) {
    FAIL(error.what());
  }
  CHECK(warnings.texts.size() == 1);
  CHECK(moved_in(dir.path()).size() == 1);
}

TEST_CASE("a checkpoint that meets corruption is an error, and the next put begins a new journal",
          "[journal]") {
  const TempDir dir;
  const fs::path path = dir / "j.db";
  Warnings warnings;
  Journal journal{path, warnings.collector()};
  Row row = sample_row("/d");
  journal.put(row, Commit::process);
  sql(path, "PRAGMA wal_checkpoint(TRUNCATE)");
  const std::string good = read_file(path);
  write_file(path, good.substr(0, 4096) + std::string(good.size() - 4096, '\xAA'));
  sql(path, "CREATE TABLE IF NOT EXISTS wakes_the_cache (x)");

  CHECK_THROWS_AS(journal.checkpoint(row.id, checkpoint_at(4000)), Error);
  CHECK(warnings.texts.empty());
  journal.put(row, Commit::process);
  CHECK(warnings.texts.size() == 1);
  CHECK(journal.checkpoint(row.id, checkpoint_at(4000)) == Written::yes);
}

/// The database and its rollback journal as a crash in the middle of a transaction leaves them.
/// The transaction is too big for the cache, so it has written to the database already.
void crash_in(const std::string& sql, const fs::path& from, const fs::path& to) {
  Sql connection{from};
  connection.run("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1");
  const std::string before = read_file(from);
  connection.run("BEGIN; " + sql +
                 "; CREATE TABLE filler AS WITH RECURSIVE n (i) AS "
                 "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
                 "SELECT hex(zeroblob(1000)) FROM n");
  for (const char* suffix : {"", "-journal"}) fs::copy(beside(from, suffix), beside(to, suffix));
  REQUIRE(read_file(to) != before);
}

TEST_CASE("a write that a crash cut short is rolled back, and no row is lost", "[journal]") {
  const TempDir dir;
  Row row = sample_row("/dest/1");
  {
    Journal journal{dir / "a.db", {}};
    journal.put(row, Commit::process);
  }
  crash_in("UPDATE transfer_state SET transferred_bytes = 8000", dir / "a.db", dir / "b.db");
  Warnings warnings;
  Journal journal{dir / "b.db", warnings.collector()};
  const auto found = journal.find("/dest/1");
  REQUIRE(found);
  CHECK(text_of(*found) == text_of(row));
  CHECK(warnings.texts.empty());
}

TEST_CASE("a journal whose making was cut short is made again, without a warning", "[journal]") {
  const TempDir dir;
  write_file(dir / "a.db", "");
  crash_in("PRAGMA application_id = 1919119481; CREATE TABLE transfer_state (x)", dir / "a.db",
           dir / "b.db");
  SECTION("as a killed process leaves it") {}
  SECTION("as a power cut may leave it") {
    write_file(dir / "b.db", std::string(fs::file_size(dir / "b.db"), '\0'));
  }
  Warnings warnings;
  Journal journal{dir / "b.db", warnings.collector()};
  Row row = sample_row("/dest/1");
  journal.put(row, Commit::process);
  CHECK(journal.find("/dest/1"));
  CHECK(warnings.texts.empty());
}

TEST_CASE("a corrupt journal that cannot be moved is an error that says so", "[journal]") {
  const TempDir dir;
  write_file(dir / "j.db", "garbage");
  fs::permissions(dir.path(), fs::perms::owner_read | fs::perms::owner_exec);
  const bool bypassed = static_cast<bool>(std::ofstream{dir / "probe"});
  if (bypassed) {
    WARN("skipped: this user may write to read-only directories");
  } else {
    CHECK_THROWS_WITH(Journal(dir / "j.db", {}),
                      Catch::Matchers::ContainsSubstring("cannot move aside the corrupt journal"));
  }
  fs::permissions(dir.path(), fs::perms::owner_all);
  if (!bypassed) CHECK(read_file(dir / "j.db") == "garbage");
}

TEST_CASE("a journal cut at any length works or is moved aside", "[journal]") {
  const TempDir dir;
  const TempDir work{TempPlace::memory};
  const Sample sample = make_sample(dir.path());
  const auto& [database, wal] = sample.files;
  const auto head = [](const std::string& text, std::size_t size) { return text.substr(0, size); };
  std::size_t moved = 0;
  for (std::size_t size = 0; size <= database.size(); ++size) {
    CAPTURE(size);
    moved +=
        try_files(sample, {.database = head(database, size), .wal = {}}, Damage::cut, work.path());
  }
  CHECK(moved > database.size() / 2);
  for (std::size_t size = 0; size <= database.size(); size += 31) {
    CAPTURE(size);
    try_files(sample, {.database = head(database, size), .wal = wal}, Damage::cut, work.path());
  }
  moved = 0;
  for (std::size_t size = 0; size <= wal.size(); ++size) {
    CAPTURE(size);
    moved +=
        try_files(sample, {.database = database, .wal = head(wal, size)}, Damage::cut, work.path());
  }
  CHECK(moved == 0);
}

TEST_CASE("a journal with random bytes changed works, is moved aside or is refused", "[journal]") {
  const TempDir dir;
  const TempDir work{TempPlace::memory};
  const Sample sample = make_sample(dir.path());
  const std::uint32_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  for (int round = 0; round < 1000; ++round) {
    CAPTURE(round);
    Files files = sample.files;
    if (round % 2 == 0) files.wal.clear();
    std::string& target = round % 4 == 3 ? files.wal : files.database;
    // Often near the beginning, where the structure is.
    const std::size_t reach = round % 3 == 0 ? 200 : target.size();
    for (unsigned changes = 1 + random() % 8; changes > 0; --changes) {
      target[random() % reach] = static_cast<char>(random());
    }
    try_files(sample, files, Damage::changed, work.path());
  }
}

}  // namespace
}  // namespace rcopy::journal
