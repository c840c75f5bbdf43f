// SPDX-License-Identifier: MIT
#include "engine/tree_walk.hpp"

#include "base/text.hpp"
#include "engine/attributes.hpp"
#include "engine/identity.hpp"
#include "engine/mount.hpp"
#include "engine/tree_leftovers.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace rcopy::engine {
namespace {

namespace stdfs = std::filesystem;

constexpr std::uint32_t kOwnerAll = 0700;
constexpr std::uint32_t kPermissionBits = 0777;

[[noreturn]] void refuse(const char* operation, const stdfs::path& path, std::string reason, int os_error = 0) {
  throw Error{{.code = ErrorCode::io,
               .operation = operation,
               .path = path,
               .os_error = os_error,
               .reason = std::move(reason)}};
}

std::shared_ptr<const Volume> volume_of(io::FileSystem& fs, io::Directory& directory, std::uint64_t device) {
  return std::make_shared<Volume>(Volume{.device = device,
                                         .handle = io::open_directory(directory, ".", io::DirectoryUse::change_names),
                                         .fs = io::file_system(directory),
                                         .mount = mount_of(fs, directory)});
}

/// Of a directory that is not where `above` is mounted, its own.
std::shared_ptr<const Volume> volume_below(io::FileSystem& fs, io::Directory& directory, const TreeSide& above) {
  const auto found = io::find(directory, ".");
  if (!found || found->device == above.volume().device) return above.shared_volume();
  return volume_of(fs, directory, found->device);
}

/// The owner of a directory that is made, or was made like a source that nobody may write to, must be able to.
void make_usable(const Run& run, io::Directory& above, const io::Name& name, const io::Stat& existing) {
  const bool restored = run.options.attributes.mode == Mode::preserve && existing.uid == run.fs.user();
  if (!restored || (existing.mode & kOwnerAll) == kOwnerAll) return;
  const auto file = io::open(above, name, io::OpenMode::attributes);
  const int error = file->set_mode(existing.mode | kOwnerAll);
  if (error != 0) io::fail("make writable", above.path() / name, error);
}

[[noreturn]] void refuse_kind(const stdfs::path& destination, const stdfs::path& source) {
  refuse("overwrite non-directory", destination, "with directory " + base::quoted(source), ENOTDIR);
}

/// Whether this made it.
Origin make_directory(const Run& run, const TreeDirectory* above, io::Directory& directory, const io::Name& name,
                      const io::Stat& source) {
  const Attributes& wanted = run.options.attributes;
  const bool later = wanted.mode == Mode::preserve || wanted.ownership == Ownership::preserve;
  const std::uint32_t mode = later ? kOwnerAll : (source.mode | kOwnerAll) & kPermissionBits;
  const bool sure = above != nullptr && above->origin() == Origin::made;
  const auto existing = sure ? std::nullopt : io::find(directory, name);
  if (!existing && run.options.execution == Execution::dry) return Origin::made;
  if (!existing && io::make_directory(directory, name, mode)) return Origin::made;
  const auto there = existing ? existing : io::find(directory, name);
  const bool dry = run.options.execution == Execution::dry;
  if (!dry && there && there->kind == io::FileKind::directory) make_usable(run, directory, name, *there);
  return Origin::found;
}

/// The destination's directory, opened. A symlink to one counts where the options say so.
std::shared_ptr<io::Directory> open_destination(const Run& run, io::Directory& above, const io::Name& name,
                                                const stdfs::path& source, Origin origin) {
  // One that was not made has nothing in it: it is not looked at, and the one above stands for it.
  const bool dry = run.options.execution == Execution::dry && origin == Origin::made;
  if (dry) return io::open_directory(above, ".", io::DirectoryUse::change_names);
  const auto there = io::find(above, name);
  const stdfs::path path = name == "." ? above.path() : above.path() / name;
  if (!there) io::fail("open the directory", path, ENOENT);
  if (there->kind == io::FileKind::symlink && run.options.directory_links == DirectoryLinks::follow) {
    const auto target = io::find(run.fs, path, io::Links::follow);
    if (target && target->kind == io::FileKind::directory) {
      return io::open_directory(run.fs, io::resolve(run.fs, path), io::DirectoryUse::change_names);
    }
  }
  if (there->kind != io::FileKind::directory) refuse_kind(path, source);
  return io::open_directory(above, name, io::DirectoryUse::change_names);
}

/// One that may not be read can still be made, with its attributes.
std::shared_ptr<io::Directory> open_source_directory(io::Directory& above, const io::Name& name) {
  auto opened = above.open_directory(name, io::DirectoryUse::change_names);
  if (opened.error == EACCES) return io::open_directory(above, name, io::DirectoryUse::look_up);
  if (opened.error == 0) return std::move(opened.value);
  return io::open_directory(above, name, io::DirectoryUse::change_names);
}

DestinationState state_of(io::Directory& directory, Origin origin, const TreeDirectory* above) {
  const bool plain = origin == Origin::made && above != nullptr && above->new_acl() == NewAcl::none;
  return {.origin = origin, .acl = !plain && has_default_acl(directory) ? NewAcl::inherited : NewAcl::none};
}

void check_not_inside(io::FileSystem& fs, const stdfs::path& given, const io::Stat& source,
                      const stdfs::path& destination, const stdfs::path& parent) {
  for (stdfs::path at = parent;; at = at.parent_path()) {
    const auto found = io::find(fs, at, io::Links::nofollow);
    if (found && same_file(*found, source)) {
      refuse("copy a directory", given, "into itself, " + base::quoted(destination));
    }
    if (!at.has_relative_path()) return;
  }
}

}  // namespace

