// SPDX-License-Identifier: MIT
#include "journal/journal.hpp"

#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "unit/journal/journal_data.hpp"
#include "unit/journal/test_vfs.hpp"

#include <limits>
#include <thread>

namespace rcopy::journal {
namespace {

using namespace rcopy::test;

TEST_CASE("what was put is found again, every column of it", "[journal]") {
  const TempDir dir;
  Row row = sample_row("/dest/big.img");
  {
    Journal journal{dir / "j.db", {}};
    CHECK_FALSE(journal.find("/dest/big.img"));
    journal.put(row, Commit::power_cut);
    CHECK(row.id > 0);
  }
  Journal again{dir / "j.db", {}};
  const auto found = again.find("/dest/big.img");
  REQUIRE(found);
  CHECK(found->id == row.id);
  CHECK(text_of(*found) == text_of(row));
}

TEST_CASE("every status and every way of verifying survives the database", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  for (const Status status :
       {Status::in_progress, Status::copied, Status::verified, Status::complete, Status::failed}) {
    for (const char* how : {"", "none", "cache", "medium"}) {
      Row row = sample_row("/dest/one");
      row.transferred_bytes = row.durable_bytes = row.total_bytes;
      row.status = status;
      row.verified_by = how;
      row.completed_at = status == Status::complete ? 1'700'000'200 : 0;
      journal.put(row, Commit::process);
      const auto found = journal.find("/dest/one");
      REQUIRE(found);
      CHECK(text_of(*found) == text_of(row));
    }
  }
}

TEST_CASE("status words are exactly those of the format page", "[journal]") {
  CHECK(to_text(Status::in_progress) == "in_progress");
  CHECK(to_text(Status::failed) == "failed");
  CHECK(status_from_text("complete") == Status::complete);
  CHECK_FALSE(status_from_text("Complete"));
  CHECK_FALSE(status_from_text(""));
}

TEST_CASE("a row without positions is stored with NULLs and found empty", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  Row row;
  row.file_path = "/s";
  row.dest_path = "/d";
  row.rcopy_version = "0.1.0";
  journal.put(row, Commit::process);
  const auto found = journal.find("/d");
  REQUIRE(found);
  CHECK(text_of(*found) == text_of(row));
  CHECK(sql(dir / "j.db",
            "SELECT (file_hash IS NULL) + (hash_state IS NULL) + (durable_hash_state IS NULL) + "
            "(verified_by IS NULL) + (last_error IS NULL) + (completed_at IS NULL) "
            "FROM transfer_state") == "6");
}

TEST_CASE("putting a destination again replaces its row and keeps the id", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  Row first = sample_row("/dest/a");
  Row other = sample_row("/dest/b");
  journal.put(first, Commit::process);
  journal.put(other, Commit::process);
  CHECK(first.id != other.id);

  Row again = sample_row("/dest/a");
  again.file_path = "/source/other.img";
  again.transferred_bytes = again.durable_bytes = 0;
  again.file_hash.reset();
  again.hash_state.clear();
  journal.put(again, Commit::process);
  CHECK(again.id == first.id);
  CHECK(text_of(*journal.find("/dest/a")) == text_of(again));
  CHECK(text_of(*journal.find("/dest/b")) == text_of(other));
  CHECK(sql(dir / "j.db", "SELECT count(*) FROM transfer_state") == "2");
}

TEST_CASE("an id is never given to another transfer", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  Row gone = sample_row("/dest/a");
  journal.put(gone, Commit::process);
  sql(dir / "j.db", "DELETE FROM transfer_state");
  Row next = sample_row("/dest/b");
  journal.put(next, Commit::process);
  CHECK(next.id != gone.id);
}

TEST_CASE("paths are bytes: no encoding, no newline, no length is special", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  std::string all_bytes = "/";
  for (int byte = 1; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  const std::vector<std::string> paths{all_bytes,
                                       "/a\nb",
                                       "/a\xFF",
                                       "/a\xFE",
                                       "/A",
                                       "/a",
                                       "/a ",
                                       "/a'b\"c;--",
                                       "/\xED\xA0\x80",
                                       "/" + std::string(4095, 'x'),
                                       "/" + std::string(4094, 'x')};
  for (const std::string& path : paths) {
    Row row = sample_row(path);
    row.file_path = path + "s";
    journal.put(row, Commit::process);
  }
  for (const std::string& path : paths) {
    const auto found = journal.find(path);
    REQUIRE(found);
    CHECK(found->dest_path.native() == path);
    CHECK(found->file_path.native() == path + "s");
  }
  CHECK(sql(dir / "j.db", "SELECT count(*) FROM transfer_state") == std::to_string(paths.size()));
}

TEST_CASE("a checkpoint moves the positions and nothing else", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  Row row = sample_row("/dest/a");
  Row other = sample_row("/dest/b");
  journal.put(row, Commit::process);
  journal.put(other, Commit::process);
  REQUIRE(journal.checkpoint(row.id, checkpoint_at(5000)) == Written::yes);

  const auto found = journal.find("/dest/a");
  REQUIRE(found);
  CHECK(found->updated_at > row.updated_at);
  row.transferred_bytes = 5000;
  row.file_hash = hasher_at(5000).digest();
  row.hash_state = hasher_at(5000).save();
  row.updated_at = found->updated_at;
  CHECK(text_of(*found) == text_of(row));
  CHECK(text_of(*journal.find("/dest/b")) == text_of(other));
}

TEST_CASE("a checkpoint of an entry that is gone is an error of the journal", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  Row row = sample_row("/dest/a");
  journal.put(row, Commit::process);
  sql(dir / "j.db", "DELETE FROM transfer_state");
  try {
    (void)journal.checkpoint(row.id, checkpoint_at(5000));
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::journal);
    CHECK(error.info().path == dir / "j.db");
  }
}

TEST_CASE("the database refuses positions that contradict each other", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  Row good = sample_row("/dest/a");
  journal.put(good, Commit::process);

  const auto refuses = [&](auto change) {
    Row row = good;
    change(row);
    CHECK_THROWS_AS(journal.put(row, Commit::process), Error);
  };
  refuses([](Row& row) { row.durable_bytes = row.transferred_bytes + 1; });
  refuses([](Row& row) { row.transferred_bytes = row.total_bytes + 1; });
  refuses([](Row& row) { row.file_hash.reset(); });
  refuses([](Row& row) { row.status = Status::verified; });
  refuses([](Row& row) { row.verified_by = "prayer"; });
  refuses([](Row& row) { row.total_bytes = std::numeric_limits<std::uint64_t>::max(); });
  CHECK_THROWS_AS(journal.checkpoint(good.id, checkpoint_at(good.total_bytes + 1)), Error);
  CHECK(text_of(*journal.find("/dest/a")) == text_of(good));
}

TEST_CASE("only what nobody has to verify may be whole without a hash", "[journal]") {
  const TempDir dir;
  Warnings warnings;
  Journal journal{dir / "j.db", warnings.collector()};
  Row row = sample_row("/dest/a");
  row.transferred_bytes = row.durable_bytes = row.total_bytes;
  row.file_hash.reset();
  row.verified_by = "none";
  for (const Status status : {Status::verified, Status::complete}) {
    row.status = status;
    journal.put(row, Commit::process);
    const auto found = journal.find("/dest/a");
    REQUIRE(found);
    CHECK_FALSE(found->file_hash);
  }
  for (const Status status : {Status::in_progress, Status::copied, Status::failed}) {
    Row bad = row;
    bad.status = status;
    CHECK_THROWS_AS(journal.put(bad, Commit::process), Error);
    sql(dir / "j.db", "PRAGMA ignore_check_constraints = ON; UPDATE transfer_state SET status = '" +
                          std::string{to_text(status)} + "'");
    CHECK_FALSE(journal.find("/dest/a"));
  }
  for (const char* how : {"", "cache", "medium"}) {
    Row bad = row;
    bad.verified_by = how;
    CHECK_THROWS_AS(journal.put(bad, Commit::process), Error);
  }
}

TEST_CASE("an entry that makes no sense counts as none and is replaced by the next put",
          "[journal]") {
  const TempDir dir;
  const auto change = GENERATE(
      "durable_bytes = 4000", "transferred_bytes = 9001", "total_bytes = -1", "durable_bytes = -1",
      "total_bytes = 9001", "total_bytes = 3000, durable_bytes = 3000, status = 'copied'",
      "total_bytes = 'many'", "total_bytes = 9000.5", "transferred_bytes = x'00'",
      "file_hash = NULL", "file_hash = 'abc'", "file_hash = upper(file_hash)", "file_hash = x'00'",
      "status = 'done'", "status = 'verified'", "status = ''", "file_path = ''",
      "file_path = x'2f'", "file_path = '/a' || char(0) || 'b'", "verified_by = 'prayer'",
      "attempts = -1", "attempts = 'x'", "hash_state = 'text'", "hash_state = 5",
      "source_size = -9", "source_dev = 'x'", "started_at = 'today'", "completed_at = 'x'",
      "last_error = x'00'", "rcopy_version = x'00'", "hash_state = zeroblob(2000000)",
      "last_error = zeroblob(3000000)");
  CAPTURE(change);
  Warnings warnings;
  Journal journal{dir / "j.db", warnings.collector()};
  Row row = sample_row("/dest/a");
  journal.put(row, Commit::process);
  sql(dir / "j.db",
      std::string{"PRAGMA ignore_check_constraints = ON; UPDATE transfer_state SET "} + change);

  CHECK_FALSE(journal.find("/dest/a"));
  REQUIRE(warnings.texts.size() == 1);
  CHECK(warnings.texts[0].find('\n') == std::string::npos);
  const auto id = row.id;
  journal.put(row, Commit::process);
  CHECK(row.id == id);
  CHECK(text_of(*journal.find("/dest/a")) == text_of(row));
  CHECK(warnings.texts.size() == 1);
}

TEST_CASE("hash states of any length pass: the hasher judges them", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{10'000}}) {
    Row row = sample_row("/dest/a");
    row.hash_state.assign(size, std::byte{7});
    journal.put(row, Commit::process);
    CHECK(journal.find("/dest/a")->hash_state == row.hash_state);
  }
}

TEST_CASE("a put that must survive a power cut is synced before it returns, others are not",
          "[journal]") {
  const TempDir dir;
  TestVfs vfs;
  Journal journal{dir / "j.db", {}, vfs.name()};
  Row row = sample_row("/dest/a");
  journal.put(row, Commit::process);

  auto before = vfs.syncs();
  journal.put(row, Commit::process);
  CHECK(vfs.syncs() == before);
  journal.put(row, Commit::power_cut);
  CHECK(vfs.syncs() > before);
  before = vfs.syncs();
  CHECK(journal.checkpoint(row.id, checkpoint_at(4000)) == Written::yes);
  journal.put(row, Commit::process);
  CHECK(vfs.syncs() == before);
  journal.put(row, Commit::power_cut);
  CHECK(vfs.syncs() > before);
}

TEST_CASE("a checkpoint does not wait long for a writer, and a later one succeeds", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  Row row = sample_row("/dest/a");
  journal.put(row, Commit::process);

  Sql other{dir / "j.db"};
  other.run("BEGIN IMMEDIATE");
  const auto begun = std::chrono::steady_clock::now();
  CHECK(journal.checkpoint(row.id, checkpoint_at(5000)) == Written::busy);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{29});  // a put waits for 30
  // Reading waits for nobody.
  CHECK(journal.find("/dest/a")->transferred_bytes == 3000);
  other.run("COMMIT");
  CHECK(journal.checkpoint(row.id, checkpoint_at(5000)) == Written::yes);
  CHECK(journal.find("/dest/a")->transferred_bytes == 5000);
}

TEST_CASE("a put waits for another writer", "[journal]") {
  const TempDir dir;
  TestVfs vfs;
  Journal journal{dir / "j.db", {}, vfs.name()};
  Sql other{dir / "j.db"};
  other.run("BEGIN IMMEDIATE");
  const auto refused = vfs.refused_locks();
  Row row = sample_row("/dest/a");
  std::thread putter{[&] { journal.put(row, Commit::process); }};
  while (vfs.refused_locks() == refused) std::this_thread::yield();
  other.run("COMMIT");
  putter.join();
  CHECK(journal.find("/dest/a"));
}

TEST_CASE("a checkpoint of one partial never reaches a row that means another", "[journal]") {
  const TempDir dir;
  Journal beside_it{dir / "j.db", {}};
  Journal in_place{dir / "j.db", {}};
  Row row = sample_row("/dest/a");
  beside_it.put(row, Commit::process);
  Row other = sample_row("/dest/a");
  if (GENERATE(true, false)) ++other.partial.inode;
  else ++other.partial.birth_ns;
  in_place.put(other, Commit::process);
  REQUIRE(row.id == other.id);
  CHECK_THROWS_AS(beside_it.checkpoint(row.id, checkpoint_at(4000)), Error);
  CHECK(text_of(*in_place.find("/dest/a")) == text_of(other));
}

TEST_CASE("a journal may move from thread to thread", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  Row row = sample_row("/dest/a");
  std::thread{[&] { journal.put(row, Commit::process); }}.join();
  std::thread{[&] {
    CHECK(journal.checkpoint(row.id, checkpoint_at(4000)) == Written::yes);
  }}.join();
  CHECK(journal.find("/dest/a")->transferred_bytes == 4000);
}

TEST_CASE("a journal that is deleted during a copy is begun again by the next put", "[journal]") {
  const TempDir dir;
  Journal journal{dir / "j.db", {}};
  Row row = sample_row("/dest/a");
  journal.put(row, Commit::process);
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(beside(dir / "j.db", suffix));

  Row other = sample_row("/dest/b");
  journal.put(other, Commit::process);
  CHECK(sql(dir / "j.db", "SELECT count(*) FROM transfer_state") == "1");
  // In the new database the number of the first transfer is that of the second.
  CHECK_THROWS_AS(journal.checkpoint(row.id, checkpoint_at(4000)), Error);
  CHECK(text_of(*journal.find("/dest/b")) == text_of(other));
  CHECK(journal.checkpoint(other.id, checkpoint_at(4000)) == Written::yes);
  CHECK(journal.find("/dest/b")->transferred_bytes == 4000);
}

}  // namespace
}  // namespace rcopy::journal
