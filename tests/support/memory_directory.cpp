// SPDX-License-Identifier: MIT
//
// The errnos are those of Linux on ext4; the contract tests in tests/unit/io hold both to them.
#include "support/memory_handles.hpp"

#include <cerrno>

namespace rcopy::test {
namespace {

using io::FileKind;
using io::OpenMode;
using io::Result;

int check_name(const io::Name& name) {
  constexpr std::size_t kNameMax = 255;
  if (name.empty()) return ENOENT;
  if (name.native().find('/') != std::string::npos) return EINVAL;  // the seam forbids it
  return name.native().size() > kNameMax ? ENAMETOOLONG : 0;
}

class MemoryDirectory final : public io::Directory {
 public:
  MemoryDirectory(std::shared_ptr<DiskState> disk, InodePtr inode, std::filesystem::path path)
      : disk_{std::move(disk)},
        inode_{std::move(inode)},
        path_{std::move(path)},
        epoch_{disk_->epoch} {
    disk_->opened(*inode_);
  }
  MemoryDirectory(const MemoryDirectory&) = delete;
  MemoryDirectory& operator=(const MemoryDirectory&) = delete;
  ~MemoryDirectory() override {
    const std::lock_guard lock{disk_->mutex};
    if (epoch_ == disk_->epoch) disk_->closed(inode_);
  }

  const std::filesystem::path& path() const override { return path_; }

  Result<std::unique_ptr<io::File>> open(const io::Name& name, OpenMode mode) override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return {.value = nullptr, .error = call.error()};
    const auto found = mode == OpenMode::create_partial ? created(name) : existing(name, mode);
    if (found.error != 0) return {.value = nullptr, .error = found.error};
    return {.value = open_memory_file(disk_, found.value, path_ / name, mode)};
  }

  Result<io::Stat> stat(const io::Name& name, io::Links links) override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return {.error = call.error()};
    if (const int error = check_name(name)) return {.error = error};
    const Walked walked = disk_->walk(inode_, name, links);
    if (walked.error != 0) return {.error = walked.error};
    return {.value = disk_->stat_of(*walked.inode)};
  }

