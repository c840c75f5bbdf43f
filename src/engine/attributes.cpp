// SPDX-License-Identifier: MIT
//
// Owner before mode and extended attributes, because a change of owner clears set-id bits and capabilities;
// the ACL after the mode, which it refines; times last. A set-id bit only goes to the owner it was meant for.
#include "engine/attributes.hpp"

#include "engine/identity.hpp"

#include <algorithm>
#include <cerrno>

namespace rcopy::engine {
namespace {

constexpr std::uint32_t kPermissionBits = 0777;
constexpr std::uint32_t kUsualMode = 0666;
constexpr std::uint32_t kSticky = 01000;
constexpr std::uint32_t kSetGroup = 02000;  // a directory inherits it
constexpr const char* kAcl = "system.posix_acl_access";
constexpr const char* kDefaultAcl = "system.posix_acl_default";  // what new files in a directory get

/// What a system without the attribute, or a user without the right, answers.
bool not_permitted(int error) { return error == EPERM || error == EINVAL || error == ENOTSUP || error == ENOSYS; }

/// Nor does one with no room for it.
bool not_possible(int error) {
  return not_permitted(error) || error == EACCES || error == ENOSPC || error == EDQUOT || error == E2BIG ||
         error == ERANGE;
}

constexpr const char* kCapability = "security.capability";

/// Those of other attributes, of security modules, and of the file system itself stay where they are.
bool is_content(const std::string& xattr) {
  return xattr.starts_with("user.") || xattr.starts_with("trusted.") || xattr == kCapability;
}

std::vector<std::string> content_xattrs(std::vector<std::string> names) {
  std::erase_if(names, [](const std::string& name) { return !is_content(name); });
  std::ranges::sort(names);
  return names;
}

/// What is there already, where its inode would have stayed in cp; as far as it may be read.
std::unique_ptr<io::File> open_replaced(const Place& place, const Options& options) {
  if (place.writing == Writing::in_place || makes_new_file(options)) return nullptr;
  auto opened = place.directory->open(place.name, io::OpenMode::read_back);
  return opened.error == 0 ? std::move(opened.value) : nullptr;
}

/// Whether the file belongs to `owner` afterwards. The group is tried alone where both are not
/// permitted, as cp does.
bool set_owner(io::File& file, io::Owner owner) {
  const io::Stat now = io::stat(file);
  if (now.uid == owner.uid && now.gid == owner.gid) return true;
  int error = file.set_owner(owner);
  if (error == 0) return true;
  if (!not_permitted(error)) io::fail("set the owner of", file.path(), error);
  error = file.set_owner({.uid = now.uid, .gid = owner.gid});
  if (error != 0 && !not_permitted(error)) io::fail("set the group of", file.path(), error);
  return false;
}

/// Sets attributes on one file and says what could not be set.
class Setter {
 public:
  Setter(io::File& copy, const Place& place, const Source& source, EventSink& events)
      : copy_{copy}, place_{place}, source_{source}, events_{events} {}

  void apply(const Options& options, const io::FileSystem& fs) {
    const Attributes& wanted = options.attributes;
    const auto found = place_.in_new_directory ? std::nullopt : io::find(*place_.directory, place_.name);
    const bool directory = source_.stat.kind == io::FileKind::directory;  // which is never replaced
    const bool replaces = found && (directory || !makes_new_file(options));
    const auto replaced = replaces ? open_replaced(place_, options) : nullptr;
    const bool stays = found && same_file(*found, io::stat(copy_));  // in place, or up to date: it keeps what it has

    bool owned = true;
    if (wanted.ownership == Ownership::preserve) owned = own(source_.stat, fs, Asked::yes);
    else if (replaces && !stays) owned = own(*found, fs, Asked::no);
    if (replaced && !stays) pass_on(*replaced);
    if (wanted.xattrs != Xattrs::like_cp) {
      names_ = io::xattr_names(*source_.file);
      for (const std::string& name : content_xattrs(*names_)) copy_xattr(*source_.file, name, wanted.xattrs);
    }

    if (wanted.mode == Mode::preserve) {
      mode(kept_mode(), owned, Asked::yes);
      set_acl(kAcl, source_acl(kAcl), Asked::yes);
      if (source_.stat.kind == io::FileKind::directory) set_acl(kDefaultAcl, source_acl(kDefaultAcl), Asked::yes);
    } else if (replaces) {
      // As the kernel does when somebody else than root writes to a file.
      if (!stays) mode(fs.user() == 0 ? found->mode : found->mode & kPermissionBits, owned, Asked::no);
      if (replaced && !stays) pass_on_acl(*replaced);
    } else {
      mode(new_mode(wanted) & ~fs.umask(), owned, Asked::no);
    }
    if (wanted.timestamps == Timestamps::preserve) {
      const io::Times times{.atime_ns = source_.stat.atime_ns, .mtime_ns = source_.stat.mtime_ns};
      unless_set(copy_.set_times(times), "times", Asked::yes);
    }
  }

