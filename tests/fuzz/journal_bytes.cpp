// SPDX-License-Identifier: MIT
//
// Any bytes as a journal's files: it is refused with an Error (journal) and left as it is, or it
// works, after it was moved aside where need be. Never another exception, a crash or a hang.
//
// An input: 1 byte, which file lies beside the database (0 none, 1 a WAL, 2 a rollback journal),
// 3 bytes, the size of the database, then the database and that file.
#include "journal/journal.hpp"

#include "fuzz/target.hpp"
#include "support/temp_dir.hpp"
#include "unit/journal/journal_data.hpp"

namespace {

namespace fs = std::filesystem;
using namespace rcopy::test;
using rcopy::journal::Commit;
using rcopy::journal::Journal;
using rcopy::journal::Row;

constexpr const char* kSidecars[] = {"", "-wal", "-journal"};
const fs::path kDestination = "/dest/1";

struct Files {
  std::size_t sidecar = 0;
  std::string database;
  std::string beside;
};

Files files_of(Input input) {
  Files files;
  files.sidecar = input.number(1) % std::size(kSidecars);
  files.database = input.text(input.number(3));
  files.beside = input.text(std::string::npos);
  return files;
}

std::string input_of(const Files& files) {
  std::string input{static_cast<char>(files.sidecar)};
  for (unsigned shift = 0; shift < 24; shift += 8) {
    input += static_cast<char>(files.database.size() >> shift);
  }
  return input + files.database + files.beside;
}

/// Three transfers in pages of 512 bytes: many pages, few bytes.
void make_journal(const fs::path& path) {
  {
    Journal journal{path, {}};
    for (int i = 0; i < 3; ++i) {
      Row row = sample_row("/dest/" + std::to_string(i));
      journal.put(row, Commit::process);
    }
  }
  sql(path, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM");
}

std::vector<std::string> make_seeds() {
  const TempDir dir{TempPlace::memory};
  std::vector<std::string> seeds;
  const fs::path path = dir / "j.db";
  make_journal(path);
  seeds.push_back(input_of({.sidecar = 0, .database = read_file(path), .beside = {}}));
  {
    Sql crashed{path};
    crashed.run("PRAGMA cache_size = 1; BEGIN; UPDATE transfer_state SET transferred_bytes = 8000");
    seeds.push_back(input_of({.sidecar = 2,
                              .database = read_file(path),
                              .beside = read_file(beside(path, "-journal"))}));
  }
  Journal journal{path, {}};
  const Row row = *journal.find(kDestination);
  expect(journal.checkpoint(row.id, checkpoint_at(4000)) == rcopy::journal::Written::yes,
         "a seed can be made");
  seeds.push_back(input_of(
      {.sidecar = 1, .database = read_file(path), .beside = read_file(beside(path, "-wal"))}));
  return seeds;
}

/// Puts a row, moves it on and finds it, in a journal that opened.
void use(Journal& journal, const Warnings& warnings) {
  if (const auto found = journal.find(kDestination)) {
    expect(found->dest_path == kDestination, "a row found is of the destination asked for");
    expect(found->durable_bytes <= found->transferred_bytes &&
               found->transferred_bytes <= found->total_bytes,
           "the positions of a row found make sense");
  }
  Row row = sample_row(kDestination);
  journal.put(row, Commit::process);
  const bool moved = journal.checkpoint(row.id, checkpoint_at(5000)) == rcopy::journal::Written::yes;
  expect(moved, "nobody else keeps the journal locked");
  const std::size_t told = warnings.texts.size();
  const auto found = journal.find(kDestination);
  // A page that two trees share may give back another row; that is met as corruption and told.
  if (!found) return expect(warnings.texts.size() > told, "a row that is gone is told");
  expect(found->transferred_bytes == 5000 && found->total_bytes == row.total_bytes &&
             found->file_path == row.file_path,
         "what was put is found");
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  write_seeds({*argv, static_cast<std::size_t>(*argc)}, make_seeds());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TempDir dir{TempPlace::memory};
  const fs::path path = dir / "j.db";
  const Files files = files_of(Input{std::as_bytes(std::span{data, size})});
  write_file(path, files.database);
  if (files.sidecar != 0) write_file(beside(path, kSidecars[files.sidecar]), files.beside);

  Warnings warnings;
  bool opened = false;
  try {
    Journal journal{path, warnings.collector()};
    opened = true;
    use(journal, warnings);
  } catch (const rcopy::Error& error) {
    expect(error.code() == rcopy::ErrorCode::journal, std::string{"an Error of the journal, not "} + error.what());
    const bool sound = files.sidecar != 2;  // else SQLite may have rolled it back
    if (!opened && sound) expect(read_file(path) == files.database, "a refused file stays as it is");
  }
  expect(moved_in(dir.path()).empty() || !warnings.texts.empty(), "moving aside is told");
  for (const std::string& name : names_in(dir.path())) fs::remove(dir / name);
  return 0;
}