TreeDirectoryPtr open_tree(const Run& run, const stdfs::path& source, const stdfs::path& destination,
                           FinishedDirectories& finished, journal::TreeCatalog* catalog) {
  io::FileSystem& fs = run.fs;
  const stdfs::path from = io::resolve(fs, source);
  const std::shared_ptr<io::Directory> from_handle = io::open_directory(fs, from, io::DirectoryUse::change_names);
  const auto from_stat = io::find(*from_handle, ".");
  if (!from_stat) io::fail("stat", source, ENOENT);

  stdfs::path text = destination.native();
  while (text.native().size() > 1 && text.native().ends_with('/')) text = text.native().substr(0, text.native().size() - 1);
  io::Name name = text.filename();
  const bool itself = name == "." || name == ".." || text == "/";
  const stdfs::path parent_given = itself ? text : text.has_parent_path() ? text.parent_path() : stdfs::path{"."};
  if (!io::find(fs, parent_given, io::Links::follow)) refuse("create directory", destination, "", ENOENT);
  const stdfs::path parent = io::resolve(fs, parent_given);
  if (itself) name = ".";
  check_not_inside(fs, source, *from_stat, destination, parent);
  const auto above = io::open_directory(fs, parent, io::DirectoryUse::change_names);
  const auto there = io::find(*above, name);
  if (there && same_file(*there, *from_stat)) {
    refuse("copy", source, "it and " + base::quoted(destination) + " are the same file");
  }
  const Origin origin = itself ? Origin::found : make_directory(run, nullptr, *above, name, *from_stat);
  if (origin == Origin::made && run.options.execution == Execution::real) {
    io::sync(*above);  // TreeDirectory::sync_name() knows nothing of it
  }
  const auto to_handle = open_destination(run, *above, name, source, origin);
  const DestinationState state = state_of(*to_handle, origin, nullptr);
  const auto to_stat = io::find(*to_handle, ".");
  if (!to_stat) io::fail("stat", destination, ENOENT);
  auto source_side = std::make_unique<TreeSide>(from_handle, from.filename(), source,
                                                volume_of(fs, *from_handle, from_stat->device));
  auto destination_side =
      std::make_unique<TreeSide>(to_handle, name, text, volume_of(fs, *to_handle, to_stat->device));
  const io::Name shown = destination_name(source);
  const bool nameless = shown == "." || shown == "..";
  const auto forget = run.options.resume == Resume::never ? journal::TreeCatalog::Earlier::forget
                                                          : journal::TreeCatalog::Earlier::keep;
  auto earlier = catalog == nullptr ? journal::TreeCatalog::Tree{} : catalog->begin(from, to_handle->path(), forget);
  return finished.watch(std::make_unique<TreeDirectory>(nullptr, std::move(source_side), std::move(destination_side),
                                                        nameless ? stdfs::path{} : shown, state,
                                                        std::make_shared<TreeJob>(catalog, std::move(earlier))));
}

void TreeWalk::walk(const TreeDirectoryPtr& root) {
  source_root_ = root->source().stat();
  destination_root_ = root->destination().stat();
  enter(root);
}

void TreeWalk::enter(const TreeDirectoryPtr& directory) {
  ++depth_;
  for (const Child& child : put_files(directory)) {
    if (parts_.run.stop.stop_requested()) break;
    try {
      if (const auto opened = open(directory, child)) enter(opened);
    } catch (const Error& error) {
      failed(*directory, child.entry.name, error);
    }
    do {
      parts_.finish_directories();
    } while (!parts_.finished.wait_for_fewer(parts_.most_directories + depth_, parts_.run.stop));
  }
  --depth_;
}

