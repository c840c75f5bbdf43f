// SPDX-License-Identifier: MIT
//
// The calls of the file system itself, and what tests do to the disk by hand.
#include "support/memory_disk.hpp"

#include "support/memory_handles.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace rcopy::test {
namespace {

namespace stdfs = std::filesystem;

using io::FileKind;

[[noreturn]] void refuse(int error, const stdfs::path& path) {
  throw std::system_error{error, std::generic_category(), "MemoryDisk: " + path.native()};
}

/// The test's own hand, which no permission stops and no one counts. Holds the disk's lock.
class Hand {
 public:
  explicit Hand(DiskState& disk) : lock_{disk.mutex}, disk_{disk} {}

  [[nodiscard]] Walked found(const stdfs::path& path, io::Links links) {
    const std::uint32_t user = std::exchange(disk_.settings.user, 0);
    Walked walked = disk_.walk(disk_.root, path, links);
    disk_.settings.user = user;
    return walked;
  }

  /// Where `path` leads to, or the place for a new file; `inode` is empty there.
  [[nodiscard]] Walked place(const stdfs::path& path, io::Links links = io::Links::follow) {
    Walked walked = found(path, links);
    if (walked.error != 0 && !(walked.error == ENOENT && walked.directory))
      refuse(walked.error, path);
    return walked;
  }

  [[nodiscard]] Walked existing(const stdfs::path& path, io::Links links = io::Links::follow) {
    Walked walked = place(path, links);
    if (!walked.inode) refuse(ENOENT, path);
    return walked;
  }

  InodePtr file(const stdfs::path& path) {
    InodePtr inode = existing(path).inode;
    if (!inode->has_data()) refuse(EINVAL, path);
    return inode;
  }

  InodePtr make(const stdfs::path& path, FileKind kind, std::uint32_t mode) {
    const Walked walked = place(path, io::Links::nofollow);
    if (walked.inode) refuse(EEXIST, path);
    InodePtr inode = disk_.make(walked.directory, walked.name, kind, mode);
    disk_.settle_name(*walked.directory, walked.name);
    return inode;
  }

  /// The file at `path`, made where it is missing, empty and durable.
  InodePtr emptied(const stdfs::path& path) {
    constexpr std::uint32_t kMode = 0644;
    const Walked walked = place(path);
    if (!walked.inode) return make(path, FileKind::regular, kMode);
    InodePtr inode = file(path);
    disk_.now();
    disk_.change_data(*inode, [&](FileData& data) {
      if (inode->kind == FileKind::regular) data.truncate(0);
      data.sync();
    });
    disk_.settle_name(*walked.directory, walked.name);
    settle(*inode);
    return inode;
  }

  /// Metadata as they are now, with new content times, are durable.
  void settle(Inode& inode) {
    disk_.touch_content(inode);
    inode.durable_metadata = inode.metadata;
  }

  void settle_metadata(Inode& inode) {
    inode.metadata.ctime_ns = disk_.now();
    inode.durable_metadata = inode.metadata;
  }

  /// By value: what is handed in may be the name that is erased here.
  void remove(InodePtr directory, std::string name) {
    const InodePtr inode = directory->names.at(name);
    while (!inode->names.empty()) remove(inode, inode->names.begin()->first);
    disk_.now();
    disk_.remove_name(*directory, name);
    disk_.settle_name(*directory, name);
  }

 private:
  std::lock_guard<std::mutex> lock_;
  DiskState& disk_;
};

constexpr std::uint32_t kDirectoryMode = 0755;
constexpr std::uint32_t kSymlinkMode = 0777;
constexpr std::uint32_t kSpecialMode = 0644;

}  // namespace

MemoryDisk::MemoryDisk(DiskSettings settings, std::shared_ptr<PowerSwitch> power)
    : state_{std::make_shared<DiskState>(settings, std::move(power))} {}

MemoryDisk::MemoryDisk(const MemoryDisk& at_rest, Seed seed) {
  const std::lock_guard lock{at_rest.state_->mutex};
  state_ = std::make_shared<DiskState>(*at_rest.state_, seed);
}

MemoryDisk::~MemoryDisk() = default;

io::Result<std::unique_ptr<io::Directory>> MemoryDisk::open_directory(const stdfs::path& path,
                                                                      io::DirectoryUse use) {
  const CountedCall call{*state_};
  if (call.error() != 0) return {.value = nullptr, .error = call.error()};
  const Walked walked = state_->walk(state_->root, path, io::Links::follow);
  if (walked.error != 0) return {.value = nullptr, .error = walked.error};
  if (walked.inode->kind != FileKind::directory) return {.value = nullptr, .error = ENOTDIR};
  const bool listed = use == io::DirectoryUse::change_names;
  if (listed && !state_->may(*walked.inode, Access::read)) return {.value = nullptr, .error = EACCES};
  return {.value = open_memory_directory(state_, walked.inode, path, use)};
}

