// SPDX-License-Identifier: MIT
#include "journal/schema.hpp"

#include "io/private_files.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "unit/journal/journal_data.hpp"

namespace rcopy::journal {
namespace {

using namespace rcopy::test;

Bytes head_of(const std::filesystem::path& path) {
  return Bytes{std::string_view{read_file(path)}.substr(0, kHeadBytes)};
}

TEST_CASE("the first bytes of a file tell whose it is", "[journal]") {
  const TempDir dir;
  CHECK(owner_of({}) == Owner::nobody);
  CHECK(owner_of(Bytes{"x"}) == Owner::unclear);
  CHECK(owner_of(Bytes{std::string(kHeadBytes, 'x')}) == Owner::unclear);

  sql(dir / "empty.db", "VACUUM");
  CHECK(owner_of(head_of(dir / "empty.db")) == Owner::nobody);
  sql(dir / "theirs.db", "CREATE TABLE t (x)");
  CHECK(owner_of(head_of(dir / "theirs.db")) == Owner::other);
  { const Journal journal{dir / "ours.db", {}}; }
  CHECK(owner_of(head_of(dir / "ours.db")) == Owner::rcopy);
  sql(dir / "ours.db", "PRAGMA user_version = 2");
  CHECK(owner_of(head_of(dir / "ours.db")) == Owner::newer);
  sql(dir / "ours.db", "PRAGMA user_version = 0");
  CHECK(owner_of(head_of(dir / "ours.db")) == Owner::unclear);
}

TEST_CASE("a head of ours that SQLite would read only or read as UTF-16 is unclear", "[journal]") {
  const TempDir dir;
  { const Journal journal{dir / "ours.db", {}}; }
  const Bytes good = head_of(dir / "ours.db");
  for (const auto& [at, value] : {std::pair{18U, 3}, {19U, 3}, {59U, 2}}) {
    Bytes bad = good;
    bad[at] = static_cast<std::byte>(value);
    CHECK(owner_of(bad) == Owner::unclear);
  }
  for (std::size_t size = 1; size < good.size(); ++size) {
    CHECK(owner_of(std::span{good}.first(size)) == Owner::unclear);
  }
}

TEST_CASE("a journal from before the options gets their column, and keeps its rows", "[journal]") {
  const TempDir dir;
  Row row = sample_row("/dest/a");
  {
    Journal journal{dir / "j.db", {}};
    journal.put(row, Commit::process);
  }
  sql(dir / "j.db", "ALTER TABLE transfer_state DROP COLUMN options");
  Journal journal{dir / "j.db", [](const auto&, const std::string& text) { FAIL(text); }};
  auto found = journal.find("/dest/a");
  REQUIRE(found);
  CHECK(found->options.empty());
  journal.put(row, Commit::process);
  CHECK(journal.find("/dest/a")->options == row.options);
}

TEST_CASE("on a network file system the journal has a rollback journal", "[journal]") {
  const TempDir dir;
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  io::create_private_file(dir / "j.db");
  {
    Connection connection{{.database = dir / "j.db"}};
    CHECK(prepare_database(connection, Log::rollback, deadline) == Log::rollback);
    CHECK(connection.text("PRAGMA journal_mode") == "delete");
    // Moved to a local disk: becomes a WAL there.
    Connection local{{.database = dir / "j.db"}};
    CHECK(prepare_database(local, Log::write_ahead, deadline) == Log::write_ahead);
  }
  // And back.
  Connection connection{{.database = dir / "j.db"}};
  CHECK(prepare_database(connection, Log::rollback, deadline) == Log::rollback);
  CHECK(connection.text("PRAGMA journal_mode") == "delete");
}

TEST_CASE("a checkpoint touches no index", "[journal]") {
  const TempDir dir;
  { const Journal journal{dir / "j.db", {}}; }
  Connection connection{{.database = dir / "j.db"}};
  Statement plan{connection, "EXPLAIN " + checkpoint_sql()};
  int writers = 0;
  while (plan.step()) writers += plan.text(1) == "OpenWrite" ? 1 : 0;
  CHECK(writers == 1);
}

TEST_CASE("a row of ordinary length stays within one page", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  Row row = sample_row("/" + std::string(1000, 'd'));
  row.file_path = "/" + std::string(1000, 's');
  journal.put(row, Commit::process);
  CHECK(sql(dir / "j.db", "PRAGMA page_size") == "4096");
  CHECK(sql(dir / "j.db",
            "SELECT sum(length(CAST(file_path AS BLOB)) + length(CAST(dest_path AS BLOB)) + "
            "length(hash_state) + length(durable_hash_state)) < 3500 FROM transfer_state") == "1");
}

}  // namespace
}  // namespace rcopy::journal
