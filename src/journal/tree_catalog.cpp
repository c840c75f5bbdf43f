// SPDX-License-Identifier: MIT
//
// The tables are made when the first tree is copied: a journal without them is as good as one with them. Entries are
// only ever added at the end, which costs a page for some seventy of them; an index would cost one for each. Of two
// with one name the later counts.
#include "journal/tree_catalog.hpp"

#include "journal/sqlite.hpp"
#include "journal/tree_file.hpp"

#include <rcopy/version.hpp>

#include <bit>
#include <chrono>
#include <ctime>
#include <string>
#include <utility>

namespace rcopy::journal {
namespace {

constexpr std::chrono::seconds kPatience{30};

constexpr const char* kCreateTables = R"sql(
CREATE TABLE IF NOT EXISTS tree_state (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  file_path     TEXT    NOT NULL,
  dest_path     TEXT    NOT NULL,
  started_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  completed_at  INTEGER,
  rcopy_version TEXT    NOT NULL,
  options       TEXT,
  root_name     TEXT,
  UNIQUE (file_path, dest_path)
);
CREATE TABLE IF NOT EXISTS tree_file (
  tree_id     INTEGER NOT NULL,
  name        INTEGER NOT NULL,
  source      INTEGER NOT NULL,
  destination INTEGER NOT NULL,
  file_hash   BLOB,
  verified_by TEXT
))sql";

std::int64_t as_integer(std::uint64_t value) { return std::bit_cast<std::int64_t>(value); }

std::uint64_t as_hash(std::optional<std::int64_t> value) { return std::bit_cast<std::uint64_t>(value.value_or(0)); }

}  // namespace

class TreeCatalog::Database {
 public:
  explicit Database(const Place& place) : connection_{place} {
    connection_.wait_at_most(kPatience);
    connection_.run("PRAGMA synchronous = NORMAL");
    connection_.run(kCreateTables);
    add_missing_columns();
  }

  [[nodiscard]] Tree begin(const Wanted& wanted);
  [[nodiscard]] Tree find(const std::filesystem::path& source, const std::filesystem::path& destination);
  void add(std::int64_t tree, std::span<const FinishedFile> files);
  void complete(std::int64_t tree, Earlier entries);
  [[nodiscard]] bool has_unfinished(const std::filesystem::path& dest_path);

 private:
  void run(const char* sql, std::int64_t tree);
  void add_missing_columns();
  void mark_begun(std::int64_t tree, const Wanted& wanted, std::int64_t now);
  void give_back_pages();

  /// All of `action` or nothing.
  template <class Action>
  void transact(Action action) {
    Transaction transaction{connection_, Transaction::Kind::write};
    action();
    transaction.commit();
  }

  Connection connection_;
};

/// What the tables did not have from the beginning.
void TreeCatalog::Database::add_missing_columns() {
  const auto is_missing = [&] {
    return connection_.number("SELECT count(*) FROM pragma_table_info('tree_state') WHERE name = 'root_name'") == 0;
  };
  if (!is_missing()) return;
  transact([&] {
    if (!is_missing()) return;  // another process was faster
    connection_.run("ALTER TABLE tree_state ADD COLUMN options TEXT");
    connection_.run("ALTER TABLE tree_state ADD COLUMN root_name TEXT");
  });
}

TreeCatalog::Tree TreeCatalog::Database::find(const std::filesystem::path& source,
                                              const std::filesystem::path& destination) {
  Tree tree;
  Statement known{connection_, "SELECT id, completed_at FROM tree_state WHERE file_path = ?1 AND dest_path = ?2"};
  const Run row{known};
  row->bind(1, std::string_view{source.native()});
  row->bind(2, std::string_view{destination.native()});
  if (!row->step()) return tree;
  tree.id = row->integer(0).value_or(0);
  tree.unfinished = row->is_null(1);
  return tree;
}

TreeCatalog::Tree TreeCatalog::Database::begin(const Wanted& wanted) {
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  Tree tree;
  transact([&] {
    Statement put{connection_,
                  "INSERT INTO tree_state (file_path, dest_path, started_at, updated_at, rcopy_version) "
                  "VALUES (?1, ?2, ?3, ?3, ?4) ON CONFLICT DO NOTHING"};
    const Run row{put};
    row->bind(1, std::string_view{wanted.source.native()});
    row->bind(2, std::string_view{wanted.destination.native()});
    row->bind(3, now);
    row->bind(4, std::string_view{kVersion});
    (void)row->step();
    const bool made = connection_.changes() != 0;
    tree = find(wanted.source, wanted.destination);
    tree.unfinished = tree.unfinished && !made;
    if (wanted.earlier == Earlier::forget) run("DELETE FROM tree_file WHERE tree_id = ?1", tree.id);
    mark_begun(tree.id, wanted, now);
  });

  Statement names{connection_, "SELECT name, source, destination, file_hash FROM tree_file "
                               "WHERE tree_id = ?1 AND (?2 = '' OR verified_by = ?2 OR verified_by = 'medium') "
                               "ORDER BY rowid"};
  const Run row{names};
  row->bind(1, tree.id);
  row->bind(2, std::string_view{wanted.verified_by});
  while (row->step()) {
    tree.finished.push_back({.name = {.name = as_hash(row->integer(0)),
                                      .source = as_hash(row->integer(1)),
                                      .destination = as_hash(row->integer(2))},
                             .file_hash = digest_in(*row, 3).value_or(hash::Digest{})});
  }
  keep_latest(tree.finished, [](const KnownFile& file) { return file.name.name; });
  return tree;
}

