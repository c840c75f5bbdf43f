// SPDX-License-Identifier: MIT
#include "engine/tree_links.hpp"

#include <algorithm>
#include <utility>

namespace rcopy::engine {
CopiedName copied_name(const TreeDirectory& directory, const io::Name& name) {
  CopiedName copied{.root = {}, .below = {}, .name = directory.name_of(name)};
  const TreeDirectory* at = &directory;
  for (; at->above() && !at->is_behind_symlink(); at = at->above().get()) {
    copied.below.push_back(at->destination().name());
  }
  std::ranges::reverse(copied.below);
  copied.root = at->destination().handle();
  return copied;
}

std::shared_ptr<io::Directory> open_directory_of(const CopiedName& copied) {
  std::shared_ptr<io::Directory> at = copied.root;
  for (const io::Name& name : copied.below) at = io::open_directory(*at, name, io::DirectoryUse::look_up);
  return at;
}

LinkTable::Answer LinkTable::take_turn(const io::Stat& source, const TreeTask& task) {
  const std::lock_guard lock{mutex_};
  const auto [at, first] = groups_.try_emplace({source.device, source.inode});
  Group& group = at->second;
  if (first) {
    group.names_left = source.links - 1;
    copying_[{task.directory.get(), task.entry.name}] = at->first;
    return {.turn = Turn::copy, .name = {}};
  }
  if (!group.copy) {
    group.waiting.push_back(task);
    return {.turn = Turn::wait, .name = {}};
  }
  Answer answer{.turn = Turn::link, .name = *group.copy};
  if (--group.names_left == 0 && follow_ == Follow::none) groups_.erase(at);
  return answer;
}

std::map<LinkTable::Key, LinkTable::Group>::iterator LinkTable::waiting_for(const TreeDirectory& directory,
                                                                            const io::Name& name) {
  const auto copying = copying_.extract({&directory, name});
  return copying.empty() ? groups_.end() : groups_.find(copying.mapped());
}

std::vector<TreeTask> LinkTable::there(const TreeDirectory& directory, const io::Name& name, std::string file_hash) {
  const std::lock_guard lock{mutex_};
  const auto at = waiting_for(directory, name);
  if (at == groups_.end()) return {};
  at->second.copy = copied_name(directory, name);
  at->second.copy->file_hash = std::move(file_hash);
  return std::exchange(at->second.waiting, {});
}

std::vector<TreeTask> LinkTable::failed(const TreeDirectory& directory, const io::Name& name) {
  const std::lock_guard lock{mutex_};
  const auto at = waiting_for(directory, name);
  if (at == groups_.end()) return {};
  if (at->second.copy) return {};  // it was another name of it that failed, or was kept
  auto waiting = std::move(at->second.waiting);
  groups_.erase(at);
  return waiting;
}

}  // namespace rcopy::engine
