// SPDX-License-Identifier: MIT
//
// What every call begins with, file data and its way to the medium, and what a power cut leaves.
#include "support/disk_state.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <stdexcept>
#include <utility>

namespace rcopy::test {
namespace {

/// Names that `kept`, of the unsynced changes in order, make out of the durable ones.
Names applied(Names names, const std::vector<const NameChange*>& kept) {
  for (const NameChange* change : kept) {
    const bool renamed = change->kind == NameChange::Kind::rename;
    const std::string& old_name = renamed ? change->from : change->name;
    if (change->kind != NameChange::Kind::create) {
      const auto found = names.find(old_name);
      if (found != names.end() && found->second == change->inode) names.erase(found);
    }
    if (change->kind != NameChange::Kind::unlink) names[change->name] = change->inode;
  }
  return names;
}

Metadata metadata_after_cut(const Inode& inode, const Choose& choose) {
  Metadata left = inode.durable_metadata;
  const Metadata& latest = inode.metadata;
  if (choose(2) == 1) left.mode = latest.mode;
  if (choose(2) == 1) left.owner = latest.owner;
  if (choose(2) == 1) {
    left.atime_ns = latest.atime_ns;
    left.mtime_ns = latest.mtime_ns;
    left.ctime_ns = latest.ctime_ns;
  }
  if (left.xattrs != latest.xattrs && choose(2) == 1) left.xattrs = latest.xattrs;
  return left;
}

/// The younger of two files with the same number, where there are such.
InodePtr impostor(const Names& names) {
  std::map<std::uint64_t, InodePtr> seen;
  for (const auto& [name, inode] : names) {
    const auto [at, is_new] = seen.emplace(inode->number, inode);
    if (!is_new && at->second != inode)
      return at->second->serial > inode->serial ? at->second : inode;
  }
  return nullptr;
}

/// `inode` and all below it once more. A file with two names stays one file.
InodePtr twin_of(const InodePtr& inode, std::map<const Inode*, InodePtr>& twins) {
  if (const auto known = twins.find(inode.get()); known != twins.end()) return known->second;
  if (!inode->unsynced_names.empty() || inode->data.dirty() || inode->open_files > 0) {
    throw std::logic_error{"MemoryDisk: a twin of a disk that is in use"};
  }
  const auto twin = std::make_shared<Inode>(*inode);
  twins.emplace(inode.get(), twin);
  for (auto& [name, child] : twin->names) {
    child = twin_of(child, twins);
    if (!child->up.expired()) child->up = twin;
  }
  twin->durable_names = twin->names;
  return twin;
}

}  // namespace

DiskState::DiskState(DiskSettings given, std::shared_ptr<PowerSwitch> power_switch)
    : settings{given},
      power{power_switch ? std::move(power_switch) : std::make_shared<PowerSwitch>()},
      random{given.seed.value} {
  constexpr std::uint32_t kMode = 0755;
  root = make(nullptr, "", io::FileKind::directory, kMode);
  root->links = 1;
}

DiskState::DiskState(const DiskState& at_rest, Seed seed)
    : settings{at_rest.settings},
      power{std::make_shared<PowerSwitch>()},
      writing{at_rest.writing},
      random{seed.value},
      clock_ns{at_rest.clock_ns},
      used_pages{at_rest.used_pages},
      bad_spots{at_rest.bad_spots},
      next_number_{at_rest.next_number_},
      next_serial_{at_rest.next_serial_},
      freed_numbers_{at_rest.freed_numbers_} {
  settings.seed = seed;
  std::map<const Inode*, InodePtr> twins;
  root = twin_of(at_rest.root, twins);
}

DiskState::~DiskState() = default;

int DiskState::enter(std::uint64_t handle_epoch) {
  if (!power->spend() || handle_epoch != epoch) return EIO;
  now();
  return 0;
}

std::int64_t DiskState::now() { return clock_ns += settings.tick.count(); }

void DiskState::touch_content(Inode& inode) {
  inode.metadata.mtime_ns = inode.metadata.ctime_ns = clock_ns;
}

io::Stat DiskState::stat_of(const Inode& inode) const {
  constexpr std::uint64_t kDirectoryBytes = 4096;
  constexpr std::uint64_t kFirstDevice = 0x700;
  io::Stat stat{.kind = inode.kind,
                .device = settings.device,
                .inode = inode.number,
                .size_bytes = inode.data.size_bytes(),
                .allocated_bytes = inode.data.allocated_bytes(),
                .links = inode.links,
                .mode = inode.metadata.mode,
                .uid = inode.metadata.owner.uid,
                .gid = inode.metadata.owner.gid,
                .atime_ns = inode.metadata.atime_ns,
                .mtime_ns = inode.metadata.mtime_ns,
                .ctime_ns = inode.metadata.ctime_ns,
                .birth_ns = inode.birth_ns};
  if (inode.kind == io::FileKind::block_device) {
    stat.size_bytes = stat.allocated_bytes = 0;  // it is asked for by ioctl
    stat.rdev = kFirstDevice + inode.number;
  }
  if (inode.rdev != 0) stat.rdev = inode.rdev;
  if (inode.kind == io::FileKind::symlink) stat.size_bytes = inode.link_target.size();
  if (inode.kind == io::FileKind::directory) {
    stat.size_bytes = stat.allocated_bytes = kDirectoryBytes;
    ++stat.links;  // "."
    for (const auto& [name, child] : inode.names)
      stat.links += child->kind == io::FileKind::directory ? 1U : 0U;
  }
  return stat;
}

std::uint64_t DiskState::free_pages() const {
  const std::uint64_t capacity = settings.capacity_bytes / FileData::kPageBytes;
  return capacity > used_pages ? capacity - used_pages : 0;
}

void DiskState::write_back(Inode& inode, const std::filesystem::path& path,
                           std::uint64_t offset_bytes, std::uint64_t length) {
  std::vector<std::uint64_t> spoiled;
  const auto [first, last] = bad_spots.equal_range(path.native());
  for (auto at = first; at != last; ++at) {
    BadSpot& spot = at->second;
    const bool inside =
        spot.offset_bytes >= offset_bytes && spot.offset_bytes - offset_bytes < length;
    if (!inside || spot.times == 0 || !inode.data.dirty_at(spot.offset_bytes)) continue;
    --spot.times;
    spoiled.push_back(spot.offset_bytes);
  }
  inode.data.write_back(offset_bytes, length);
  for (const std::uint64_t offset : spoiled) inode.data.flip_on_medium(offset);
}

int DiskState::write_back_fails(Inode& inode) {
  if (next_write_back_error == 0) return 0;
  inode.data.lose_write_back();
  ++write_back_errors;
  return last_write_back_error = std::exchange(next_write_back_error, 0);
}

int DiskState::sync_file(Inode& inode, const std::filesystem::path& path) {
  if (inode.data.dirty()) {
    if (writing == WriteAccess::refused) return EROFS;
    if (const int error = write_back_fails(inode)) return error;
    change_data(inode, [&](FileData& data) {
      write_back(inode, path, 0, data.size_bytes());
      data.sync();
    });
  }
  inode.data.sync();
  if (settings.names == NamesDurableBy::any_sync) sync_all_names(*root);
  return 0;
}

int DiskState::sync_directory(Inode& inode) {
  if (writing == WriteAccess::refused && !inode.unsynced_names.empty()) return EROFS;
  sync_names(inode);
  if (settings.names == NamesDurableBy::any_sync) sync_all_names(*root);
  return 0;
}

/// As the kernel does, it goes on after an error: everything else is durable all the same.
int DiskState::sync_everything() {
  struct Found {
    InodePtr inode;
    std::filesystem::path path;
  };
  if (writing == WriteAccess::refused) return EROFS;
  int error = 0;
  std::vector<Found> todo{{root, "/"}};
  while (!todo.empty()) {
    const auto [inode, path] = std::move(todo.back());
    todo.pop_back();
    for (const auto& [name, child] : inode->names) todo.push_back({child, path / name});
    if (inode->kind == io::FileKind::regular) {
      const int failed = sync_file(*inode, path);
      if (error == 0) error = failed;
    }
    inode->durable_metadata = inode->metadata;
  }
  sync_all_names(*root);
  return error;
}

Names DiskState::names_after_cut(const Inode& directory, Loss loss) {
  if (loss == Loss::everything_unsynced) return directory.durable_names;
  if (loss == Loss::names_kept) {
    for (const NameChange& change : directory.unsynced_names) settle_time(change);
    return directory.names;
  }
  std::vector<const NameChange*> kept;
  for (const NameChange& change : directory.unsynced_names) {
    if (random() % 2 == 0) kept.push_back(&change);
  }
  // Where a number was given anew, keeping its new owner means the old one's end is kept as well;
  // so with the old one still there, no change that names the new one can have survived.
  for (;;) {
    Names names = applied(directory.durable_names, kept);
    const InodePtr younger = impostor(names);
    if (!younger) {
      for (const NameChange* change : kept) settle_time(*change);
      return names;
    }
    std::erase_if(kept, [&](const NameChange* change) { return change->inode == younger; });
  }
}

void DiskState::lose(Loss loss) {
  const std::uint64_t keep_of_ten = std::array<std::uint64_t, 3>{1, 5, 9}.at(random() % 3);
  const Choose choose = [&](std::size_t options) -> std::size_t {
    if (loss != Loss::random_pages || options < 2 || random() % 10 >= keep_of_ten) return 0;
    return 1 + random() % (options - 1);
  };
  std::set<Inode*> done;
  std::vector<InodePtr> todo{root};
  while (!todo.empty()) {
    const InodePtr inode = std::move(todo.back());
    todo.pop_back();
    if (!done.insert(inode.get()).second) continue;
    if (inode->kind == io::FileKind::directory) {
      inode->names = inode->durable_names = names_after_cut(*inode, loss);
      inode->unsynced_names.clear();
      for (const auto& [name, child] : inode->names) todo.push_back(child);
    } else {
      inode->data.cut_power(choose);
    }
    inode->metadata = inode->durable_metadata = metadata_after_cut(*inode, choose);
  }
}

void DiskState::settle(const InodePtr& top) {
  sync_all_names(*top);
  std::vector<InodePtr> todo{top};
  while (!todo.empty()) {
    const InodePtr inode = std::move(todo.back());
    todo.pop_back();
    for (const auto& [name, child] : inode->names) todo.push_back(child);
    inode->data.sync();
    inode->data.drop_clean();
    inode->durable_metadata = inode->metadata;
  }
}

void DiskState::reboot() {
  ++epoch;
  used_pages = 0;
  next_write_back_error = 0;
  std::map<std::uint64_t, InodePtr> used;
  std::vector<InodePtr> todo{root};
  while (!todo.empty()) {
    const InodePtr inode = std::move(todo.back());
    todo.pop_back();
    if (const auto found = used.find(inode->number); found != used.end()) {
      ++inode->links;
      continue;
    }
    inode->links = 1;
    inode->open_files = 0;
    inode->lock_holder = inode->exclusive_holder = 0;
    inode->lock_sharers.clear();
    used_pages += inode->stored_pages();
    if (!settings.stable_inodes && inode != root) inode->number = next_number_++;
    used.emplace(inode->number, inode);
    for (const auto& [name, child] : inode->names) todo.push_back(child);
  }
  freed_numbers_.clear();
  for (std::uint64_t number = kFirstNumber; number < next_number_; ++number) {
    if (!used.contains(number)) freed_numbers_.emplace(number, std::weak_ptr<Inode>{});
  }
}

}  // namespace rcopy::test
