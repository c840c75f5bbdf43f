// SPDX-License-Identifier: MIT
//
// Names and inode numbers. A directory has the names that are seen now, the names that are durable,
// and the list of changes that lead from the second to the first.
#include "support/disk_state.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <set>

namespace rcopy::test {
namespace {

constexpr std::size_t kNameMax = 255;
constexpr std::size_t kPathMax = 4096;
constexpr int kSymlinksMax = 40;
constexpr std::uint32_t kSticky = 01000;

std::deque<std::string> components(const std::string& path) {
  std::deque<std::string> parts;
  std::size_t begin = 0;
  while (begin < path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  if (path.ends_with('/')) parts.emplace_back(".");  // "name/" must be a directory
  return parts;
}

std::filesystem::path joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += '/' + part;
  return text.empty() ? "/" : text;
}

/// What is made in a directory with the set-group-id bit has its group, and a directory also the bit.
void inherit_group(const Inode& directory, Inode& made) {
  constexpr std::uint32_t kSetGid = 02000;
  if ((directory.metadata.mode & kSetGid) == 0) return;
  made.metadata.owner.gid = directory.metadata.owner.gid;
  if (made.kind == io::FileKind::directory) made.metadata.mode |= kSetGid;
}

}  // namespace

bool DiskState::may(const Inode& inode, Access access) const {
  if (settings.user == 0 || !settings.has_owners) return true;
  const auto bit = static_cast<std::uint32_t>(access);
  const Metadata& metadata = inode.metadata;
  if (metadata.owner.uid == settings.user) return (metadata.mode & (bit << 6U)) != 0;
  if (metadata.owner.gid == settings.group) return (metadata.mode & (bit << 3U)) != 0;
  return (metadata.mode & bit) != 0;
}

int DiskState::may_remove(const Inode& directory, const Inode& inode) const {
  if (writing == WriteAccess::refused) return EROFS;
  if (!may(directory, Access::write) || !may(directory, Access::execute)) return EACCES;
  const bool owner = settings.user == 0 || inode.metadata.owner.uid == settings.user ||
                     directory.metadata.owner.uid == settings.user;
  return (directory.metadata.mode & kSticky) != 0 && !owner ? EPERM : 0;
}

Walked DiskState::walk(InodePtr at, const std::filesystem::path& path, io::Links links) const {
  if (path.empty()) return {.error = ENOENT};
  if (path.native().size() >= kPathMax) return {.error = ENAMETOOLONG};
  if (path.is_absolute()) at = root;
  std::deque<std::string> todo = components(path.native());
  std::vector<std::string> real;
  Walked walked;
  int followed = 0;
  while (!todo.empty()) {
    const std::string name = std::move(todo.front());
    todo.pop_front();
    if (at->kind != io::FileKind::directory) return {.error = ENOTDIR};
    if (!may(*at, Access::execute)) return {.error = EACCES};
    if (name == ".") continue;
    if (name == "..") {
      at = at->up.lock() ? at->up.lock() : root;
      if (!real.empty()) real.pop_back();
      continue;
    }
    if (name.size() > kNameMax) return {.error = ENAMETOOLONG};
    const auto found = at->names.find(name);
    if (found == at->names.end()) {
      return {.error = ENOENT, .directory = todo.empty() ? at : nullptr, .name = name};
    }
    const InodePtr& next = found->second;
    if (next->kind == io::FileKind::symlink && (!todo.empty() || links == io::Links::follow)) {
      if (++followed > kSymlinksMax) return {.error = ELOOP};
      if (next->link_target.starts_with('/')) {
        at = root;
        real.clear();
      }
      const auto target = components(next->link_target);
      todo.insert(todo.begin(), target.begin(), target.end());
      continue;
    }
    walked.directory = at;
    walked.name = name;
    real.push_back(name);
    at = next;
  }
  walked.inode = at;
  walked.real = joined(real);
  return walked;
}

/// ext4 gives the lowest free number at once. Here a number whose last owner may come back through
/// a power cut is only given to a file of the same directory: then one directory's changes decide
/// which of the two is left, and names_after_cut() sees to it that never both are.
std::uint64_t DiskState::take_number(const InodePtr& directory) {
  for (auto at = freed_numbers_.begin(); at != freed_numbers_.end(); ++at) {
    const InodePtr last_owner = at->second.lock();
    if (last_owner && last_owner->up.lock() != directory) continue;
    const std::uint64_t number = at->first;
    freed_numbers_.erase(at);
    return number;
  }
  return next_number_++;
}

InodePtr DiskState::make(const InodePtr& directory, const std::string& name, io::FileKind kind,
                         std::uint32_t mode) {
  const auto inode = std::make_shared<Inode>();
  inode->number = directory ? take_number(directory) : kRootNumber;
  inode->serial = next_serial_++;
  inode->kind = kind;
  inode->birth_ns = now();
  const io::Owner owner =
      settings.has_owners ? io::Owner{settings.user, settings.group} : io::Owner{};
  constexpr std::uint32_t kEverything = 0777;
  inode->metadata = {.mode = settings.has_owners ? mode : kEverything,
                     .owner = owner,
                     .atime_ns = inode->birth_ns,
                     .mtime_ns = inode->birth_ns,
                     .ctime_ns = inode->birth_ns};
  if (directory) inherit_group(*directory, *inode);
  inode->durable_metadata = inode->metadata;
  if (directory) {
    inode->up = directory;
    add_name(directory, name, inode);
  }
  return inode;
}

void DiskState::add_name(const InodePtr& directory, const std::string& name,
                         const InodePtr& inode) {
  directory->names[name] = inode;
  directory->unsynced_names.push_back(
      {.kind = NameChange::Kind::create, .name = name, .inode = inode, .time_ns = clock_ns});
  ++inode->links;
  if (const InodePtr up = inode->up.lock(); up != directory) {
    if (up && inode->kind != io::FileKind::directory) settle_number(*up, *inode);
    inode->up.reset();
  }
  if (inode->kind == io::FileKind::directory) inode->up = directory;
  inode->metadata.ctime_ns = clock_ns;
  touch_content(*directory);
}

void DiskState::remove_name(Inode& directory, const std::string& name) {
  const InodePtr inode = directory.names.at(name);
  directory.names.erase(name);
  directory.unsynced_names.push_back(
      {.kind = NameChange::Kind::unlink, .name = name, .inode = inode, .time_ns = clock_ns});
  --inode->links;
  inode->metadata.ctime_ns = clock_ns;
  touch_content(directory);
  release_if_dead(inode);
}

void DiskState::rename(Inode& directory, const std::string& from, const std::string& to) {
  const InodePtr inode = directory.names.at(from);
  InodePtr& target = directory.names[to];
  const InodePtr replaced = target;
  if (replaced == inode) return;  // two names of one file: rename(2) leaves both
  target = inode;
  directory.names.erase(from);
  directory.unsynced_names.push_back({.kind = NameChange::Kind::rename,
                                      .name = to,
                                      .inode = inode,
                                      .time_ns = clock_ns,
                                      .from = from});
  inode->metadata.ctime_ns = clock_ns;
  touch_content(directory);
  if (!replaced) return;
  --replaced->links;
  replaced->metadata.ctime_ns = clock_ns;
  release_if_dead(replaced);
}

void settle_time(const NameChange& change) {
  std::int64_t& durable = change.inode->durable_metadata.ctime_ns;
  durable = std::max(durable, change.time_ns);
}

void DiskState::sync_names(Inode& directory) {
  for (const NameChange& change : directory.unsynced_names) settle_time(change);
  directory.durable_names = directory.names;
  directory.unsynced_names.clear();
  directory.durable_metadata = directory.metadata;
}

void DiskState::sync_all_names(Inode& directory) {
  sync_names(directory);
  for (const auto& [name, inode] : directory.names) {
    if (inode->kind == io::FileKind::directory) sync_all_names(*inode);
  }
}

void DiskState::settle_name(Inode& directory, const std::string& name) {
  using Kind = NameChange::Kind;
  std::vector<NameChange> rest;
  for (NameChange& change : directory.unsynced_names) {
    if (change.name == name) {
      // The other half of a rename away from `from` is still to come.
      if (change.kind == Kind::rename)
        rest.push_back({Kind::unlink, change.from, change.inode, change.time_ns});
    } else if (change.kind == Kind::rename && change.from == name) {
      rest.push_back({Kind::create, change.name, change.inode, change.time_ns});
    } else {
      rest.push_back(std::move(change));
    }
  }
  directory.unsynced_names = std::move(rest);
  if (const auto found = directory.names.find(name); found != directory.names.end()) {
    directory.durable_names[name] = found->second;
  } else {
    directory.durable_names.erase(name);
  }
}

/// Once a file has names in several directories, a power cut could leave its name in one of them and, in the
/// other, the file that had its number before: names_after_cut() looks at one directory at a time.
void DiskState::settle_number(Inode& directory, const Inode& owner) {
  const auto before = [&](const InodePtr& inode) { return inode->number == owner.number && inode.get() != &owner; };
  std::set<std::string> names;
  for (const auto& [name, inode] : directory.durable_names) {
    if (before(inode)) names.insert(name);
  }
  for (const NameChange& change : directory.unsynced_names) {
    if (!before(change.inode)) continue;
    names.insert(change.name);
    if (change.kind == NameChange::Kind::rename) names.insert(change.from);
  }
  for (const std::string& name : names) settle_name(directory, name);
}

void DiskState::opened(Inode& inode) { ++inode.open_files; }

void DiskState::closed(const InodePtr& inode) {
  --inode->open_files;
  release_if_dead(inode);
}

void DiskState::release_if_dead(const InodePtr& inode) {
  if (inode->links > 0 || inode->open_files > 0) return;
  used_pages -= inode->stored_pages();
  freed_numbers_[inode->number] = inode;
}

}  // namespace rcopy::test
