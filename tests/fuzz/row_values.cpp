// SPDX-License-Identifier: MIT
//
// Any values in the row of a copy that was cut short, verified or finished, written as somebody
// who is not rcopy can: the same command then ends with the right content at the final name, or
// says that the row means another mount and touches nothing.
//
// An input: 1 byte, the step at which the copy was left; 1 byte of options; 2 bytes, which byte of
// the partial went wrong meanwhile; then edits of the row, each 1 byte for the column, 1 byte for
// the kind of value, and the value.
#include "journal/schema.hpp"

#include "fuzz/target.hpp"
#include "support/copy_rig.hpp"
#include "support/faulty.hpp"
#include "support/stop_after.hpp"
#include "support/promises.hpp"
#include "unit/journal/journal_data.hpp"

#include <algorithm>
#include <array>

namespace {

using namespace rcopy;
using namespace rcopy::test;

constexpr std::uint64_t kSize = kMiB + 5000;
const Bytes kNew = content(Seed{21}, kSize);
const Bytes kOld = content(Seed{22}, kSize);

/// What was done when the first run ended.
enum class Left { one_block, copied, verified, complete, replaced };
constexpr std::size_t kLefts = 5;

/// What the first run finds.
struct Case {
  Left left = Left::one_block;
  bool old_file = false;  ///< the destination existed before
  bool damaged = false;   ///< a byte of the partial was changed after the run
  std::uint64_t damage_at = 0;
  Verify verify = Verify::medium;
  Resume resume = Resume::automatic;
};

Case case_of(Input& input) {
  const auto left = static_cast<Left>(input.number(1) % kLefts);
  const std::uint64_t options = input.number(1);
  const std::uint64_t damage_at = input.number(2) * 16;  // up to the last block
  // A byte that goes wrong after it was proven is not noticed, and without proof none is.
  const bool damaged = (options & 1U) != 0 && (left == Left::one_block || left == Left::copied);
  const std::array verify{Verify::medium, Verify::cache, damaged ? Verify::medium : Verify::none};
  const std::array resume{Resume::automatic, Resume::check, Resume::never};
  return {.left = left,
          .old_file = (options & 2U) != 0,
          .damaged = damaged,
          .damage_at = damage_at,
          .verify = verify[(options >> 2U) % verify.size()],
          .resume = resume[(options >> 5U) % resume.size()]};
}

/// The first run, which ends at `left`.
void run_until(CopyRig& rig, Left left) {
  FaultyFileSystem faulty{rig.disk};
  std::stop_source stop;
  if (left == Left::one_block) {
    faulty.set_hook(stop_after(0, stop));
  }
  const auto fail = [&](Call kind) {
    faulty.add({.kind = kind, .error = EACCES, .repeat = Repeat::forever, .only_path = "rcopy-part"});
  };
  if (left == Left::copied) fail(Call::read);
  if (left == Left::verified) fail(Call::rename);
  const Copied first = rig.copy(faulty, stop.get_token());
  expect(first.done() == (left >= Left::complete), "the first run ends where it should");
  if (left == Left::replaced) rig.disk.put(kDestination, kOld);
}

std::string hex(std::span<const std::byte> bytes) {
  static constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4U];
    text += kDigits[std::to_integer<unsigned>(byte) & 15U];
  }
  return text;
}

constexpr std::size_t kColumns = journal::kColumnNames.size() + 1;

std::string column_of(std::uint64_t number) {
  const std::size_t index = number % kColumns;
  return index == 0 ? "id" : journal::kColumnNames[index - 1];
}

/// Values that mean something here, as SQL.
const std::vector<std::string> kKnownValues{
    "0",
    "1",
    "-1",
    std::to_string(kSize),
    std::to_string(kSize - 1),
    std::to_string(kSize + 1),
    std::to_string(kMiB),
    std::to_string(kMiB - 1),
    std::to_string(2 * kMiB),
    "9223372036854775807",
    "-9223372036854775808",
    std::to_string(std::int64_t{1} << 48),
    "'in_progress'",
    "'copied'",
    "'verified'",
    "'complete'",
    "'failed'",
    "'none'",
    "'cache'",
    "'medium'",
    "'/'",
    "'/src/a'",
    "'/dst/a'",
    "'/dst/.a.rcopy-part'",
    "''",
    "x''",
    "1e300",
    "zeroblob(2000000)",
    "'" + digest_of(kNew).hex() + "'",
    "'" + digest_of(std::span{kNew}.first(kMiB)).hex() + "'",
};

