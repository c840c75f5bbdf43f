// SPDX-License-Identifier: MIT
//
// Which names among the sources are one file. The first that comes is copied; the others wait until it is there
// and become names of its copy. Any thread.
#pragma once

#include "engine/tree_queue.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace rcopy::engine {

/// A name in a destination tree, which can be found again after its directory was closed.
struct CopiedName {
  std::shared_ptr<io::Directory> root;
  std::vector<io::Name> below;  ///< the directories from there on
  io::Name name;
  std::string file_hash = {};  ///< of its content, where that is known
};

/// Of the copy of the source `name`.
[[nodiscard]] CopiedName copied_name(const TreeDirectory& directory, const io::Name& name);

/// The directory it is in. Throws Error (io).
[[nodiscard]] std::shared_ptr<io::Directory> open_directory_of(const CopiedName& copied);

class LinkTable {
 public:
  /// Where symlinks are followed, a file is met more often than it has names.
  explicit LinkTable(Follow follow) : follow_{follow} {}

  enum class Turn {
    copy,  ///< this is the first: there() or failed() must follow, for the others wait
    wait,  ///< it comes again out of one of these
    link,  ///< to `name`
  };
  struct Answer {
    Turn turn = Turn::copy;
    CopiedName name;
  };
  [[nodiscard]] Answer take_turn(const io::Stat& source, const TreeTask& task);

  /// What became of the name of a task, whatever the source is by now: who waited for it comes again. Nobody, where
  /// it was not that task's turn to copy.
  /// The copy has its name, and this hash.
  [[nodiscard]] std::vector<TreeTask> there(const TreeDirectory& directory, const io::Name& name,
                                            std::string file_hash = {});
  /// There is none; who waited longest copies next.
  [[nodiscard]] std::vector<TreeTask> failed(const TreeDirectory& directory, const io::Name& name);

 private:
  struct Group {
    std::optional<CopiedName> copy;
    std::uint64_t names_left = 0;  ///< of the source; then nobody asks any more
    std::vector<TreeTask> waiting;
  };
  using Key = std::pair<std::uint64_t, std::uint64_t>;

  /// The group that waits for this name, once.
  [[nodiscard]] std::map<Key, Group>::iterator waiting_for(const TreeDirectory& directory, const io::Name& name);

  Follow follow_;
  std::mutex mutex_;
  std::map<Key, Group> groups_;
  std::map<std::pair<const TreeDirectory*, io::Name>, Key> copying_;
};

}  // namespace rcopy::engine