 private:
  enum class Asked { no, yes };

  bool own(const io::Stat& as, const io::FileSystem& fs, Asked asked) {
    const bool owned = set_owner(copy_, {.uid = as.uid, .gid = as.gid});
    // As in cp: only the superuser, who could have expected it to work, hears about it.
    if (!owned && fs.user() == 0) unless_set(EPERM, "owner", asked);
    return owned;
  }

  /// As in cp, a directory keeps those special bits that it inherited, where the source has none.
  [[nodiscard]] std::uint32_t kept_mode() const {
    const std::uint32_t from = source_.stat.mode;
    const bool inherits = source_.stat.kind == io::FileKind::directory && (from & ~kPermissionBits) == 0;
    return inherits ? from | (io::stat(copy_).mode & ~kPermissionBits) : from;
  }

  /// Before the umask: as mkdir(2), mknod(2) and open(2) leave it in cp.
  [[nodiscard]] std::uint32_t new_mode(const Attributes& wanted) const {
    const io::Stat& from = source_.stat;
    const bool usual = wanted.mode == Mode::usual;
    const std::uint32_t special = from.mode & ~kPermissionBits;
    switch (from.kind) {
      case io::FileKind::directory:
        return (usual ? kPermissionBits : from.mode & kPermissionBits) | (special & kSticky) |
               (io::stat(copy_).mode & kSetGroup);
      case io::FileKind::socket: return usual ? special | kPermissionBits : from.mode;
      case io::FileKind::fifo:
      case io::FileKind::character_device: return usual ? special | kUsualMode : from.mode;
      default: return usual ? kUsualMode : from.mode & kPermissionBits;
    }
  }

  void mode(std::uint32_t bits, bool owned, Asked asked) {
    if (source_.stat.kind == io::FileKind::symlink) return;  // which has none of its own
    unless_set(copy_.set_mode(owned ? bits : bits & kPermissionBits), "mode", asked);
  }

  /// Nothing where there is none, which the list of all names tells without another call.
  std::optional<std::vector<std::byte>> source_acl(const char* which) {
    if (names_ && std::ranges::find(*names_, which) == names_->end()) return std::nullopt;
    return io::xattr(*source_.file, which);
  }

  /// None, too: a directory may have passed one on to a new file.
  void set_acl(const char* which, const std::optional<std::vector<std::byte>>& acl, Asked asked) {
    if (source_.stat.kind == io::FileKind::symlink) return;
    const bool may_have_one = !place_.in_new_directory || place_.gets_acl;
    if (acl) unless_set(copy_.set_xattr(which, *acl), "ACL", asked);
    else if (may_have_one && io::xattr(copy_, which)) unless_set(copy_.remove_xattr(which), "ACL", asked);
  }

  /// What is replaced may not be readable in every respect, which is no reason not to replace it. Its
  /// capabilities were its content's: the kernel drops them when a file is written.
  void pass_on(io::File& replaced) {
    try {
      for (const std::string& name : content_xattrs(io::xattr_names(replaced))) {
        if (name != kCapability) copy_xattr(replaced, name, Xattrs::possible);
      }
    } catch (const Error& error) {
      if (io::is_transient(error.info().os_error)) throw;
    }
  }

  void pass_on_acl(io::File& replaced) {
    try {
      set_acl(kAcl, io::xattr(replaced, kAcl), Asked::no);
    } catch (const Error& error) {
      if (io::is_transient(error.info().os_error)) throw;
    }
  }

