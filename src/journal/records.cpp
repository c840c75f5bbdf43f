// SPDX-License-Identifier: MIT
//
// Each statement is read to its end at once, so that nothing keeps the WAL of a running copy from being
// written back.
#include "journal/records.hpp"

#include "journal/row_sql.hpp"
#include "journal/schema.hpp"
#include "journal/sqlite.hpp"
#include "journal/tree_file.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <span>
#include <string_view>
#include <utility>

namespace rcopy::journal {
namespace {

constexpr std::chrono::seconds kPatience{30};

constexpr const char* kDeleteTree =
    "DELETE FROM tree_state WHERE id = ?1 AND updated_at = ?2 AND coalesce(completed_at, 0) = ?3";
constexpr const char* kDeleteTransfer =
    "DELETE FROM transfer_state WHERE id = ?1 AND dest_path = ?2 AND status = ?3 AND updated_at = ?4 "
    "AND transferred_bytes = ?5 AND partial_ino = ?6 AND partial_birth_ns = ?7";

std::uint64_t bits(std::optional<std::int64_t> value) { return std::bit_cast<std::uint64_t>(value.value_or(0)); }

std::filesystem::path path_in(const Statement& row, int column) {
  return std::filesystem::path{row.text(column).value_or(std::string_view{})};
}

}  // namespace

class Records::Database {
 public:
  /// The journal sees to it that this is one of ours, with all its columns, and has it open until this has.
  Database(const std::filesystem::path& database, Journal::OnWarning on_warning, const char* vfs)
      : on_warning_{std::move(on_warning)},
        journal_{database, on_warning_, vfs},
        connection_{Place{.database = journal_.path(), .vfs = vfs}} {
    connection_.wait_at_most(kPatience);
    has_trees_ = connection_.number("SELECT count(*) FROM sqlite_master WHERE name = 'tree_state'") != 0;
    // Its columns may be those of an earlier version.
    if (has_trees_) const TreeCatalog complete{journal_.path(), on_warning_, vfs};
  }

  [[nodiscard]] Connection& connection() { return connection_; }
  [[nodiscard]] bool has_trees() const { return has_trees_; }
  [[nodiscard]] bool remove(const Row& row);
  [[nodiscard]] bool remove(const TreeRow& tree);

  void ignored(const std::string& nonsense) const {
    if (on_warning_) on_warning_(connection_.path(), "an entry makes no sense and is ignored: " + nonsense);
  }

 private:
  Journal::OnWarning on_warning_;
  Journal journal_;
  Connection connection_;
  bool has_trees_ = false;
};

Records::Records(const std::filesystem::path& database, Journal::OnWarning on_warning, const char* vfs)
    : database_{std::make_unique<Database>(database, std::move(on_warning), vfs)} {}

Records::~Records() = default;

std::vector<Row> Records::transfers(Which which) {
  std::vector<Row> rows;
  Statement list{database_->connection(), list_sql()};
  const Run row{list};
  row->bind(1, std::int64_t{which == Which::unfinished ? 1 : 0});
  while (row->step()) {
    ReadRow found = read_row(*row);
    if (found.row) rows.push_back(std::move(*found.row));
    else database_->ignored(found.nonsense);
  }
  return rows;
}

std::vector<TreeRow> Records::trees(Which which) {
  std::vector<TreeRow> rows;
  if (!database_->has_trees()) return rows;
  Statement list{database_->connection(),
                 "SELECT id, file_path, dest_path, started_at, updated_at, completed_at, options, root_name FROM tree_state "
                 "WHERE ?1 = 0 OR completed_at IS NULL ORDER BY id"};
  const Run row{list};
  row->bind(1, std::int64_t{which == Which::unfinished ? 1 : 0});
  while (row->step()) {
    rows.push_back({.id = row->integer(0).value_or(0),
                    .file_path = path_in(*row, 1),
                    .dest_path = path_in(*row, 2),
                    .started_at = row->integer(3).value_or(0),
                    .updated_at = row->integer(4).value_or(0),
                    .completed_at = row->integer(5).value_or(0),
                    .options = std::string{row->text(6).value_or(std::string_view{})},
                    .root_name = row->is_null(7) ? std::nullopt : std::optional{path_in(*row, 7)}});
  }
  return rows;
}

std::uint64_t Records::finished_files(const TreeRow& tree) {
  Statement count{database_->connection(), "SELECT count(DISTINCT name) FROM tree_file WHERE tree_id = ?1"};
  const Run row{count};
  row->bind(1, tree.id);
  return row->step() ? bits(row->integer(0)) : 0;
}

std::vector<Records::FinishedContent> Records::files(const TreeRow& tree) {
  std::vector<FinishedContent> files;
  Statement list{database_->connection(),
                 "SELECT name, destination, file_hash FROM tree_file WHERE tree_id = ?1 ORDER BY rowid"};
  const Run row{list};
  row->bind(1, tree.id);
  while (row->step()) {
    files.push_back(
        {.name = bits(row->integer(0)), .destination = bits(row->integer(1)), .file_hash = digest_in(*row, 2)});
  }
  keep_latest(files, &FinishedContent::name);
  return files;
}

/// Whether it was there as `row` says.
bool Records::Database::remove(const Row& row) {
  Statement statement{connection_, kDeleteTransfer};
  const Run run{statement};
  run->bind(1, row.id);
  run->bind(2, std::string_view{row.dest_path.native()});
  run->bind(3, to_text(row.status));
  run->bind(4, row.updated_at);
  run->bind(5, std::bit_cast<std::int64_t>(row.transferred_bytes));
  run->bind(6, std::bit_cast<std::int64_t>(row.partial.inode));
  run->bind(7, row.partial.birth_ns);
  (void)run->step();
  return connection_.changes() != 0;
}

bool Records::Database::remove(const TreeRow& tree) {
  Statement statement{connection_, kDeleteTree};
  const Run run{statement};
  run->bind(1, tree.id);
  run->bind(2, tree.updated_at);
  run->bind(3, tree.completed_at);
  (void)run->step();
  if (connection_.changes() == 0) return false;
  Statement files{connection_, "DELETE FROM tree_file WHERE tree_id = ?1"};
  const Run row{files};
  row->bind(1, tree.id);
  (void)row->step();
  return true;
}

Records::Removed Records::remove(std::span<const Row> rows, std::span<const TreeRow> trees) {
  Transaction transaction{database_->connection(), Transaction::Kind::write};
  const auto gone = [&](const auto& row) { return database_->remove(row); };
  if (!std::ranges::all_of(rows, gone) || !std::ranges::all_of(trees, gone)) return Removed::changed;
  transaction.commit();
  return Removed::yes;
}

}  // namespace rcopy::journal