/// The bytes of an input that set `column` to one of kKnownValues.
std::string known_edit(std::string_view column, const std::string& value) {
  std::size_t at = 0;
  while (column_of(at) != column) ++at;
  const auto known = std::ranges::find(kKnownValues, value);
  expect(known != kKnownValues.end(), "a seed's value is known");
  return {static_cast<char>(at), 5, static_cast<char>(known - kKnownValues.begin())};
}

/// A value as SQL.
std::string value_of(Input& input, const std::string& column) {
  switch (input.number(1) % 8) {
    case 0: return "NULL";
    case 1: return std::to_string(static_cast<std::int64_t>(input.number(8)));
    case 2: return "CAST(x'" + hex(input.take(input.number(1))) + "' AS TEXT)";
    case 3: return "x'" + hex(input.take(input.number(2) % 1000)) + "'";
    case 4: return std::to_string(static_cast<double>(input.number(4)) / 3.0);
    case 5: return kKnownValues[input.number(1) % kKnownValues.size()];
    case 6: return column_of(input.number(1));
    default: {  // one byte of it
      const std::string before = std::to_string(input.number(2) % 400);
      return "CAST(substr(" + column + ", 1, " + before + ") || x'" + hex(input.take(1)) +
             "' || substr(" + column + ", " + before + " + 2) AS BLOB)";
    }
  }
}

/// Edits the row as the sqlite3 shell can that is told not to mind the table's rules.
void edit_row(const std::filesystem::path& journal, Input& input) {
  sql(journal,
      "PRAGMA writable_schema = ON; "
      "UPDATE sqlite_master SET sql = replace(replace(sql, 'INTEGER NOT NULL', 'INTEGER'), "
      "'TEXT    NOT NULL', 'TEXT') WHERE name = 'transfer_state'");
  Sql editor{journal};
  editor.run("PRAGMA ignore_check_constraints = ON");
  while (!input.empty()) {
    const std::string column = column_of(input.number(1));
    const std::string statement =
        "UPDATE transfer_state SET " + column + " = " + value_of(input, column);
    try {
      (void)editor.run(statement);
    } catch (const std::runtime_error& error) {
      // SQLite itself takes only integers for an id; the other edits count.
      expect(column == "id" && std::string_view{error.what()} == "datatype mismatch", error.what());
    }
  }
  expect(editor.run("SELECT count(*) FROM transfer_state") == "1", "the row is edited in place");
}

void check(const CopyRig& rig, const Copied& second) {
  if (second.failed_with(ErrorCode::not_mounted)) {
    const bool exists = rig.disk.exists(kDestination);
    expect(!exists || rig.disk.get(kDestination) == kNew || rig.disk.get(kDestination) == kOld,
           "the final name holds the old or the new content");
    return;
  }
  if (!second.done()) broken(std::string{"the copy goes on: "} + second.error->what());
  expect(rig.disk.get(kDestination) == kNew, "the final name holds the right content");
  expect(!rig.disk.exists(kPartial), "no partial is left");
  check_claims(rig, kNew);
}

/// Every way to leave a copy, as it is and with one edit; and rows whose parts contradict.
std::vector<std::string> make_seeds() {
  std::vector<std::string> seeds;
  for (std::size_t left = 0; left < kLefts; ++left) {
    for (const char options : {'\0', '\1', '\2'}) {
      const std::string start{static_cast<char>(left), options, 100, 20};
      seeds.push_back(start);
      for (const char* status : {"'in_progress'", "'copied'", "'verified'", "'complete'"}) {
        seeds.push_back(start + known_edit("status", status));
      }
    }
    // All that was copied, called the whole.
    const std::string start{static_cast<char>(left), '\0', '\0', '\0'};
    seeds.push_back(start + known_edit("status", "'copied'") +
                    known_edit("total_bytes", std::to_string(kMiB)));
  }
  return seeds;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  write_seeds({*argv, static_cast<std::size_t>(*argc)}, make_seeds());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{std::as_bytes(std::span{data, size})};
  const Case one = case_of(input);
  CopyRig rig;
  rig.disk.put(kSource, kNew);
  if (one.old_file) rig.disk.put(kDestination, kOld);
  run_until(rig, one.left);
  if (one.damaged) rig.disk.flip(kPartial, one.damage_at);
  edit_row(rig.journal_path(), input);
  rig.options.verify = one.verify;
  rig.options.resume = one.resume;
  check(rig, rig.copy());
  return 0;
}
