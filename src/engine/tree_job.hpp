// SPDX-License-Identifier: MIT
//
// What the journal has of a tree: which files earlier runs finished, and which this one does. Any thread.
#pragma once

#include "engine/transfer.hpp"
#include "journal/tree_catalog.hpp"

#include <filesystem>
#include <mutex>
#include <vector>

namespace rcopy::engine {

/// What is known of a source or destination as long as nobody changes it.
[[nodiscard]] std::uint64_t identity_hash(const io::Stat& stat, const io::FsInfo& fs);

/// Of a file's path as filters see it: what the catalog knows it by.
[[nodiscard]] std::uint64_t name_hash(const std::filesystem::path& relative);

class TreeJob {
 public:
  /// `catalog` may be null. Else it must outlive this.
  TreeJob(journal::TreeCatalog* catalog, journal::TreeCatalog::Wanted wanted);

  /// Looks up what earlier runs did; once. Before any other thread knows this, and while nobody else works on the tree.
  void begin();

  /// A run before this one was cut short: it may have left temporary names.
  [[nodiscard]] bool was_cut_short() const { return unfinished_; }

  /// What is known of a file that an earlier run finished, and of which nothing changed since; else null.
  [[nodiscard]] const journal::KnownFile* find_finished(const std::filesystem::path& relative, std::uint64_t source,
                                                        std::uint64_t destination) const;

  /// Whether a transfer to there was begun and is not finished, as far as can be told.
  [[nodiscard]] bool may_go_on(const std::filesystem::path& destination);

  /// It is, and survives a power cut. Kept until write().
  void add(const std::filesystem::path& relative, journal::FinishedFile file);

  /// Something of the tree could not be copied.
  void failed();

  void write();

  /// No run needs to look at this tree's entries any more, unless something failed.
  void end(Catalog entries);

 private:
  journal::TreeCatalog* catalog_;
  journal::TreeCatalog::Wanted wanted_;
  std::int64_t id_ = 0;
  bool unfinished_ = false;
  std::vector<journal::KnownFile> finished_;
  std::mutex mutex_;
  std::vector<journal::FinishedFile> added_;
  bool failed_ = false;
};

}  // namespace rcopy::engine
