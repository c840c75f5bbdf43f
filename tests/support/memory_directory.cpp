// SPDX-License-Identifier: MIT
//
// The errnos are those of Linux on ext4; the contract tests in tests/unit/io hold both to them.
#include "support/memory_handles.hpp"

#include <cerrno>
#include <utility>

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
  MemoryDirectory(std::shared_ptr<DiskState> disk, InodePtr inode, std::filesystem::path path, io::DirectoryUse use)
      : disk_{std::move(disk)},
        inode_{std::move(inode)},
        path_{std::move(path)},
        use_{use},
        epoch_{disk_->epoch},
        errors_told_{disk_->write_back_errors} {
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

  Result<std::unique_ptr<io::Directory>> open_directory(const io::Name& name, io::DirectoryUse use) override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return {.value = nullptr, .error = call.error()};
    const auto found = looked_up(name);
    if (found.error != 0) return {.value = nullptr, .error = found.error};
    if (found.value->kind != FileKind::directory) return {.value = nullptr, .error = ENOTDIR};
    const bool listed = use == io::DirectoryUse::change_names;
    if (listed && !disk_->may(*found.value, Access::read)) return {.value = nullptr, .error = EACCES};
    return {.value = open_memory_directory(disk_, found.value, name == "." ? path_ : path_ / name, use)};
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
    return call.error() != 0 ? call.error() : renamed(from, to);
  }

  int rename_new(const io::Name& from, const io::Name& to) override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return call.error();
    return named(to) ? EEXIST : renamed(from, to);
  }

  int link(const io::Name& from, io::Directory& to_directory, const io::Name& to) override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return call.error();
    const auto* const there = dynamic_cast<const MemoryDirectory*>(&to_directory);
    if (there == nullptr || there->disk_ != disk_) return EXDEV;
    if (there->epoch_ != disk_->epoch) return EIO;
    const auto found = looked_up(from);
    if (found.error != 0) return found.error;
    if (const int error = there->new_name_error(to)) return error;
    if (found.value->kind == FileKind::directory || !disk_->settings.has_links) return EPERM;
    disk_->add_name(there->inode_, to.native(), found.value);
    return 0;
  }

  int make_directory(const io::Name& name, std::uint32_t mode) override {
    constexpr std::uint32_t kOfDirectories = 01777;
    const CountedCall call{*disk_, epoch_};
    return made(call, name, {.kind = FileKind::directory, .mode = mode & kOfDirectories}).error;
  }

  int make_symlink(const std::filesystem::path& target, const io::Name& name) override {
    constexpr std::size_t kPathMax = 4096;
    const CountedCall call{*disk_, epoch_};
    if (call.error() == 0 && target.empty()) return ENOENT;
    if (call.error() == 0 && target.native().size() >= kPathMax) return ENAMETOOLONG;
    const auto link = made(call, name, {.kind = FileKind::symlink});
    if (link.error == 0) link.value->link_target = target.native();
    return link.error;
  }

  int make_node(const io::Name& name, const io::Node& node) override {
    const CountedCall call{*disk_, epoch_};
    const auto found = made(call, name, node);
    const bool device = node.kind == FileKind::block_device || node.kind == FileKind::character_device;
    if (found.error == 0 && device) found.value->rdev = node.rdev;
    return found.error;
  }

  Result<std::filesystem::path> read_link(const io::Name& name) override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return {.value = {}, .error = call.error()};
    const auto found = looked_up(name);
    if (found.error != 0) return {.value = {}, .error = found.error};
    if (found.value->kind != FileKind::symlink) return {.value = {}, .error = EINVAL};
    return {.value = found.value->link_target};
  }

  Result<std::vector<io::Entry>> entries() override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return {.value = {}, .error = call.error()};
    for (const Access access : {Access::execute, Access::read}) {
      if (!disk_->may(*inode_, access)) return {.value = {}, .error = EACCES};
    }
    std::vector<io::Entry> found;
    for (const auto& [name, inode] : inode_->names) {
      found.push_back({.name = name, .inode = inode->number, .kind = inode->kind});
    }
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
    if (use_ == io::DirectoryUse::look_up) return EBADF;
    return disk_->sync_directory(*inode_);
  }

  int sync_file_system() override {
    const CountedCall call{*disk_, epoch_};
    if (call.error() != 0) return call.error();
    if (use_ == io::DirectoryUse::look_up) return EBADF;
    if (!disk_->settings.syncs_whole) return 0;
    const int error = disk_->sync_everything();
    const bool told = std::exchange(errors_told_, disk_->write_back_errors) == disk_->write_back_errors;
    return error == 0 && !told ? disk_->last_write_back_error : error;
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
                      .syncs_whole = settings.syncs_whole,
                      .boot = disk_->epoch}};
  }

 private:
  [[nodiscard]] InodePtr named(const io::Name& name) const {
    const auto found = inode_->names.find(name.native());
    return found == inode_->names.end() ? nullptr : found->second;
  }

  [[nodiscard]] int renamed(const io::Name& from, const io::Name& to) {
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

  /// What is there, "." included, or why nothing is.
  [[nodiscard]] Result<InodePtr> looked_up(const io::Name& name) const {
    if (const int error = check_name(name)) return {.value = nullptr, .error = error};
    if (!disk_->may(*inode_, Access::execute)) return {.value = nullptr, .error = EACCES};
    const InodePtr inode = name == "." ? inode_ : named(name);
    return {.value = inode, .error = inode ? 0 : ENOENT};
  }

  /// Why nothing of this name can be made, in the order in which the kernel finds out.
  [[nodiscard]] int new_name_error(const io::Name& name) const {
    const auto found = looked_up(name);
    if (found.error != ENOENT || name.empty()) return found.error == 0 ? EEXIST : found.error;
    if (inode_->links == 0) return ENOENT;  // the directory was removed
    if (disk_->writing == WriteAccess::refused) return EROFS;
    return disk_->may(*inode_, Access::write) ? 0 : EACCES;
  }

  [[nodiscard]] Result<InodePtr> created(const io::Name& name) {
    constexpr std::uint32_t kPrivate = 0600;
    if (const int error = new_name_error(name)) return {.value = nullptr, .error = error};
    return {.value = disk_->make(inode_, name.native(), FileKind::regular, kPrivate & ~disk_->settings.umask)};
  }

  /// A directory, symlink or node, of the mode that the kernel gives it.
  [[nodiscard]] Result<InodePtr> made(const CountedCall& call, const io::Name& name, const io::Node& node) {
    if (call.error() != 0) return {.value = nullptr, .error = call.error()};
    if (const int error = new_name_error(name)) return {.value = nullptr, .error = error};
    const bool device = node.kind == FileKind::block_device || node.kind == FileKind::character_device;
    const bool known = node.kind == FileKind::directory || disk_->settings.has_owners;
    if (!known || (device && disk_->settings.user != 0)) return {.value = nullptr, .error = EPERM};
    constexpr std::uint32_t kOfSymlinks = 0777;
    const std::uint32_t mode = node.kind == FileKind::symlink ? kOfSymlinks : node.mode & ~disk_->settings.umask;
    return {.value = disk_->make(inode_, name.native(), node.kind, mode)};
  }

  [[nodiscard]] Result<InodePtr> existing(const io::Name& name, OpenMode mode) const {
    const auto found = looked_up(name);
    const int error = found.error != 0 ? found.error : open_error(*found.value, mode);
    return {.value = error == 0 ? found.value : nullptr, .error = error};
  }

  [[nodiscard]] int open_error(const Inode& inode, OpenMode mode) const {
    if (mode == OpenMode::attributes) return 0;
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
  io::DirectoryUse use_;
  std::uint64_t epoch_;
  std::uint64_t errors_told_;  ///< of the disk's write-back errors, by sync_file_system()
};

}  // namespace

std::unique_ptr<io::Directory> open_memory_directory(std::shared_ptr<DiskState> disk, InodePtr inode,
                                                     std::filesystem::path path, io::DirectoryUse use) {
  return std::make_unique<MemoryDirectory>(std::move(disk), std::move(inode), std::move(path), use);
}

}  // namespace rcopy::test
