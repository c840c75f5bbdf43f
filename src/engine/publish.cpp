// SPDX-License-Identifier: MIT
//
// Owner before mode, because a change of owner clears the set-id bits; times last. A set-id bit
// only goes to the owner it was meant for.
#include "engine/publish.hpp"

#include "engine/identity.hpp"

#include <cerrno>

namespace rcopy::engine {
namespace {

constexpr std::uint32_t kPermissionBits = 0777;

/// The attributes to end with; no owner or no times means: as the new file has them.
struct FinalAttributes {
  std::optional<io::Owner> owner;
  std::uint32_t mode = 0;
  std::optional<io::Times> times;
};

FinalAttributes wanted_attributes(io::FileSystem& fs, const Place& place, const Source& source, Attributes attributes) {
  const io::Stat& from = source.stat;
  if (attributes == Attributes::preserve) {
    return {.owner = io::Owner{.uid = from.uid, .gid = from.gid},
            .mode = from.mode,
            .times = io::Times{.atime_ns = from.atime_ns, .mtime_ns = from.mtime_ns}};
  }
  if (const auto existing = io::find(*place.directory, place.name)) {
    // As the kernel does when somebody else than root writes to a file.
    const std::uint32_t mode = fs.user() == 0 ? existing->mode : existing->mode & kPermissionBits;
    return {.owner = io::Owner{.uid = existing->uid, .gid = existing->gid}, .mode = mode, .times = {}};
  }
  return {.owner = {}, .mode = from.mode & kPermissionBits & ~fs.umask(), .times = {}};
}

/// What a system without the attribute, or a user without the right, answers.
bool not_permitted(int error) { return error == EPERM || error == EINVAL || error == ENOTSUP || error == ENOSYS; }

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
  Setter(io::File& file, const io::FsInfo& fs, Attributes attributes, EventSink& events)
      : file_{file}, fs_{fs}, attributes_{attributes}, events_{events} {}

  void apply(const FinalAttributes& wanted, std::uint32_t user) {
    const bool owned = !wanted.owner || set_owner(file_, *wanted.owner);
    // As in cp: only the superuser, who could have expected it to work, hears about it.
    if (!owned && user == 0) unless_set(EPERM, "owner");
    unless_set(file_.set_mode(owned ? wanted.mode : wanted.mode & kPermissionBits), "mode");
    if (wanted.times) unless_set(file_.set_times(*wanted.times), "times");
  }

 private:
  void unless_set(int error, const char* what) {
    if (error == 0) return;
    const std::string operation = std::string{"set the "} + what + " of";
    if (!not_permitted(error)) io::fail(operation.c_str(), file_.path(), error);
    // A FAT stick has no modes; who did not ask to preserve them did not expect any.
    if (attributes_ == Attributes::like_cp && !fs_.has_owners) return;
    events_.emit(Warning{.path = file_.path(), .text = std::string{"cannot preserve the "} + what + ": not permitted"});
  }

  io::File& file_;
  const io::FsInfo& fs_;
  Attributes attributes_;
  EventSink& events_;
};

}  // namespace

void publish(io::FileSystem& fs, const Place& place, Partial& partial, const Source& source, Attributes attributes,
             EventSink& events) {
  const bool in_place = place.writing == Writing::in_place;
  // In place it has the attributes it had, and those of a device's node are none of the copy's.
  const bool set = !in_place || (attributes == Attributes::preserve && !is_device(io::stat(partial.file())));
  if (set) {
    const FinalAttributes wanted = wanted_attributes(fs, place, source, attributes);
    Setter{partial.file(), place.fs, attributes, events}.apply(wanted, fs.user());
  }
  io::sync_all(partial.file());
  partial.check_named("publish");
  check_still_there(fs, place);
  if (in_place) return;
  io::rename(*place.directory, place.partial_name, place.name);
  finish_publish(place);
  check_still_there(fs, place);  // success says that the copy is found under its name
}

void finish_publish(const Place& place) { io::sync(*place.directory); }

io::Stat refresh_attributes(io::FileSystem& fs, const Place& place, const Source& source, EventSink& events) {
  const auto file = io::open(*place.directory, place.name, io::OpenMode::read_back);
  const io::Stat opened = io::stat(*file);
  if (!same_file(opened, *place.existing) || opened.ctime_ns != place.existing->ctime_ns) {
    throw Error{{.code = ErrorCode::io,
                 .operation = "set the attributes of",
                 .path = file->path(),
                 .reason = "another program changed it at this moment"}};
  }
  const FinalAttributes wanted = wanted_attributes(fs, place, source, Attributes::preserve);
  Setter{*file, place.fs, Attributes::preserve, events}.apply(wanted, fs.user());
  io::sync_all(*file);
  return io::stat(*file);
}

bool attributes_differ(const io::Stat& destination, const Source& source) {
  return destination.mode != source.stat.mode || destination.mtime_ns != source.stat.mtime_ns ||
         destination.uid != source.stat.uid || destination.gid != source.stat.gid;
}

}  // namespace rcopy::engine
