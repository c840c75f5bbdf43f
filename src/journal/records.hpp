// SPDX-License-Identifier: MIT
//
// What the journal holds, to list it, to read copies again by it, and to forget some of it. For the engine; one
// thread. Every failure is an Error (journal).
#pragma once

#include "hash/hasher.hpp"
#include "journal/journal.hpp"
#include "journal/tree_catalog.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rcopy::journal {

/// A row of tree_state.
struct TreeRow {
  std::int64_t id = 0;
  std::filesystem::path file_path;
  std::filesystem::path dest_path;
  std::int64_t started_at = 0;    ///< unix seconds, as the two below
  std::int64_t updated_at = 0;    ///< when a run began it last
  std::int64_t completed_at = 0;  ///< 0: not complete
  std::string options;            ///< Options::words of the run that began it last
  std::optional<std::filesystem::path> root_name;  ///< nothing: not known
};

enum class Which { all, unfinished };

class Records {
 public:
  /// A database that is there; opened like a journal, and let go when nobody reads from it. `vfs` as there.
  Records(const std::filesystem::path& database, Journal::OnWarning on_warning, const char* vfs = nullptr);
  ~Records();
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  /// Without the states of the hasher. Rows that make no sense are left out, with a warning.
  [[nodiscard]] std::vector<Row> transfers(Which which);
  [[nodiscard]] std::vector<TreeRow> trees(Which which);

  /// How many files of a tree are finished.
  [[nodiscard]] std::uint64_t finished_files(const TreeRow& tree);

  /// A finished file of a tree, whose source does not matter any more.
  struct FinishedContent {
    std::uint64_t name = 0;
    std::uint64_t destination = 0;
    std::optional<hash::Digest> file_hash;
  };
  /// Sorted by name.
  [[nodiscard]] std::vector<FinishedContent> files(const TreeRow& tree);

  enum class Removed { yes, changed };
  /// All of these, trees with their files; or none, where somebody wrote to one since it was read.
  [[nodiscard]] Removed remove(std::span<const Row> rows, std::span<const TreeRow> trees);
  [[nodiscard]] Removed remove(const Row& row) { return remove({&row, 1}, {}); }
  [[nodiscard]] Removed remove(const TreeRow& tree) { return remove({}, {&tree, 1}); }

 private:
  class Database;
  std::unique_ptr<Database> database_;
};

}  // namespace rcopy::journal
