// SPDX-License-Identifier: MIT
#include "engine/tree_walk.hpp"

#include "base/text.hpp"
#include "engine/identity.hpp"
#include "engine/tree_leftovers.hpp"
#include "engine/tree_open.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace rcopy::engine {
namespace {

namespace stdfs = std::filesystem;

[[noreturn]] void refuse(std::string operation, const stdfs::path& path, const char* reason) {
  throw Error{{.code = ErrorCode::io, .operation = std::move(operation), .path = path, .reason = reason}};
}

}  // namespace

void TreeWalk::walk(const TreeDirectoryPtr& root) {
  source_root_ = root->source().stat();
  destination_root_ = root->destination().stat();
  enter(root);
}

void TreeWalk::enter(const TreeDirectoryPtr& directory) {
  ++depth_;
  for (const Child& child : put_files(directory)) {
    if (parts_.stop.stop_requested()) break;
    try {
      if (const auto opened = open(directory, child)) enter(opened);
    } catch (const Error& error) {
      failed(*directory, child.entry.name, error);
    }
    do {
      parts_.finish_directories();
    } while (!parts_.finished.wait_for_fewer(parts_.most_directories + depth_, parts_.stop));
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
    if (parts_.stop.stop_requested()) return {};
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
    refuse("copy a directory, " + base::quoted(shown) + ", into itself,", above.destination().shown() / name, "");
  }
  for (const TreeDirectory* at = &above; at != nullptr; at = at->above().get()) {
    if (same_file(at->source().stat(), source)) {
      refuse("copy cyclic symbolic link", shown, "it leads to a directory above it");
    }
  }
}

/// Null where it is only made, and not entered.
TreeDirectoryPtr TreeWalk::open(const TreeDirectoryPtr& above, const Child& child) {
  const io::Name& name = child.entry.name;
  SourceDirectory source = open_source_directory(parts_.run, *above, name, child.link);
  check_may_enter(*above, name, source.stat);
  const bool elsewhere = source.stat.device != source_root_.device;
  auto opened = open_below(parts_.run, parts_.finished, above, name, std::move(source));
  if (elsewhere && parts_.run.options.mounts == Mounts::stay) return nullptr;
  return opened;
}

void TreeWalk::failed(const TreeDirectory& directory, const io::Name& name, const Error& error) {
  const auto below = [&](const stdfs::path& path) { return name.empty() ? path : path / name; };
  directory.job()->failed();
  parts_.report.failed(error, below(directory.source().shown()), below(directory.destination().shown()));
}

}  // namespace rcopy::engine
