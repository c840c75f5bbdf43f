// SPDX-License-Identifier: MIT
//
// A file below a directory that is being copied.
#pragma once

#include "engine/route.hpp"
#include "engine/tree_directory.hpp"

namespace rcopy::engine {

/// What a symlink among the sources stands for.
enum class LinkUse { itself, target };

/// How a job came to what is in it.
[[nodiscard]] inline Found found_in(const TreeDirectory& directory) {
  return directory.origin() == Origin::given ? Found::named : Found::in_tree;
}

class TreeRoute final : public Route {
 public:
  /// `link` where `name` is a symlink.
  TreeRoute(const Run& run, TreeDirectoryPtr directory, const io::Name& name, LinkUse link);

  [[nodiscard]] const std::filesystem::path& source() const override { return source_; }
  [[nodiscard]] const std::filesystem::path& destination() const override { return destination_; }
  [[nodiscard]] Found found() const override { return found_in(*directory_); }
  void renew() override { directory_->renew(run_.fs); }
  [[nodiscard]] Source open_source() const override;
  [[nodiscard]] Place resolve_place(const Source& source) const override;
  [[nodiscard]] std::optional<io::Stat> find_source(const Source& source) const override;
  void check_still_there(const Place& place) const override;

 private:
  const Run& run_;
  TreeDirectoryPtr directory_;
  io::Name name_;
  LinkUse link_;
  std::filesystem::path source_;
  std::filesystem::path destination_;
};

/// The source `name` of `directory`, open; a symlink is an error. Of whatever kind. Throws Error (io).
[[nodiscard]] Source source_in(const TreeDirectory& directory, const io::Name& name, io::OpenMode mode);

/// The same, of what a symlink leads to.
[[nodiscard]] Source source_behind(io::FileSystem& fs, const TreeDirectory& directory, const io::Name& name,
                                   io::OpenMode mode);

[[nodiscard]] inline Source source_of(io::FileSystem& fs, const TreeDirectory& directory, const io::Name& name,
                                      LinkUse link, io::OpenMode mode) {
  return link == LinkUse::target ? source_behind(fs, directory, name, mode) : source_in(directory, name, mode);
}

/// Where the source `source` goes, as far as that can be told without looking.
[[nodiscard]] Place place_in(const TreeDirectory& directory, const io::Name& source);

}  // namespace rcopy::engine
