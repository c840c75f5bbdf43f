// SPDX-License-Identifier: MIT
//
// The errnos are those of Linux on ext4; the contract tests in tests/unit/io hold both to them.
#include "support/memory_handles.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

namespace rcopy::test {
namespace {

using io::FileKind;
using io::OpenMode;
using io::Result;

constexpr std::uint32_t kSetUid = 04000;
constexpr std::uint32_t kSetGid = 02000;
constexpr std::uint32_t kGroupExecute = 010;
constexpr std::uint32_t kKeep = std::numeric_limits<std::uint32_t>::max();  // chown: leave as it is

enum class Durability { data, all };

bool misaligned(std::uint64_t value) { return value % io::kDirectAlignment != 0; }

/// What the kernel does when somebody without privileges changes the content or the owner.
void drop_set_ids(Metadata& metadata) {
  metadata.mode &= ~kSetUid;
  if ((metadata.mode & kGroupExecute) != 0) metadata.mode &= ~kSetGid;
}

class MemoryFile final : public io::File {
 public:
  MemoryFile(std::shared_ptr<DiskState> disk, InodePtr inode, std::filesystem::path path,
             OpenMode mode)
      : disk_{std::move(disk)},
        inode_{std::move(inode)},
        path_{std::move(path)},
        disk_path_{("/" / path_).lexically_normal()},
        mode_{mode},
        id_{disk_->next_open_file++},
        epoch_{disk_->epoch} {
    disk_->opened(*inode_);
    if (mode_ == OpenMode::device) inode_->exclusive_holder = id_;
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() override {
    const std::lock_guard lock{disk_->mutex};
    release();
  }

  const std::filesystem::path& path() const override { return path_; }

  Result<std::size_t> read_at(std::span<std::byte> buffer, std::uint64_t offset_bytes) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return {.error = error};
    if (inode_->kind == FileKind::directory) return {.error = EISDIR};
    if (!inode_->has_data()) return {.error = ESPIPE};
    if (mode_ == OpenMode::write_direct) return {.error = EBADF};
    const bool direct = mode_ == OpenMode::read_direct;
    const auto address = reinterpret_cast<std::uintptr_t>(buffer.data());
    const bool refused = disk_->settings.direct_io == DirectIo::refused_when_used;
    if (direct &&
        (refused || misaligned(address) || misaligned(buffer.size()) || misaligned(offset_bytes))) {
      return {.error = EINVAL};
    }
    const std::uint64_t size = inode_->data.size_bytes();
    if (offset_bytes >= size) return {.value = 0};
    const auto part = buffer.first(std::min<std::uint64_t>(buffer.size(), size - offset_bytes));
    if (direct) {
      disk_->write_back(*inode_, disk_path_, offset_bytes, part.size());
      inode_->data.peek(View::medium, offset_bytes, part);
    } else {
      inode_->data.read(offset_bytes, part);
    }
    return {.value = part.size()};
  }

  Result<std::size_t> write_at(std::span<const std::byte> data,
                               std::uint64_t offset_bytes) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return {.error = error};
    if (!writable()) return {.error = EBADF};
    if (!inode_->has_data()) return {.error = ESPIPE};
    if (disk_->writing == WriteAccess::refused) return {.error = EROFS};
    if (data.empty()) return {.value = 0};
    const bool direct = mode_ == OpenMode::write_direct;
    const auto address = reinterpret_cast<std::uintptr_t>(data.data());
    const bool refused = disk_->settings.direct_io == DirectIo::refused_when_used;
    if (direct && (refused || misaligned(address) || misaligned(data.size()) || misaligned(offset_bytes))) {
      return {.error = EINVAL};
    }
    const bool device = inode_->kind == FileKind::block_device;
    const std::uint64_t limit = device ? inode_->data.size_bytes() : disk_->settings.max_file_bytes;
    if (offset_bytes >= limit) return {.error = device ? ENOSPC : EFBIG};
    const auto part = data.first(std::min<std::uint64_t>(data.size(), limit - offset_bytes));
    std::size_t written = 0;
    disk_->change_data(*inode_, [&](FileData& pages) { written = pages.write(offset_bytes, part, free_pages()); });
    if (written == 0) return {.error = ENOSPC};
    // To the device, whose own cache a power cut still takes.
    if (direct) disk_->write_back(*inode_, disk_path_, offset_bytes, written);
    changed_content();
    return {.value = written};
  }

