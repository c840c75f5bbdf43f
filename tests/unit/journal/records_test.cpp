// SPDX-License-Identifier: MIT
#include "journal/records.hpp"

#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "unit/journal/journal_data.hpp"

#include <array>

namespace rcopy::journal {
namespace {

using namespace rcopy::test;

Row put(Journal& journal, const char* dest_path, Status status) {
  Row row = sample_row(dest_path);
  if (status == Status::complete) row.transferred_bytes = row.durable_bytes = row.total_bytes;
  row.status = status;
  journal.put(row, Commit::process);
  return row;
}

FinishedFile finished(std::uint64_t name, std::uint64_t destination) {
  return {.name = {.name = name, .source = 1, .destination = destination},
          .file_hash = hasher_at(name).digest(),
          .verified_by = "medium"};
}

TEST_CASE("rows are listed in the order in which they were begun", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  put(journal, "/dest/b", Status::in_progress);
  put(journal, "/dest/a", Status::complete);
  put(journal, "/dest/c", Status::failed);
  Records records{dir / "j.db", {}};
  CHECK(records.trees(Which::all).empty());
  const auto all = records.transfers(Which::all);
  REQUIRE(all.size() == 3);
  CHECK(all[0].dest_path == "/dest/b");
  CHECK(all[0].options == sample_row("").options);
  CHECK(all[0].hash_state.empty());
  CHECK(all[1].dest_path == "/dest/a");
  const auto unfinished = records.transfers(Which::unfinished);
  REQUIRE(unfinished.size() == 2);
  CHECK(unfinished[1].dest_path == "/dest/c");
}

TEST_CASE("a row that somebody wrote to since is not removed", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  Row row = put(journal, "/dest/a", Status::in_progress);
  Records records{dir / "j.db", {}};
  const Row seen = records.transfers(Which::all).at(0);
  row.partial.birth_ns += 1;
  journal.put(row, Commit::process);
  CHECK(records.remove(seen) == Records::Removed::changed);
  CHECK(records.remove(records.transfers(Which::all).at(0)) == Records::Removed::yes);
  CHECK(records.transfers(Which::all).empty());
}

TEST_CASE("a row that makes no sense is left out, with a warning", "[journal]") {
  const TempDir dir;
  {
    Journal journal{dir / "j.db", {}};
    put(journal, "/dest/a", Status::in_progress);
    put(journal, "/dest/b", Status::in_progress);
  }
  sql(dir / "j.db", "PRAGMA ignore_check_constraints = ON; UPDATE transfer_state SET file_hash = 'x' WHERE id = 1");
  int warnings = 0;
  Records records{dir / "j.db", [&](const auto&, const std::string&) { ++warnings; }};
  CHECK(records.transfers(Which::all).size() == 1);
  CHECK(warnings == 1);
}

TEST_CASE("a tree is listed with its files, of which the last entry counts, and removed with them", "[journal]") {
  const TempDir dir;
  const Journal journal{dir / "j.db", {}};
  TreeCatalog catalog{dir / "j.db", {}};
  const auto tree = catalog.begin({.source = "/a", .destination = "/b", .options = "-r\n", .root_name = "a"});
  catalog.add(tree.id, std::array{finished(2, 5), finished(1, 6), finished(2, 7)});
  const auto kept = catalog.begin({.source = "/c", .destination = "/d"});
  catalog.complete(kept.id, TreeCatalog::Earlier::keep);

  Records records{dir / "j.db", {}};
  REQUIRE(records.trees(Which::all).size() == 2);
  CHECK(records.trees(Which::all).at(1).root_name == "");
  CHECK(records.trees(Which::all).at(1).completed_at != 0);
  const TreeRow found = records.trees(Which::unfinished).at(0);
  CHECK(found.file_path == "/a");
  CHECK(found.dest_path == "/b");
  CHECK(found.options == "-r\n");
  CHECK(found.root_name == "a");
  CHECK(records.finished_files(found) == 2);
  const auto files = records.files(found);
  REQUIRE(files.size() == 2);
  CHECK(files[0].name == 1);
  CHECK(files[1].destination == 7);
  CHECK(files[1].file_hash == hasher_at(2).digest());

  CHECK(records.remove(found) == Records::Removed::yes);
  CHECK(records.remove(found) == Records::Removed::changed);
  CHECK(records.files(found).empty());
  CHECK(records.trees(Which::all).size() == 1);
}

TEST_CASE("a tree that a run began anew is not removed, and one that changed keeps all", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  put(journal, "/dest/a", Status::in_progress);
  TreeCatalog catalog{dir / "j.db", {}};
  const auto tree = catalog.begin({.source = "/a", .destination = "/b"});
  catalog.add(tree.id, std::array{finished(1, 6)});
  sql(dir / "j.db", "UPDATE tree_state SET started_at = 1, updated_at = 1");
  Records records{dir / "j.db", {}};
  const TreeRow seen = records.trees(Which::all).at(0);
  CHECK(seen.updated_at == 1);
  (void)catalog.begin({.source = "/a", .destination = "/b"});
  CHECK(records.remove(seen) == Records::Removed::changed);
  const TreeRow now = records.trees(Which::all).at(0);
  CHECK(now.started_at == 1);
  CHECK(now.updated_at > 1);
  CHECK(records.finished_files(now) == 1);

  catalog.complete(tree.id, TreeCatalog::Earlier::keep);
  const auto rows = records.transfers(Which::all);
  CHECK(records.remove(rows, std::array{now}) == Records::Removed::changed);
  CHECK(records.transfers(Which::all).size() == 1);
  CHECK(records.remove(rows, records.trees(Which::all)) == Records::Removed::yes);
  CHECK(records.transfers(Which::all).empty());
  CHECK(records.trees(Which::all).empty());
}

TEST_CASE("a tree of a journal from before the options is read", "[journal]") {
  const TempDir dir;
  const Journal journal{dir / "j.db", {}};
  {
    TreeCatalog catalog{dir / "j.db", {}};
    (void)catalog.begin({.source = "/a", .destination = "/b"});
  }
  sql(dir / "j.db", "ALTER TABLE tree_state DROP COLUMN options; ALTER TABLE tree_state DROP COLUMN root_name");
  Records records{dir / "j.db", {}};
  CHECK_FALSE(records.trees(Which::all).at(0).root_name);
}

}  // namespace
}  // namespace rcopy::journal
