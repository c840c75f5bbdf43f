// SPDX-License-Identifier: MIT
#include "support/tree_snapshot.hpp"

#include "support/results.hpp"

namespace rcopy::test {
namespace {

namespace stdfs = std::filesystem;

TreeNode look_at(MemoryDisk& disk, const stdfs::path& path) {
  const io::Stat stat = disk.look(path, io::Links::nofollow);
  TreeNode node{.kind = stat.kind,
                .inode = stat.inode,
                .mode = stat.mode,
                .mtime_ns = stat.mtime_ns,
                .bytes = {},
                .target = {}};
  if (stat.kind == io::FileKind::symlink) {
    const auto above = good(disk.open_directory(path.parent_path(), io::DirectoryUse::look_up));
    node.target = good(above->read_link(path.filename()));
  }
  if (stat.kind != io::FileKind::regular) return node;
  node.bytes = disk.get(path);
  node.xattrs = disk.xattrs(path);
  return node;
}

void add_below(MemoryDisk& disk, const stdfs::path& root, const std::string& relative, TreeSnapshot& found) {
  const stdfs::path path = relative.empty() ? root : root / relative;
  const TreeNode& node = found[relative] = look_at(disk, path);
  if (node.kind != io::FileKind::directory) return;
  for (const std::string& name : disk.list(path)) {
    add_below(disk, root, relative.empty() ? name : relative + "/" + name, found);
  }
}

const TreeNode* find(const TreeSnapshot& tree, const std::string& name) {
  const auto at = tree.find(name);
  return at == tree.end() ? nullptr : &at->second;
}

std::string attribute_problem(const TreeNode& now, const TreeNode& wanted) {
  if (now.mode != wanted.mode && now.kind != io::FileKind::symlink) return "another mode";
  if (now.mtime_ns != wanted.mtime_ns) return "another mtime";
  return now.xattrs == wanted.xattrs ? "" : "other extended attributes";
}

/// At a power cut.
bool may_lose_attributes(const TreeNode& node, const TreeChange& change) {
  return !change.names_keep_attributes && node.kind != io::FileKind::regular && node.kind != io::FileKind::directory;
}

/// Names of one file in the source are names of one file in the copy, and no others are.
void check_links(const TreeSnapshot& now, const TreeSnapshot& fresh, Broken& broken) {
  std::map<std::uint64_t, std::uint64_t> copies, sources;
  for (const auto& [name, wanted] : fresh) {
    const TreeNode* const there = find(now, name);
    if (there == nullptr) continue;
    const auto [copy, first] = copies.try_emplace(wanted.inode, there->inode);
    const auto [source, alone] = sources.try_emplace(there->inode, wanted.inode);
    if (copy->second != there->inode) broken.push_back("'" + name + "' is no name of the file that it should be one of");
    if (source->second != wanted.inode) broken.push_back("'" + name + "' is a name of another file as well");
  }
}

}  // namespace

TreeSnapshot snapshot(MemoryDisk& disk, const stdfs::path& root) {
  TreeSnapshot found;
  if (disk.exists(root)) add_below(disk, root, "", found);
  return found;
}

bool is_temporary(const stdfs::path& name) {
  const std::string text = name.filename();
  return text.starts_with('.') && (text.ends_with(".rcopy-part") || text.ends_with(".rcopy-new"));
}

bool same_content(const TreeNode& a, const TreeNode& b) {
  return a.kind == b.kind && a.bytes == b.bytes && a.target == b.target;
}

Broken broken_names(const TreeSnapshot& now, const TreeChange& change) {
  Broken broken;
  for (const auto& [name, node] : now) {
    if (is_temporary(name)) continue;
    const TreeNode* const fresh = find(change.fresh, name);
    const TreeNode* const old = find(change.old, name);
    const bool right = (fresh != nullptr && same_content(node, *fresh)) || (old != nullptr && same_content(node, *old));
    if (!right) broken.push_back("'" + name + "' holds neither the old nor the new content");
  }
  for (const auto& [name, node] : change.old) {
    if (!now.contains(name) && !is_temporary(name)) broken.push_back("'" + name + "' was there and is lost");
  }
  return broken;
}

Broken broken_finished(const TreeSnapshot& now, const TreeChange& change, const std::vector<TransferFinished>& finished,
                       const stdfs::path& root) {
  Broken broken;
  for (const auto& [summary] : finished) {
    const std::string name = summary.destination.lexically_relative(root);
    const TreeNode* const there = find(now, name);
    const TreeNode* const wanted = find(change.fresh, name);
    const std::string begin = "'" + name + "' was said to be finished, and ";
    if (wanted == nullptr) broken.push_back(begin + "is not of the source");
    else if (there == nullptr) broken.push_back(begin + "is not there");
    else if (!same_content(*there, *wanted)) broken.push_back(begin + "has another content");
    if (wanted == nullptr || there == nullptr) continue;
    if (may_lose_attributes(*wanted, change)) continue;
    const auto problem = attribute_problem(*there, *wanted);
    if (!problem.empty()) broken.push_back(begin + "has " + problem);
  }
  return broken;
}

Broken broken_copy(const TreeSnapshot& now, const TreeChange& change) {
  Broken broken;
  for (const auto& [name, wanted] : change.fresh) {
    const TreeNode* const there = find(now, name);
    if (there == nullptr) broken.push_back("'" + name + "' is missing");
    else if (!same_content(*there, wanted)) broken.push_back("'" + name + "' has another content");
    if (there == nullptr || may_lose_attributes(wanted, change)) continue;
    const auto problem = attribute_problem(*there, wanted);
    if (!problem.empty()) broken.push_back("'" + name + "' has " + problem);
  }
  for (const auto& [name, node] : now) {
    const bool known = change.fresh.contains(name) || change.old.contains(name);
    if (!known || is_temporary(name)) broken.push_back("'" + name + "' was left behind");
  }
  check_links(now, change.fresh, broken);
  return broken;
}

}  // namespace rcopy::test
