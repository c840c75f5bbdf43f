// SPDX-License-Identifier: MIT
#include "engine/tree_open.hpp"

#include "base/text.hpp"
#include "engine/attributes.hpp"
#include "engine/identity.hpp"
#include "engine/ledger.hpp"
#include "engine/mount.hpp"

#include <cerrno>
#include <string>
#include <utility>

namespace rcopy::engine {
namespace {

namespace stdfs = std::filesystem;

constexpr std::uint32_t kOwnerAll = 0700;
constexpr std::uint32_t kMadeBits = 01777;  // of what mkdir(2) is told

[[noreturn]] void refuse(std::string operation, const stdfs::path& path, int os_error = 0) {
  throw Error{
      {.code = ErrorCode::io, .operation = std::move(operation), .path = path, .os_error = os_error, .reason = ""}};
}

/// One that may not be listed can still be searched, or be made with its attributes.
template <class Open>
std::unique_ptr<io::Directory> open_as_allowed(Open open, const stdfs::path& path) {
  auto opened = open(io::DirectoryUse::change_names);
  while (opened.error == EINTR) opened = open(io::DirectoryUse::change_names);
  if (opened.error == EACCES) opened = open(io::DirectoryUse::look_up);
  while (opened.error == EINTR) opened = open(io::DirectoryUse::look_up);
  if (opened.error != 0) io::fail("open the directory", path, opened.error);
  return std::move(opened.value);
}

std::unique_ptr<io::Directory> open_as_allowed(io::FileSystem& fs, const stdfs::path& path) {
  return open_as_allowed([&](io::DirectoryUse use) { return fs.open_directory(path, use); }, path);
}

std::unique_ptr<io::Directory> open_as_allowed(io::Directory& above, const io::Name& name) {
  return open_as_allowed([&](io::DirectoryUse use) { return above.open_directory(name, use); }, above.path() / name);
}

io::Stat stat_of(io::Directory& directory) {
  auto found = directory.stat(".", io::Links::nofollow);
  while (found.error == EINTR) found = directory.stat(".", io::Links::nofollow);
  if (found.error != 0) io::fail("access", directory.path(), found.error);
  return found.value;
}

std::shared_ptr<const Volume> volume_of(io::FileSystem& fs, io::Directory& directory, std::uint64_t device) {
  return std::make_shared<Volume>(Volume{.device = device,
                                         .handle = open_as_allowed(directory, "."),
                                         .fs = io::file_system(directory),
                                         .mount = mount_of(fs, directory)});
}

/// Of a directory that is not where `above` is mounted, its own.
std::shared_ptr<const Volume> volume_below(io::FileSystem& fs, io::Directory& directory, const TreeSide& above) {
  const io::Stat found = stat_of(directory);
  return found.device == above.volume().device ? above.shared_volume() : volume_of(fs, directory, found.device);
}

/// The owner of a directory that is made, or was made like a source that nobody may write to, must be able to.
void make_usable(const Run& run, io::Directory& above, const io::Name& name, const io::Stat& existing) {
  const bool restored = run.options.attributes.mode == Mode::preserve && existing.uid == run.fs.user();
  if (!restored || (existing.mode & kOwnerAll) == kOwnerAll) return;
  const auto file = io::open(above, name, io::OpenMode::attributes);
  const int error = file->set_mode(existing.mode | kOwnerAll);
  if (error != 0) io::fail("make writable", above.path() / name, error);
}

/// Whether this made it. Until it gets its attributes, nobody else may do more in it than in the source.
Origin make_directory(const Run& run, const TreeDirectory* above, io::Directory& directory, const io::Name& name,
                      const io::Stat& source) {
  const Attributes& wanted = run.options.attributes;
  const bool later = wanted.mode == Mode::preserve || wanted.ownership == Ownership::preserve;
  const std::uint32_t mode = later ? kOwnerAll : (source.mode | kOwnerAll) & kMadeBits;
  const bool sure = above != nullptr && above->origin() == Origin::made;
  const auto existing = sure ? std::nullopt : io::find(directory, name);
  const bool dry = run.options.execution == Execution::dry;
  if (!existing && (dry || io::make_directory(directory, name, mode))) return Origin::made;
  const auto there = existing ? existing : io::find(directory, name);
  if (!dry && there && there->kind == io::FileKind::directory) make_usable(run, directory, name, *there);
  return Origin::found;
}

struct DestinationWanted {
  Origin origin = Origin::found;
  DirectoryLinks links = DirectoryLinks::refuse;
  stdfs::path shown;  ///< for messages
};

/// The destination's directory, opened. A symlink to one counts where `wanted` says so.
std::shared_ptr<io::Directory> open_destination(const Run& run, io::Directory& above, const io::Name& name,
                                                const stdfs::path& source, const DestinationWanted& wanted) {
  // One that was only said to be made has nothing in it: it is not looked at, and the one above stands for it.
  const bool dry = run.options.execution == Execution::dry && wanted.origin == Origin::made;
  if (dry) return open_as_allowed(above, ".");
  const auto there = io::find(above, name);
  const stdfs::path path = name == "." ? above.path() : above.path() / name;
  if (!there) io::fail("open the directory", path, ENOENT);
  if (there->kind == io::FileKind::symlink && wanted.links == DirectoryLinks::follow) {
    const auto target = io::find(run.fs, path, io::Links::follow);
    if (target && target->kind == io::FileKind::directory) {
      return io::open_directory(run.fs, io::resolve(run.fs, path), io::DirectoryUse::change_names);
    }
  }
  if (there->kind != io::FileKind::directory) {
    refuse("overwrite non-directory " + base::quoted(wanted.shown) + " with directory", source);
  }
  return io::open_directory(above, name, io::DirectoryUse::change_names);
}

DestinationState state_of(io::Directory& directory, Origin origin, const TreeDirectory* above) {
  const bool plain = origin == Origin::made && above != nullptr && above->new_acl() == NewAcl::none;
  return {.origin = origin, .acl = !plain && has_default_acl(directory) ? NewAcl::inherited : NewAcl::none};
}

/// What the journal has of the tree of these two.
std::shared_ptr<TreeJob> job_of(const Run& run, const TreeEnds& ends, io::Name root_name) {
  using journal::TreeCatalog;
  const Options& options = run.options;
  const bool forget = options.resume == Resume::never;
  return std::make_shared<TreeJob>(
      run.catalog,
      TreeCatalog::Wanted{.source = ends.source,
                          .destination = ends.destination,
                          .verified_by = options.verify == Verify::none ? "" : to_text(options.verify),
                          .earlier = forget ? TreeCatalog::Earlier::forget : TreeCatalog::Earlier::keep,
                          .options = options.words,
                          .root_name = std::move(root_name)});
}

stdfs::path without_slashes(const stdfs::path& path) {
  std::string text = path.native();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace

SourceDirectory open_source_directory(const Run& run, const TreeDirectory& above, const io::Name& name, LinkUse link) {
  const auto from = above.source().handle();
  SourceDirectory opened{.handle = link == LinkUse::target
                                       ? open_as_allowed(run.fs, io::resolve(run.fs, from->path() / name))
                                       : open_as_allowed(*from, name),
                         .stat = {},
                         .destination_links = run.options.directory_links};
  opened.stat = stat_of(*opened.handle);
  return opened;
}

TreeDirectoryPtr open_below(const Run& run, FinishedDirectories& finished, const TreeDirectoryPtr& above,
                            const io::Name& name, SourceDirectory source) {
  const stdfs::path shown = above->source().shown() / name;
  const auto to_above = above->destination().handle();
  const Origin origin = make_directory(run, above.get(), *to_above, name, source.stat);
  auto to = open_destination(run, *to_above, name, shown, {.origin = origin,
                              .links = source.destination_links,
                              .shown = above->destination().shown() / name});
  const DestinationState state = state_of(*to, origin, above.get());
  auto from_volume = volume_below(run.fs, *source.handle, above->source());
  auto to_volume = volume_below(run.fs, *to, above->destination());
  return finished.watch(std::make_unique<TreeDirectory>(
      above, std::make_unique<TreeSide>(std::move(source.handle), name, shown, std::move(from_volume)),
      std::make_unique<TreeSide>(std::move(to), name, above->destination().shown() / name, std::move(to_volume)),
      above->relative() / name, state, above->job()));
}

void check_apart(io::FileSystem& fs, const TreeEnds& shown, const io::Stat& source, io::Directory& above,
                 const io::Name& name) {
  const auto there = io::find(above, name);
  if (there && same_file(*there, source)) {
    throw Error{{.code = ErrorCode::io,
                 .operation = "copy",
                 .path = shown.source,
                 .reason = "it and " + base::quoted(shown.destination) + " are the same file"}};
  }
  for (stdfs::path at = io::resolve(fs, above.path());; at = at.parent_path()) {
    const auto found = io::find(fs, at, io::Links::nofollow);
    if (found && same_file(*found, source)) {
      refuse("copy a directory, " + base::quoted(shown.source) + ", into itself,", shown.destination);
    }
    if (!at.has_relative_path()) return;
  }
}

TreeDirectoryPtr open_tree(const Run& run, const stdfs::path& source, const stdfs::path& destination,
                           FinishedDirectories& finished) {
  io::FileSystem& fs = run.fs;
  const stdfs::path from = io::resolve(fs, source);
  const std::shared_ptr<io::Directory> from_handle = open_as_allowed(fs, from);
  const io::Stat from_stat = stat_of(*from_handle);

  const stdfs::path text = without_slashes(destination);
  io::Name name = text.filename();
  const auto found = io::find(fs, destination, io::Links::follow);
  const bool through = destination.native().ends_with('/') && found && found->kind == io::FileKind::directory;
  const bool itself = name == "." || name == ".." || text == "/" || through;
  if (itself) name = ".";
  const stdfs::path parent_given = itself ? text : text.has_parent_path() ? text.parent_path() : stdfs::path{"."};
  if (!io::find(fs, parent_given, io::Links::follow)) refuse("create directory", destination, ENOENT);
  const stdfs::path parent = io::resolve(fs, parent_given);
  const auto above = open_as_allowed(fs, parent);
  check_apart(fs, {.source = source, .destination = destination}, from_stat, *above, name);
  const stdfs::path to = itself ? parent : parent / name;
  const io::Name shown = destination_name(source);
  const io::Name root_name = shown == "." || shown == ".." ? io::Name{} : shown;
  const auto job = job_of(run, {.source = from, .destination = to}, root_name);
  // Before it is there: who repeats the command after a kill means this one, and not one in it.
  if (!itself && run.options.execution == Execution::real && !io::find(*above, name)) job->begin();
  const Origin origin = itself ? Origin::found : make_directory(run, nullptr, *above, name, from_stat);
  if (origin == Origin::made && run.options.execution == Execution::real) {
    io::sync(*above);  // TreeDirectory::sync_name() knows nothing of it
  }
  const auto to_handle =
      open_destination(run, *above, name, source, {.origin = origin, .links = run.options.directory_links, .shown = text});
  auto source_side = std::make_unique<TreeSide>(from_handle, from.filename(), source,
                                                volume_of(fs, *from_handle, from_stat.device));
  auto destination_side =
      std::make_unique<TreeSide>(to_handle, name, text, volume_of(fs, *to_handle, stat_of(*to_handle).device));
  return finished.watch(std::make_unique<TreeDirectory>(nullptr, std::move(source_side), std::move(destination_side),
                                                        root_name, state_of(*to_handle, origin, nullptr), job));
}

GivenFile split(io::FileSystem& fs, const stdfs::path& source, const stdfs::path& destination) {
  const stdfs::path parent = destination.has_parent_path() ? destination.parent_path() : stdfs::path{"."};
  const bool slash = destination.native().ends_with('/');
  if (slash || !io::find(fs, parent, io::Links::follow)) refuse("create", destination, ENOENT);
  const stdfs::path shown = source.parent_path();
  const io::Name name = source.filename();
  return {.at = {.source = shown.empty() ? stdfs::path{"."} : shown, .shown = shown, .destination = parent},
          .name = name,
          .called = name == destination.filename() ? io::Name{} : io::Name{destination.filename()}};
}

TreeDirectoryPtr open_given(const Run& run, const GivenDirectories& given, FinishedDirectories& finished) {
  const auto side = [&](const stdfs::path& path, const stdfs::path& shown) {
    const stdfs::path resolved = io::resolve(run.fs, path);
    std::shared_ptr<io::Directory> handle = open_as_allowed(run.fs, resolved);
    auto volume = volume_of(run.fs, *handle, stat_of(*handle).device);
    return std::make_unique<TreeSide>(std::move(handle), resolved.filename(), shown, std::move(volume));
  };
  return finished.watch(std::make_unique<TreeDirectory>(nullptr, side(given.source, given.shown),
                                                        side(given.destination, given.destination), stdfs::path{},
                                                        DestinationState{.origin = Origin::given},
                                                        std::make_shared<TreeJob>(nullptr, journal::TreeCatalog::Wanted{})));
}

}  // namespace rcopy::engine