  void copy_xattr(io::File& from, const std::string& name, Xattrs how) {
    const auto value = io::xattr(from, name);
    const int error = value ? set_xattr(name, *value) : 0;
    if (error == 0 || (how == Xattrs::possible && not_possible(error))) return;
    // No room for an attribute is not a full disk.
    throw Error{{.code = ErrorCode::io,
                 .operation = "set the extended attribute '" + name + "' of",
                 .path = place_.path(),
                 .os_error = error}};
  }

  /// The owner of a file that is read-only already may not, unless it is writable for a moment.
  int set_xattr(const std::string& name, const std::vector<std::byte>& value) {
    constexpr std::uint32_t kOwnerWrites = 0200;
    int error = copy_.set_xattr(name, value);
    const std::uint32_t bits = io::stat(copy_).mode;
    if (error != EACCES || (bits & kOwnerWrites) != 0 || copy_.set_mode(bits | kOwnerWrites) != 0) return error;
    error = copy_.set_xattr(name, value);
    unless_set(copy_.set_mode(bits), "mode", Asked::yes);
    return error;
  }

  void unless_set(int error, const char* what, Asked asked) {
    if (error == 0) return;
    const std::string operation = std::string{"set the "} + what + " of";
    if (!not_permitted(error)) io::fail(operation.c_str(), copy_.path(), error);
    // A FAT stick has no modes; who did not ask to preserve them did not expect any.
    if (asked == Asked::no && !place_.fs.has_owners) return;
    const std::string text = std::string{"cannot preserve the "} + what + ": not permitted; the copy goes on without";
    if (asked == Asked::yes) events_.attribute_lost(place_.path(), text);
    else events_.warn_once(place_.path(), text);
  }

  io::File& copy_;
  const Place& place_;
  const Source& source_;
  EventSink& events_;
  std::optional<std::vector<std::string>> names_;  ///< of all extended attributes of the source, once they were listed
};

/// Whether all that is to be copied of `from` is there in `to`, with the same values.
bool has_xattrs(io::File& to, io::File& from) {
  return std::ranges::all_of(content_xattrs(io::xattr_names(from)),
                             [&](const std::string& name) { return io::xattr(to, name) == io::xattr(from, name); });
}

}  // namespace

bool has_default_acl(io::Directory& directory) {
  auto opened = directory.open(".", io::OpenMode::read_back);
  return opened.error != 0 || io::xattr(*opened.value, kDefaultAcl).has_value();
}

void set_attributes(io::FileSystem& fs, io::File& copy, const Place& place, const Source& source,
                    const Options& options, EventSink& events) {
  Setter{copy, place, source, events}.apply(options, fs);
}

io::Stat refresh_attributes(io::FileSystem& fs, const Place& place, const Source& source, const Options& options,
                            EventSink& events) {
  const auto file = io::open(*place.directory, place.name, io::OpenMode::read_back);
  const io::Stat opened = io::stat(*file);
  if (!same_file(opened, *place.existing) || opened.ctime_ns != place.existing->ctime_ns) {
    throw Error{{.code = ErrorCode::io,
                 .operation = "set the attributes of",
                 .path = file->path(),
                 .reason = "another program changed it at this moment"}};
  }
  set_attributes(fs, *file, place, source, options, events);
  io::sync_all(*file);
  return io::stat(*file);
}

bool attributes_differ(const Place& place, const Source& source, const Attributes& wanted) {
  const io::Stat& there = *place.existing;
  const io::Stat& from = source.stat;
  if (wanted.mode == Mode::preserve && there.mode != from.mode) return true;
  if (wanted.timestamps == Timestamps::preserve && there.mtime_ns != from.mtime_ns) return true;
  if (wanted.ownership == Ownership::preserve && (there.uid != from.uid || there.gid != from.gid)) return true;
  if (wanted.mode != Mode::preserve && wanted.xattrs == Xattrs::like_cp) return false;
  auto opened = place.directory->open(place.name, io::OpenMode::read_back);
  if (opened.error != 0) return false;  // what may not be read is not refreshed either
  if (wanted.mode == Mode::preserve && io::xattr(*opened.value, kAcl) != io::xattr(*source.file, kAcl)) return true;
  return wanted.xattrs != Xattrs::like_cp && !has_xattrs(*opened.value, *source.file);
}

}  // namespace rcopy::engine