  int sync_data() override { return sync(Durability::data); }
  int sync_all() override { return sync(Durability::all); }

  int truncate(std::uint64_t size_bytes) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return error;
    if (!writable() || inode_->kind != FileKind::regular) return EINVAL;
    if (disk_->writing == WriteAccess::refused) return EROFS;
    if (size_bytes > disk_->settings.max_file_bytes) return EFBIG;
    disk_->change_data(*inode_, [&](FileData& pages) { pages.truncate(size_bytes); });
    changed_content();
    return 0;
  }

  /// What it holds counts when it is written: this disk has no blocks without bytes.
  int allocate(io::Extent extent) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return error;
    if (!writable()) return EBADF;
    if (inode_->kind != FileKind::regular) return ENODEV;
    if (disk_->writing == WriteAccess::refused) return EROFS;
    return extent.length_bytes == 0 ? EINVAL : 0;
  }

  int clone_from(io::File& source) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return error;
    const auto* const from = dynamic_cast<const MemoryFile*>(&source);
    if (from == nullptr || from->disk_ != disk_) return EXDEV;
    if (!from->open_ || from->mode_ == OpenMode::attributes) return EBADF;
    if (!disk_->settings.can_clone) return EOPNOTSUPP;
    if (!writable()) return EBADF;
    for (const FileKind kind : {inode_->kind, from->inode_->kind}) {
      if (kind != FileKind::regular) return kind == FileKind::directory ? EISDIR : EINVAL;
    }
    if (disk_->writing == WriteAccess::refused) return EROFS;
    FileData& theirs = from->inode_->data;
    if (!inode_->data.can_clone(theirs)) return EINVAL;
    // The source's pages must be on the medium to be shared; they are not durable by that.
    disk_->write_back(*from->inode_, from->disk_path_, 0, theirs.size_bytes());
    disk_->change_data(*inode_, [&](FileData& data) { data.clone(theirs); });
    changed_content();
    return 0;
  }

  Result<std::uint64_t> seek_data(std::uint64_t offset_bytes) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = seekable(call, offset_bytes)) return {.error = error};
    const auto found = disk_->settings.has_holes ? inode_->data.next_data(offset_bytes) : offset_bytes;
    if (!found) return {.error = ENXIO};
    return {.value = *found};
  }

  Result<std::uint64_t> seek_hole(std::uint64_t offset_bytes) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = seekable(call, offset_bytes)) return {.error = error};
    const FileData& data = inode_->data;
    return {.value = disk_->settings.has_holes ? data.next_hole(offset_bytes) : data.size_bytes()};
  }

  int punch_hole(io::Extent extent) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return error;
    if (extent.length_bytes == 0) return EINVAL;
    if (!writable()) return EBADF;
    if (inode_->kind != FileKind::regular) return ESPIPE;
    if (disk_->writing == WriteAccess::refused) return EROFS;
    if (!disk_->settings.has_holes) return EOPNOTSUPP;
    disk_->change_data(*inode_, [&](FileData& data) { data.punch_hole(extent.offset_bytes, extent.length_bytes); });
    changed_content();
    return 0;
  }

  Result<io::Stat> stat() override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = usable(call)) return {.error = error};
    return {.value = disk_->stat_of(*inode_)};
  }

  Result<std::uint64_t> device_size() override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return {.error = error};
    if (inode_->kind != FileKind::block_device) return {.error = ENOTTY};
    return {.value = inode_->data.size_bytes()};
  }

  Result<std::uint64_t> device_sequence() override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return {.error = error};
    const bool tells = inode_->kind == FileKind::block_device && disk_->settings.disk_sequences;
    if (!tells) return {.error = ENOTTY};
    return {.value = inode_->serial};
  }

  int try_lock() override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return error;
    if (inode_->lock_holder != 0 && inode_->lock_holder != id_) return EWOULDBLOCK;
    if (inode_->lock_sharers.size() > inode_->lock_sharers.count(id_)) return EWOULDBLOCK;
    inode_->lock_sharers.erase(id_);
    inode_->lock_holder = id_;
    return 0;
  }

  int try_share() override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return error;
    if (inode_->lock_holder != 0 && inode_->lock_holder != id_) return EWOULDBLOCK;
    inode_->lock_holder = 0;
    inode_->lock_sharers.insert(id_);
    return 0;
  }

  int drop_cache(io::Extent extent) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return error;
    if (!inode_->has_data()) return ESPIPE;
    disk_->change_data(*inode_, [&](FileData& pages) { pages.drop_clean(extent.offset_bytes, extent.length_bytes); });
    return 0;
  }

  Result<bool> is_cached(io::Extent extent) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return {.error = error};
    if (inode_->kind != FileKind::regular) return {.error = ENODEV};
    return {.value = inode_->data.is_cached(extent.offset_bytes, extent.length_bytes)};
  }

  Result<bool> is_dirty() override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return {.error = error};
    return {.value = inode_->data.dirty()};
  }

  int expect_random() override {
    const CountedCall call{*disk_, epoch_};
    return opened(call);
  }

  int set_owner(io::Owner owner) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = usable(call)) return error;
    if (disk_->writing == WriteAccess::refused) return EROFS;
    Metadata& metadata = inode_->metadata;
    if (owner.uid == kKeep) owner.uid = metadata.owner.uid;
    if (owner.gid == kKeep) owner.gid = metadata.owner.gid;
    const DiskSettings& settings = disk_->settings;
    const bool same = owner.uid == metadata.owner.uid && owner.gid == metadata.owner.gid;
    if (!same && !settings.has_owners) return EPERM;
    const bool own_group = same || owner.gid == settings.group;
    const bool allowed = is_owner() && owner.uid == metadata.owner.uid && own_group;
    if (settings.user != 0 && !allowed) return EPERM;
    metadata.owner = owner;
    metadata.ctime_ns = disk_->clock_ns;
    if (inode_->kind != FileKind::directory) drop_set_ids(metadata);
    return 0;
  }

  int set_mode(std::uint32_t mode) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = usable(call)) return error;
    if (disk_->writing == WriteAccess::refused) return EROFS;
    if (inode_->kind == FileKind::symlink) return EOPNOTSUPP;
    if (!is_owner()) return EPERM;
    if (disk_->settings.has_owners)
      inode_->metadata.mode = mode & 07777U;  // else ignored, as vfat does
    inode_->metadata.ctime_ns = disk_->clock_ns;
    return 0;
  }

  int set_times(io::Times times) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = usable(call)) return error;
    if (disk_->writing == WriteAccess::refused) return EROFS;
    if (!is_owner() && disk_->settings.has_owners) return EPERM;
    inode_->metadata.atime_ns = times.atime_ns;
    inode_->metadata.mtime_ns = times.mtime_ns;
    inode_->metadata.ctime_ns = disk_->clock_ns;
    return 0;
  }

  Result<std::vector<std::string>> xattr_names() override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = usable(call)) return {.value = {}, .error = error};
    if (!disk_->settings.has_owners) return {.value = {}, .error = ENOTSUP};
    std::vector<std::string> names;
    for (const auto& [name, value] : inode_->metadata.xattrs) names.push_back(name);
    return {.value = std::move(names)};
  }

  Result<std::vector<std::byte>> xattr(const std::string& name) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = usable(call)) return {.value = {}, .error = error};
    if (!disk_->settings.has_owners) return {.value = {}, .error = ENOTSUP};
    const auto found = inode_->metadata.xattrs.find(name);
    if (found == inode_->metadata.xattrs.end()) return {.value = {}, .error = ENODATA};
    return {.value = {found->second.begin(), found->second.end()}};
  }

  int set_xattr(const std::string& name, std::span<const std::byte> value) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = may_change_xattrs(call, name)) return error;
    inode_->metadata.xattrs[name] = Bytes{value};
    inode_->metadata.ctime_ns = disk_->clock_ns;
    return 0;
  }

  int remove_xattr(const std::string& name) override {
    const CountedCall call{*disk_, epoch_};
    if (const int error = may_change_xattrs(call, name)) return error;
    if (inode_->metadata.xattrs.erase(name) == 0) return ENODATA;
    inode_->metadata.ctime_ns = disk_->clock_ns;
    return 0;
  }

  int close() override {
    const CountedCall call{*disk_, epoch_};
    const int error = usable(call);
    release();
    return error;
  }

 private:
  [[nodiscard]] int may_change_xattrs(const CountedCall& call, const std::string& name) const {
    if (const int error = usable(call)) return error;
    if (disk_->writing == WriteAccess::refused) return EROFS;
    if (!disk_->settings.has_owners) return ENOTSUP;
    // xattr(7): the user's own are for files and directories only.
    const bool holds = inode_->kind == FileKind::regular || inode_->kind == FileKind::directory;
    return is_owner() && (holds || !name.starts_with("user.")) ? 0 : EPERM;
  }

  [[nodiscard]] int usable(const CountedCall& call) const {
    if (!open_) return EBADF;
    return call.error();
  }

  /// For what cannot be done to a file that was only found.
  [[nodiscard]] int opened(const CountedCall& call) const {
    return open_ && mode_ == OpenMode::attributes ? EBADF : usable(call);
  }

  [[nodiscard]] int seekable(const CountedCall& call, std::uint64_t offset_bytes) const {
    if (const int error = opened(call)) return error;
    if (inode_->kind != FileKind::regular) return ESPIPE;
    return offset_bytes >= inode_->data.size_bytes() ? ENXIO : 0;
  }

  [[nodiscard]] bool writable() const {
    return mode_ == OpenMode::partial || mode_ == OpenMode::create_partial || mode_ == OpenMode::device ||
           mode_ == OpenMode::write_direct;
  }

  [[nodiscard]] bool is_owner() const {
    const std::uint32_t user = disk_->settings.user;
    return user == 0 || user == inode_->metadata.owner.uid;
  }

  [[nodiscard]] std::uint64_t free_pages() const {
    if (inode_->kind == FileKind::block_device) return std::numeric_limits<std::uint64_t>::max();
    // Within change_data() the pages of this file are not counted; they are no free space.
    const std::uint64_t own = inode_->data.stored_pages();
    const std::uint64_t others_free = disk_->free_pages();
    return others_free > own ? others_free - own : 0;
  }

  void changed_content() {
    disk_->touch_content(*inode_);
    if (disk_->settings.user != 0) drop_set_ids(inode_->metadata);
  }

  [[nodiscard]] int sync(Durability durability) {
    const CountedCall call{*disk_, epoch_};
    if (const int error = opened(call)) return error;
    if (inode_->kind == FileKind::directory) return disk_->sync_directory(*inode_);
    if (!inode_->has_data()) return EINVAL;
    if (const int error = disk_->sync_file(*inode_, disk_path_)) return error;
    if (durability == Durability::all) inode_->durable_metadata = inode_->metadata;
    return 0;
  }

  void release() {
    if (!open_) return;
    open_ = false;
    if (epoch_ != disk_->epoch) return;  // the machine that had it open is gone
    if (inode_->lock_holder == id_) inode_->lock_holder = 0;
    inode_->lock_sharers.erase(id_);
    if (inode_->exclusive_holder == id_) inode_->exclusive_holder = 0;
    disk_->closed(inode_);
    inode_.reset();  // a number is given anew only when nothing holds its last owner
  }

  std::shared_ptr<DiskState> disk_;
  InodePtr inode_;
  std::filesystem::path path_;
  std::filesystem::path disk_path_;
  OpenMode mode_;
  std::uint64_t id_;
  std::uint64_t epoch_;
  bool open_ = true;
};

}  // namespace

std::unique_ptr<io::File> open_memory_file(std::shared_ptr<DiskState> disk, InodePtr inode,
                                           std::filesystem::path path, io::OpenMode mode) {
  return std::make_unique<MemoryFile>(std::move(disk), std::move(inode), std::move(path), mode);
}

}  // namespace rcopy::test