io::Result<io::Stat> MemoryDisk::stat(const stdfs::path& path, io::Links links) {
  const CountedCall call{*state_};
  if (call.error() != 0) return {.error = call.error()};
  const Walked walked = state_->walk(state_->root, path, links);
  if (walked.error != 0) return {.error = walked.error};
  return {.value = state_->stat_of(*walked.inode)};
}

io::Result<stdfs::path> MemoryDisk::resolve(const stdfs::path& path) {
  const CountedCall call{*state_};
  if (call.error() != 0) return {.error = call.error()};
  const Walked walked = state_->walk(state_->root, path, io::Links::follow);
  if (walked.error != 0) return {.error = walked.error};
  return {.value = walked.real};
}

std::string MemoryDisk::device_user(std::uint64_t /*rdev*/) const { return {}; }

bool MemoryDisk::share_blocks(std::uint64_t rdev, std::uint64_t other_rdev) const { return rdev == other_rdev; }

std::uint32_t MemoryDisk::umask() const { return state_->settings.umask; }

std::uint32_t MemoryDisk::user() const {
  const std::lock_guard lock{state_->mutex};
  return state_->settings.user;
}

void MemoryDisk::put(const stdfs::path& path, const Bytes& bytes) {
  Hand hand{*state_};
  const InodePtr inode = hand.emptied(path);
  state_->change_data(*inode, [&](FileData& data) {
    (void)data.write(0, bytes, std::numeric_limits<std::uint64_t>::max());
    data.sync();
    data.drop_clean();
  });
  hand.settle(*inode);
}

void MemoryDisk::put_generated(const stdfs::path& path, std::uint64_t size_bytes,
                               Generator generator) {
  Hand hand{*state_};
  const InodePtr inode = hand.emptied(path);
  inode->data.generate(size_bytes, std::move(generator));
  hand.settle(*inode);
}

void MemoryDisk::mkdir(const stdfs::path& path) {
  Hand{*state_}.make(path, FileKind::directory, kDirectoryMode);
}

void MemoryDisk::symlink(const stdfs::path& target, const stdfs::path& path) {
  Hand hand{*state_};
  hand.make(path, FileKind::symlink, kSymlinkMode)->link_target = target.native();
}

void MemoryDisk::hard_link(const stdfs::path& existing, const stdfs::path& path) {
  Hand hand{*state_};
  const InodePtr inode = hand.existing(existing, io::Links::nofollow).inode;
  const Walked to = hand.place(path, io::Links::nofollow);
  if (to.inode) refuse(EEXIST, path);
  if (inode->kind == FileKind::directory) refuse(EPERM, existing);
  state_->now();
  state_->add_name(to.directory, to.name, inode);
  state_->settle_name(*to.directory, to.name);
}

void MemoryDisk::put_device(const stdfs::path& path, std::uint64_t size_bytes) {
  if (exists(path)) remove(path);
  Hand hand{*state_};
  const InodePtr inode = hand.make(path, FileKind::block_device, kSpecialMode);
  inode->data.generate(size_bytes, [](std::uint64_t, std::span<std::byte> out) {
    std::ranges::fill(out, std::byte{0});
  });
}

void MemoryDisk::pull_disk(const stdfs::path& device) {
  Hand{*state_}.existing(device, io::Links::follow).inode->data.truncate(0);
}

void MemoryDisk::put_special(const stdfs::path& path, FileKind kind) {
  Hand{*state_}.make(path, kind, kSpecialMode);
}

void MemoryDisk::move(const stdfs::path& from, const stdfs::path& to) {
  Hand hand{*state_};
  const Walked source = hand.existing(from, io::Links::nofollow);
  const Walked target = hand.place(to, io::Links::nofollow);
  if (target.inode == source.inode) return;
  if (target.inode) hand.remove(target.directory, target.name);
  state_->now();
  state_->add_name(target.directory, target.name, source.inode);
  state_->settle_name(*target.directory, target.name);
  state_->remove_name(*source.directory, source.name);
  state_->settle_name(*source.directory, source.name);
}

void MemoryDisk::remove(const stdfs::path& path) {
  Hand hand{*state_};
  const Walked found = hand.existing(path, io::Links::nofollow);
  hand.remove(found.directory, found.name);
}

void MemoryDisk::set_mode(const stdfs::path& path, std::uint32_t mode) {
  Hand hand{*state_};
  const InodePtr inode = hand.existing(path).inode;
  inode->metadata.mode = mode;
  hand.settle_metadata(*inode);
}

void MemoryDisk::set_xattr(const stdfs::path& path, const std::string& name, const Bytes& value) {
  Hand hand{*state_};
  const InodePtr inode = hand.existing(path).inode;
  inode->metadata.xattrs[name] = value;
  hand.settle_metadata(*inode);
}

std::map<std::string, Bytes> MemoryDisk::xattrs(const stdfs::path& path) const {
  Hand hand{*state_};
  return hand.existing(path).inode->metadata.xattrs;
}