  int check_writable(const io::Name& name) override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return call.error();
    if (const int error = check_name(name)) return error;
    const Walked walked = disk_->walk(inode_, name, io::Links::follow);
    if (walked.error != 0) return walked.error;
    if (disk_->writing == WriteAccess::refused) return EROFS;
    return disk_->may(*walked.inode, Access::write) ? 0 : EACCES;
  }

  int rename(const io::Name& from, const io::Name& to) override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return call.error();
    for (const io::Name& name : {from, to}) {
      if (const int error = check_name(name)) return error;
    }
    const InodePtr source = named(from);
    const InodePtr target = named(to);
    if (!source) return ENOENT;
    if (source == target) return 0;  // two names of one file: both stay
    for (const InodePtr& inode : {source, target}) {
      if (!inode) continue;
      if (const int error = disk_->may_remove(*inode_, *inode)) return error;
    }
    const bool directory = source->kind == FileKind::directory;
    if (target && directory != (target->kind == FileKind::directory))
      return directory ? ENOTDIR : EISDIR;
    if (target && directory && !target->names.empty()) return ENOTEMPTY;
    disk_->rename(*inode_, from.native(), to.native());
    return 0;
  }

  int rename_new(const io::Name& from, const io::Name& to) override {
    if (named(to)) {
      const CountedCall call{*disk_, epoch_};
      return call.error() != 0 ? call.error() : EEXIST;
    }
    return rename(from, to);
  }

  int link(const io::Name& from, const io::Name& to) override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return call.error();
    for (const io::Name& name : {from, to}) {
      if (const int error = check_name(name)) return error;
    }
    const InodePtr inode = named(from);
    if (!inode) return ENOENT;
    if (inode->kind == FileKind::directory || !disk_->settings.has_links) return EPERM;
    if (named(to)) return EEXIST;
    if (!disk_->may(*inode_, Access::write)) return EACCES;
    if (disk_->writing == WriteAccess::refused) return EROFS;
    disk_->add_name(inode_, to.native(), inode);
    return 0;
  }

  Result<std::vector<io::Name>> names() override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return {.value = {}, .error = call.error()};
    std::vector<io::Name> found;
    for (const auto& [name, inode] : inode_->names) found.emplace_back(name);
    return {.value = std::move(found)};
  }

  int unlink(const io::Name& name) override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return call.error();
    if (const int error = check_name(name)) return error;
    const InodePtr inode = named(name);
    if (!inode) return ENOENT;
    if (const int error = disk_->may_remove(*inode_, *inode)) return error;
    if (inode->kind == FileKind::directory) return EISDIR;
    disk_->remove_name(*inode_, name.native());
    return 0;
  }

  int sync() override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return call.error();
    if (disk_->writing == WriteAccess::refused && !inode_->unsynced_names.empty()) return EROFS;
    disk_->sync_names(*inode_);
    if (disk_->settings.names == NamesDurableBy::any_sync) disk_->sync_all_names(*disk_->root);
    return 0;
  }

  Result<io::FsInfo> file_system() override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return {.error = call.error()};
    const DiskSettings& settings = disk_->settings;
    return {.value = {.available_bytes = disk_->free_pages() * FileData::kPageBytes,
                      .max_file_bytes = settings.max_file_bytes,
                      .stable_inodes = settings.stable_inodes,
                      .has_holes = settings.says_holes,
                      .tells_dirty = true,
                      .allocates_ahead = true,
                      .has_owners = settings.has_owners,
                      .boot = disk_->epoch}};
  }

 private:
  [[nodiscard]] InodePtr named(const io::Name& name) const {
    const auto found = inode_->names.find(name.native());
    return found == inode_->names.end() ? nullptr : found->second;
  }

  [[nodiscard]] Result<InodePtr> created(const io::Name& name) {
    constexpr std::uint32_t kPrivate = 0600;
    if (const int error = check_name(name)) return {.value = nullptr, .error = error};
    if (!disk_->may(*inode_, Access::execute)) return {.value = nullptr, .error = EACCES};
    if (named(name)) return {.value = nullptr, .error = EEXIST};
    if (inode_->links == 0)
      return {.value = nullptr, .error = ENOENT};  // the directory was removed
    if (disk_->writing == WriteAccess::refused) return {.value = nullptr, .error = EROFS};
    if (!disk_->may(*inode_, Access::write)) return {.value = nullptr, .error = EACCES};
    return {.value = disk_->make(inode_, name.native(), FileKind::regular,
                                 kPrivate & ~disk_->settings.umask)};
  }

  [[nodiscard]] Result<InodePtr> existing(const io::Name& name, OpenMode mode) const {
    if (const int error = check_name(name)) return {.value = nullptr, .error = error};
    if (!disk_->may(*inode_, Access::execute)) return {.value = nullptr, .error = EACCES};
    const InodePtr inode = named(name);
    const int error = !inode ? ENOENT : open_error(*inode, mode);
    return {.value = error == 0 ? inode : nullptr, .error = error};
  }

  [[nodiscard]] int open_error(const Inode& inode, OpenMode mode) const {
    const bool for_writing =
        mode == OpenMode::partial || mode == OpenMode::device || mode == OpenMode::write_direct;
    if (inode.kind == FileKind::symlink) return ELOOP;
    if (inode.kind == FileKind::directory && for_writing) return EISDIR;
    if (mode != OpenMode::write_direct && !disk_->may(inode, Access::read)) return EACCES;
    if (for_writing && !disk_->may(inode, Access::write)) return EACCES;
    if (mode == OpenMode::device && inode.exclusive_holder != 0) return EBUSY;
    if (inode.kind == FileKind::socket) return ENXIO;
    if (for_writing && inode.kind == FileKind::regular && disk_->writing == WriteAccess::refused)
      return EROFS;
    const bool refused = disk_->settings.direct_io == DirectIo::refused_by_open || !inode.has_data();
    const bool direct = mode == OpenMode::read_direct || mode == OpenMode::write_direct;
    return direct && refused ? EINVAL : 0;
  }

  std::shared_ptr<DiskState> disk_;
  InodePtr inode_;
  std::filesystem::path path_;
  std::uint64_t epoch_;
};

}  // namespace

std::unique_ptr<io::Directory> open_memory_directory(std::shared_ptr<DiskState> disk,
                                                     InodePtr inode, std::filesystem::path path) {
  return std::make_unique<MemoryDirectory>(std::move(disk), std::move(inode), std::move(path));
}

}  // namespace rcopy::test