void TreeCatalog::Database::mark_begun(std::int64_t tree, const Wanted& wanted, std::int64_t now) {
  Statement statement{connection_, "UPDATE tree_state SET completed_at = NULL, updated_at = ?4, options = ?2, "
                                   "root_name = ?3 WHERE id = ?1"};
  const Run row{statement};
  row->bind(1, tree);
  row->bind(2, std::string_view{wanted.options});
  row->bind(3, std::string_view{wanted.root_name.native()});
  row->bind(4, now);
  (void)row->step();
}

void TreeCatalog::Database::add(std::int64_t tree, std::span<const FinishedFile> files) {
  Statement put{connection_,
                "INSERT INTO tree_file (tree_id, name, source, destination, file_hash, verified_by) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"};
  Statement drop{connection_, "DELETE FROM transfer_state WHERE dest_path = ?1 AND status = 'complete'"};
  transact([&] {
    for (const FinishedFile& file : files) {
      const Run row{put};
      row->bind(1, tree);
      row->bind(2, as_integer(file.name.name));
      row->bind(3, as_integer(file.name.source));
      row->bind(4, as_integer(file.name.destination));
      if (file.file_hash) row->bind(5, std::as_bytes(std::span{file.file_hash->bytes}));
      row->bind(6, std::string_view{file.verified_by});
      (void)row->step();
      if (!file.row) continue;
      const Run gone{drop};
      gone->bind(1, std::string_view{file.row->native()});
      (void)gone->step();
    }
  });
}

void TreeCatalog::Database::complete(std::int64_t tree, Earlier entries) {
  if (entries == Earlier::keep) {
    run("UPDATE tree_state SET completed_at = CAST(strftime('%s') AS INTEGER) WHERE id = ?1", tree);
    return;
  }
  transact([&] {
    run("DELETE FROM tree_file WHERE tree_id = ?1", tree);
    run("DELETE FROM tree_state WHERE id = ?1", tree);
  });
  give_back_pages();
}

bool TreeCatalog::Database::has_unfinished(const std::filesystem::path& dest_path) {
  Statement find{connection_, "SELECT 1 FROM transfer_state WHERE dest_path = ?1 AND status <> 'complete'"};
  const Run row{find};
  row->bind(1, std::string_view{dest_path.native()});
  return row->step();
}

void TreeCatalog::Database::run(const char* sql, std::int64_t tree) {
  Statement statement{connection_, sql};
  const Run row{statement};
  row->bind(1, tree);
  (void)row->step();
}

/// The entries of a large tree leave room behind that nobody may need again.
void TreeCatalog::Database::give_back_pages() {
  constexpr std::int64_t kWorthIt = 2048;
  const std::int64_t unused = connection_.number("PRAGMA freelist_count");
  if (unused < kWorthIt || unused < connection_.number("PRAGMA page_count") / 2) return;
  connection_.wait_at_most(std::chrono::milliseconds{0});
  try {
    connection_.run("VACUUM");
  } catch (const SqliteError& error) {
    if (!error.busy()) throw;  // somebody uses the journal; the pages are used again by later trees
  }
}

TreeCatalog::TreeCatalog(const std::filesystem::path& database, OnWarning on_warning, const char* vfs)
    : path_{database}, on_warning_{std::move(on_warning)} {
  guarded([&] { database_ = std::make_unique<Database>(Place{.database = database, .vfs = vfs}); });
}

TreeCatalog::~TreeCatalog() = default;

template <class Action>
void TreeCatalog::guarded(Action action) {
  const std::lock_guard lock{mutex_};
  try {
    action();
  } catch (const Error& error) {
    database_.reset();
    if (on_warning_) {
      on_warning_(path_, std::string{"which files of the tree are finished is not recorded: "} + error.what());
    }
  }
}

TreeCatalog::Tree TreeCatalog::begin(const Wanted& wanted) {
  Tree tree;
  guarded([&] {
    if (database_) tree = database_->begin(wanted);
  });
  return tree;
}

void TreeCatalog::add(std::int64_t tree, std::span<const FinishedFile> files) {
  guarded([&] {
    if (database_ && tree != 0 && !files.empty()) database_->add(tree, files);
  });
}

bool TreeCatalog::is_unfinished(const std::filesystem::path& source, const std::filesystem::path& destination) {
  bool is = false;
  guarded([&] {
    if (database_) is = database_->find(source, destination).unfinished;
  });
  return is;
}

bool TreeCatalog::has_unfinished(const std::filesystem::path& dest_path) {
  bool has = true;
  guarded([&] {
    if (database_) has = database_->has_unfinished(dest_path);
  });
  return has;
}

void TreeCatalog::complete(std::int64_t tree, Earlier entries) {
  guarded([&] {
    if (database_ && tree != 0) database_->complete(tree, entries);
  });
}

}  // namespace rcopy::journal
