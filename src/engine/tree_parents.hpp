// SPDX-License-Identifier: MIT
//
// Naming::whole_path: the directories in the path of a source, made below the destination with what they are to have
// of the attributes of the source's. For the thread that walks.
#pragma once

#include "engine/tree_open.hpp"

#include <filesystem>
#include <vector>

namespace rcopy::engine {

class TreeParents {
 public:
  TreeParents(const Run& run, FinishedDirectories& finished) : run_{run}, finished_{finished} {}

  struct Last {
    TreeDirectoryPtr above;
    io::Name name;
  };
  /// Where the last component of `source` is, and goes. Those above stay open until another source needs others, so
  /// that they get their attributes when all of it is there. Throws Error (io).
  /// `base`: what relative sources are relative to; empty: the current directory.
  [[nodiscard]] Last open(const std::filesystem::path& source, const std::filesystem::path& destination,
                          const std::filesystem::path& base);

  /// The last one, where it is a directory to be copied. Throws Error (io).
  [[nodiscard]] TreeDirectoryPtr open_last(const TreeDirectoryPtr& above, const io::Name& name, LinkUse link) const;

  /// Nothing more comes.
  void close();

 private:
  struct Step {
    io::Name name;
    TreeDirectoryPtr directory;
  };

  const Run& run_;
  FinishedDirectories& finished_;
  GivenDirectories root_at_;
  TreeDirectoryPtr root_;
  std::vector<Step> steps_;
};

}  // namespace rcopy::engine
