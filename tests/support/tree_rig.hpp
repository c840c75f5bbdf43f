// SPDX-License-Identifier: MIT
//
// The engine for trees between a disk double and a journal: one copy of "/src/t" to "/dst/t", as `cp -a` makes it,
// as often as a test likes. One thread, besides those of the engine.
#pragma once

#include "support/copy_rig.hpp"
#include "support/tree_snapshot.hpp"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace rcopy::test {

inline const std::filesystem::path kTree = "/src/t";
inline const std::filesystem::path kCopy = "/dst/t";

/// What one run of a copy gave.
struct TreeCopied {
  JobSummary summary;
  std::vector<TransferFinished> finished;
  std::vector<TransferFailed> failed;
  std::optional<std::string> thrown;  ///< what no file is to blame for

  [[nodiscard]] bool done() const { return summary.failed.empty() && !thrown; }
  [[nodiscard]] std::string why() const;  ///< it is not done: the first reason
};

class TreeRig : public CopyRig {
 public:
  /// An empty /src and /dst, the journal on the crash disk.
  explicit TreeRig(DiskSettings settings = {});
  /// As CopyRig's, and with what remember() has seen.
  TreeRig(const TreeRig& at_rest, Seed seed);

  /// Files with nothing in them, with one byte, with a page and with several, one that looks sparse and so goes
  /// through a transfer, some in directories, one of which may not be written to; a symlink, a FIFO, and one file
  /// with names in two directories.
  void plant();
  /// An older copy of some of it: files of other content, one that is up to date, a symlink that leads elsewhere,
  /// separate files where the source has one, and a file that the source has not.
  void plant_old();
  /// What is there now is what a copy begins with. Everything is durable and the caches are empty.
  void remember();

  TreeCopied copy_tree(io::FileSystem& through, std::stop_token stop = {});
  TreeCopied copy_tree() { return copy_tree(disk); }

  [[nodiscard]] TreeSnapshot copy_now() { return snapshot(disk, kCopy); }
  [[nodiscard]] const TreeChange& change() const { return change_; }
  /// The file system cannot be synced as a whole.
  void names_may_lose_attributes() { change_.names_keep_attributes = false; }

  /// Promises 1 and 3 at this moment.
  [[nodiscard]] Broken broken_tree(const TreeCopied& result);
  /// Promise 5: the same command again makes the copy complete.
  [[nodiscard]] Broken broken_by_next_copy();

  std::string label;  ///< of the case, for a run that hangs

 private:
  TreeChange change_;
};

}  // namespace rcopy::test