void MemoryDisk::set_owner(const stdfs::path& path, io::Owner owner) {
  Hand hand{*state_};
  const InodePtr inode = hand.existing(path).inode;
  inode->metadata.owner = owner;
  hand.settle_metadata(*inode);
}

void MemoryDisk::set_mtime(const stdfs::path& path, std::int64_t mtime_ns) {
  Hand hand{*state_};
  const InodePtr inode = hand.existing(path).inode;
  inode->metadata.mtime_ns = mtime_ns;
  hand.settle_metadata(*inode);
}

void MemoryDisk::flip(const stdfs::path& path, std::uint64_t offset_bytes) {
  Hand hand{*state_};
  const InodePtr inode = hand.file(path);
  if (offset_bytes >= inode->data.size_bytes()) refuse(EINVAL, path);
  state_->change_data(*inode, [&](FileData& data) { data.flip(offset_bytes); });
}

void MemoryDisk::flip_on_medium(const stdfs::path& path, std::uint64_t offset_bytes) {
  Hand hand{*state_};
  const InodePtr inode = hand.file(path);
  if (offset_bytes >= inode->data.size_bytes()) refuse(EINVAL, path);
  state_->change_data(*inode, [&](FileData& data) { data.flip_on_medium(offset_bytes); });
}

void MemoryDisk::spoil_write_back(const stdfs::path& path, std::uint64_t offset_bytes,
                                  std::uint64_t times) {
  const std::lock_guard lock{state_->mutex};
  state_->bad_spots.emplace(("/" / path).lexically_normal().native(),
                            BadSpot{.offset_bytes = offset_bytes, .times = times});
}

void MemoryDisk::write_back(const stdfs::path& path) {
  Hand hand{*state_};
  state_->settle(hand.existing(path).inode);
}

void MemoryDisk::fail_write_back(int error) {
  const std::lock_guard lock{state_->mutex};
  state_->next_write_back_error = error;
}

Bytes MemoryDisk::get(const stdfs::path& path, View view) const {
  Hand hand{*state_};
  const InodePtr inode = hand.file(path);
  Bytes bytes(inode->data.size_bytes(view));
  inode->data.peek(view, 0, bytes);
  return bytes;
}

bool MemoryDisk::begins_with(const stdfs::path& path, std::span<const std::byte> bytes, View view) const {
  Hand hand{*state_};
  const FileData& data = hand.file(path)->data;
  if (data.size_bytes(view) < bytes.size()) return false;
  std::array<std::byte, FileData::kPageBytes> page{};
  for (std::uint64_t offset = 0; offset < bytes.size(); offset += page.size()) {
    const auto wanted = bytes.subspan(offset, std::min<std::size_t>(page.size(), bytes.size() - offset));
    const auto found = std::span{page}.first(wanted.size());
    data.peek(view, offset, found);
    if (std::memcmp(found.data(), wanted.data(), wanted.size()) != 0) return false;
  }
  return true;
}

std::uint64_t MemoryDisk::size_of(const stdfs::path& path, View view) const {
  return Hand{*state_}.file(path)->data.size_bytes(view);
}

bool MemoryDisk::exists(const stdfs::path& path) const {
  Hand hand{*state_};
  return hand.found(path, io::Links::nofollow).error == 0;
}

io::Stat MemoryDisk::look(const stdfs::path& path, io::Links links) const {
  Hand hand{*state_};
  return state_->stat_of(*hand.existing(path, links).inode);
}

std::vector<std::string> MemoryDisk::list(const stdfs::path& directory) const {
  Hand hand{*state_};
  const InodePtr inode = hand.existing(directory).inode;
  if (inode->kind != FileKind::directory) refuse(ENOTDIR, directory);
  std::vector<std::string> names;
  for (const auto& [name, child] : inode->names) names.push_back(name);
  return names;
}

void MemoryDisk::set_capacity(std::uint64_t capacity_bytes) {
  const std::lock_guard lock{state_->mutex};
  state_->settings.capacity_bytes = capacity_bytes;
}

void MemoryDisk::set_direct_io(DirectIo direct_io) {
  const std::lock_guard lock{state_->mutex};
  state_->settings.direct_io = direct_io;
}

void MemoryDisk::set_writing(WriteAccess writing) {
  const std::lock_guard lock{state_->mutex};
  state_->writing = writing;
}

void MemoryDisk::set_user(io::Owner user) {
  const std::lock_guard lock{state_->mutex};
  state_->settings.user = user.uid;
  state_->settings.group = user.gid;
}

void MemoryDisk::cut_power_after(std::uint64_t calls) { state_->power->cut_after(calls); }

void MemoryDisk::restore_power(Loss loss) {
  const std::lock_guard lock{state_->mutex};
  state_->lose(loss);
  state_->reboot();
  state_->power->restore();
}

bool MemoryDisk::power_on() const { return state_->power->on(); }

std::uint64_t MemoryDisk::calls() const { return state_->power->calls(); }

void MemoryDisk::remount() {
  const std::lock_guard lock{state_->mutex};
  state_->settle(state_->root);
  state_->reboot();
}

}  // namespace rcopy::test
