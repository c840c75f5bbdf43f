// SPDX-License-Identifier: MIT
//
// Opens the two sides of directories that are copied, and makes those of the destination. For the thread that walks.
#pragma once

#include "engine/tree_directory.hpp"
#include "engine/tree_route.hpp"

#include <filesystem>
#include <memory>

namespace rcopy::engine {

/// A directory of the source, and where symlinks to directories count in the place it goes to.
struct SourceDirectory {
  std::shared_ptr<io::Directory> handle;
  io::Stat stat;
  DirectoryLinks destination_links = DirectoryLinks::refuse;
};

/// `name` in `above`, or what that symlink leads to. Throws Error (io).
[[nodiscard]] SourceDirectory open_source_directory(const Run& run, const TreeDirectory& above, const io::Name& name,
                                                    LinkUse link);

/// The directory `name` of a tree, of which the destination's is made where it is missing. Throws Error (io).
[[nodiscard]] TreeDirectoryPtr open_below(const Run& run, FinishedDirectories& finished, const TreeDirectoryPtr& above,
                                          const io::Name& name, SourceDirectory source);

/// The two directories `source` and `destination` name, opened, the latter made where it is missing in an existing
/// directory. Throws Error (io), also where the one lies in the other.
[[nodiscard]] TreeDirectoryPtr open_tree(const Run& run, const std::filesystem::path& source,
                                         const std::filesystem::path& destination, FinishedDirectories& finished);

/// The two directories, which are there, of a source that is no part of a tree. `shown`: the source's, as the user
/// writes it, and empty for the current one. Throws Error (io).
struct GivenDirectories {
  std::filesystem::path source;
  std::filesystem::path shown;
  std::filesystem::path destination;

  bool operator==(const GivenDirectories&) const = default;
};
[[nodiscard]] TreeDirectoryPtr open_given(const Run& run, const GivenDirectories& given, FinishedDirectories& finished);

/// The two ends of a file that is no directory.
struct GivenFile {
  GivenDirectories at;
  io::Name name;    ///< of the source
  io::Name called;  ///< of the destination, where that is another
};
/// Throws Error (io) where the destination's directory is missing.
[[nodiscard]] GivenFile split(io::FileSystem& fs, const std::filesystem::path& source,
                              const std::filesystem::path& destination);

/// Throws Error (io) where the directory `source` would be copied to `name` in `above`, and that is it or lies in it.
struct TreeEnds {
  std::filesystem::path source;
  std::filesystem::path destination;
};
void check_apart(io::FileSystem& fs, const TreeEnds& shown, const io::Stat& source, io::Directory& above,
                 const io::Name& name);

}  // namespace rcopy::engine