/// Gives the directories in it, which come later: until then fewer are open.
std::vector<TreeWalk::Child> TreeWalk::put_files(const TreeDirectoryPtr& directory) {
  std::vector<Child> directories;
  std::vector<io::Entry> entries;
  try {
    entries = io::entries(*directory->source().handle());
  } catch (const Error& error) {
    failed(*directory, "", error.info().os_error == EACCES || error.info().os_error == EBADF
                               ? Error{{.code = ErrorCode::io,
                                        .operation = "access",
                                        .path = directory->source().shown(),
                                        .os_error = EACCES}}
                               : error);
    return directories;
  }
  if (directory->origin() == Origin::found && directory->job()->was_cut_short()) remove_leftovers(parts_.run, *directory);
  // Their inodes lie on the disk in this order.
  std::ranges::sort(entries, {}, &io::Entry::inode);
  for (io::Entry& entry : entries) {
    if (parts_.run.stop.stop_requested()) return {};
    const io::Name name = entry.name;
    try {
      Child child = look_closer(*directory, std::move(entry));
      if (is_excluded(*directory, child.entry)) continue;
      if (child.entry.kind == io::FileKind::directory) {
        directories.push_back(std::move(child));
        continue;
      }
      ++parts_.run.events.tree().found_files;
      if (!parts_.queue.put({.directory = directory, .entry = std::move(child.entry), .link = child.link})) return {};
    } catch (const Error& error) {
      failed(*directory, name, error);
    }
  }
  return directories;
}

bool TreeWalk::is_excluded(const TreeDirectory& directory, const io::Entry& entry) const {
  const FilterRule* const rule = filter_.excluded_by((directory.relative() / entry.name).native(), entry.kind);
  if (rule == nullptr) return false;
  if (parts_.run.options.execution == Execution::dry) {
    parts_.run.events.emit(Notice{.path = directory.source().shown() / entry.name,
                                  .text = "excluded by the rule " + base::quoted(rule->pattern)});
  }
  return true;
}

/// Its kind, and whether it is a symlink to be followed.
TreeWalk::Child TreeWalk::look_closer(const TreeDirectory& directory, io::Entry entry) const {
  const auto stat = [&](io::Links links) {
    auto found = directory.source().handle()->stat(entry.name, links);
    if (found.error != 0) io::fail("stat", directory.source().shown() / entry.name, found.error);
    return found.value;
  };
  if (entry.kind == io::FileKind::unknown) entry.kind = stat(io::Links::nofollow).kind;
  if (entry.kind != io::FileKind::symlink || parts_.run.options.follow != Follow::all) return {.entry = std::move(entry)};
  entry.kind = stat(io::Links::follow).kind;
  return {.entry = std::move(entry), .link = LinkUse::target};
}

void TreeWalk::check_may_enter(const TreeDirectory& above, const io::Name& name, const io::Stat& source) const {
  const stdfs::path shown = above.source().shown() / name;
  if (same_file(source, destination_root_)) {
    refuse("copy a directory", shown, "into itself");
  }
  for (const TreeDirectory* at = &above; at != nullptr; at = at->above().get()) {
    if (same_file(at->source().stat(), source)) refuse("copy cyclic symbolic link", shown, "it leads to a directory above it");
  }
}

/// Null where it is only made, and not entered.
TreeDirectoryPtr TreeWalk::open(const TreeDirectoryPtr& above, const Child& child) {
  const Run& run = parts_.run;
  const io::Name& name = child.entry.name;
  const auto from_above = above->source().handle();
  std::shared_ptr<io::Directory> from =
      child.link == LinkUse::target
          ? io::open_directory(run.fs, io::resolve(run.fs, from_above->path() / name), io::DirectoryUse::change_names)
          : open_source_directory(*from_above, name);
  const auto source = io::find(*from, ".");
  if (!source) io::fail("stat", from->path(), ENOENT);
  check_may_enter(*above, name, *source);

  const auto to_above = above->destination().handle();
  const Origin origin = make_directory(run, above.get(), *to_above, name, *source);
  auto to = open_destination(run, *to_above, name, above->source().shown() / name, origin);
  const DestinationState state = state_of(*to, origin, above.get());
  auto from_volume = volume_below(run.fs, *from, above->source());
  auto to_volume = volume_below(run.fs, *to, above->destination());
  auto opened = parts_.finished.watch(std::make_unique<TreeDirectory>(
      above, std::make_unique<TreeSide>(std::move(from), name, above->source().shown() / name, std::move(from_volume)),
      std::make_unique<TreeSide>(std::move(to), name, above->destination().shown() / name, std::move(to_volume)),
      above->relative() / name, state, above->job()));
  const bool elsewhere = source->device != source_root_.device;
  if (elsewhere && run.options.mounts == Mounts::stay) return nullptr;
  return opened;
}

void TreeWalk::failed(const TreeDirectory& directory, const io::Name& name, const Error& error) {
  const auto below = [&](const stdfs::path& path) { return name.empty() ? path : path / name; };
  directory.job()->failed();
  parts_.report.failed(error, below(directory.source().shown()), below(directory.destination().shown()));
}

}  // namespace rcopy::engine
