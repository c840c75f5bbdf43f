// SPDX-License-Identifier: MIT
//
// Which files of a tree are finished: one short entry each, in the journal's database, until all of the tree is.
// It only ever saves work, so whatever fails here ends its use with a warning, and costs time. Any thread.
#pragma once

#include "hash/hasher.hpp"
#include "journal/journal.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace rcopy::journal {

/// What a finished file is known by. Each is the hash of what it stands for: docs/journal-format.md.
struct FinishedName {
  std::uint64_t name = 0;         ///< the path below the root of the tree
  std::uint64_t source = 0;       ///< the identity of the source when it was copied
  std::uint64_t destination = 0;  ///< that of the destination when it was finished

  friend auto operator<=>(const FinishedName&, const FinishedName&) = default;
};

/// One of an earlier run. There may be a million.
struct KnownFile {
  FinishedName name;
  hash::Digest file_hash;  ///< zeros: not known
};

struct FinishedFile {
  FinishedName name;
  std::optional<hash::Digest> file_hash;
  const char* verified_by = "";                ///< as Row::verified_by
  std::optional<std::filesystem::path> row = {};  ///< the dest_path of the transfer whose row this replaces
};

class TreeCatalog {
 public:
  using OnWarning = Journal::OnWarning;

  /// The database of a journal, which must exist. `vfs` as there.
  TreeCatalog(const std::filesystem::path& database, OnWarning on_warning, const char* vfs = nullptr);
  ~TreeCatalog();
  TreeCatalog(const TreeCatalog&) = delete;
  TreeCatalog& operator=(const TreeCatalog&) = delete;

  enum class Earlier { keep, forget };

  /// The two roots, and how files must have been proven to count: as Row::verified_by, or anything where empty.
  struct Wanted {
    std::filesystem::path source;
    std::filesystem::path destination;
    std::string verified_by = {};
    Earlier earlier = Earlier::keep;
    std::string options = {};              ///< Options::words of this run
    std::filesystem::path root_name = {};  ///< what the names of files begin with; empty: nothing
  };

  struct Tree {
    std::int64_t id = 0;                   ///< 0: nothing is kept of it
    bool unfinished = false;               ///< an earlier run was cut short
    std::vector<KnownFile> finished = {};  ///< by earlier runs; sorted by name
  };
  /// The tree of these two roots, with what earlier runs finished of it.
  [[nodiscard]] Tree begin(const Wanted& wanted);

  /// Whether a run with these roots was cut short, or could not copy all.
  [[nodiscard]] bool is_unfinished(const std::filesystem::path& source, const std::filesystem::path& destination);

  /// In one transaction, which a power cut may undo. The files and their names must be durable.
  void add(std::int64_t tree, std::span<const FinishedFile> files);

  /// Whether a transfer to `dest_path` was begun and is not complete; true where that cannot be told.
  [[nodiscard]] bool has_unfinished(const std::filesystem::path& dest_path);

  /// All of the tree is finished: its entries go, or stay for later checks.
  void complete(std::int64_t tree, Earlier entries);

 private:
  class Database;

  template <class Action>
  void guarded(Action action);

  std::filesystem::path path_;
  OnWarning on_warning_;
  std::mutex mutex_;
  std::unique_ptr<Database> database_;  ///< null once something failed
};

}  // namespace rcopy::journal
