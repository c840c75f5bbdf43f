// SPDX-License-Identifier: MIT
#include "engine/tree_parents.hpp"

#include <utility>

namespace rcopy::engine {

TreeParents::Last TreeParents::open(const std::filesystem::path& source, const std::filesystem::path& destination,
                                    const std::filesystem::path& base) {
  std::vector<io::Name> names;
  for (const auto& part : source.relative_path()) {
    if (!part.empty()) names.push_back(part);
  }
  if (names.empty()) names.emplace_back(".");
  const std::filesystem::path shown = source.is_absolute() ? "/" : base;
  GivenDirectories at{.source = shown.empty() ? "." : shown, .shown = shown, .destination = destination};
  if (!root_ || root_at_ != at) {
    close();
    root_ = open_given(run_, at, finished_);
    root_at_ = std::move(at);
  }
  const io::Name last = std::move(names.back());
  names.pop_back();
  // As in cp: where all of them are there, they stay as they are.
  std::filesystem::path parent = destination;
  for (const io::Name& name : names) parent /= name;
  const auto there = io::find(run_.fs, parent, io::Links::follow);
  const auto fits = [&](std::size_t i) {
    return steps_[i].name == names[i] && (there || steps_[i].directory->origin() != Origin::given);
  };
  std::size_t common = 0;
  while (common < steps_.size() && common < names.size() && fits(common)) ++common;
  while (steps_.size() > common) steps_.pop_back();
  for (std::size_t i = common; i < names.size(); ++i) {
    const TreeDirectoryPtr above = steps_.empty() ? root_ : steps_.back().directory;
    const auto found = io::find(*above->source().handle(), names[i]);
    const bool link = found && found->kind == io::FileKind::symlink;
    SourceDirectory opened =
        open_source_directory(run_, *above, names[i], link ? LinkUse::target : LinkUse::itself);
    opened.destination_links = DirectoryLinks::follow;  // as in any path
    auto directory = open_below(run_, finished_, above, names[i], std::move(opened));
    if (there) directory->leave_as_it_is();
    steps_.push_back({.name = names[i], .directory = std::move(directory)});
  }
  return {.above = steps_.empty() ? root_ : steps_.back().directory, .name = last};
}

TreeDirectoryPtr TreeParents::open_last(const TreeDirectoryPtr& above, const io::Name& name, LinkUse link) const {
  SourceDirectory opened = open_source_directory(run_, *above, name, link);
  check_apart(run_.fs,
              {.source = above->source().shown() / name, .destination = above->destination().shown() / name},
              opened.stat, *above->destination().handle(), name);
  return open_below(run_, finished_, above, name, std::move(opened));
}

void TreeParents::close() {
  while (!steps_.empty()) steps_.pop_back();
  root_.reset();
}

}  // namespace rcopy::engine
