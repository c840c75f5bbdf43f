// SPDX-License-Identifier: MIT
#include "engine/operands.hpp"

#include "base/text.hpp"
#include "engine/identity.hpp"

#include <cerrno>
#include <system_error>

namespace rcopy::engine {
namespace {

namespace stdfs = std::filesystem;

/// A failure whose text is a sentence of its own.
Error sentence(std::string text) {
  return Error{{.code = ErrorCode::io, .operation = "", .path = {}, .reason = std::move(text)}};
}

/// The directory of `path`, resolved, and its last component; where that is no name of its own, the directory it is.
std::optional<stdfs::path> resolved(io::FileSystem& fs, const stdfs::path& path) {
  std::string text = path.native();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  const stdfs::path plain{text};
  const io::Name name = plain.filename();
  const bool itself = name == "." || name == ".." || name.empty();
  const auto real = fs.resolve(itself ? plain : plain.has_parent_path() ? plain.parent_path() : stdfs::path{"."});
  if (real.error != 0) return std::nullopt;
  return itself ? real.value : real.value / name;
}

/// A hash is that of a content.
void check_may_be_expected(const Options& options, const stdfs::path& source, const io::Stat& found) {
  if (!options.expected_hash || found.kind == io::FileKind::regular || is_device(found)) return;
  throw Error{{.code = ErrorCode::usage,
               .operation = "expect a hash of",
               .path = source,
               .reason = "it is neither a regular file nor a block device"}};
}

/// Whether one of `paths` is `path`, or lies in it, or it in one of them.
bool overlaps(const std::set<std::string>& paths, const stdfs::path& path) {
  for (stdfs::path at = path;; at = at.parent_path()) {
    if (paths.contains(at.native())) return true;
    if (!at.has_relative_path()) break;
  }
  const std::string below = path.native() + "/";
  const auto next = paths.lower_bound(below);
  return next != paths.end() && next->starts_with(below);
}

}  // namespace

void Operands::copy(const stdfs::path& source) {
  if (is_stopped()) return;
  if (job_.only) {
    make_destination();
    for (const stdfs::path& name : *job_.only) {
      if (!is_stopped()) copy_listed(source, name);
    }
    return;
  }
  const stdfs::path destination = destination_of(source);
  try {
    const auto itself = run_.fs.stat(source, io::Links::nofollow);
    // One that is missing may be on a device that is away, which a transfer waits for.
    if (itself.error != 0 && job_.naming == Naming::last_component) {
      transfer(source);
      return;
    }
    if (itself.error != 0) io::fail("stat", source, itself.error);
    const Found found = find(itself.value, source);
    check_may_be_expected(run_.options, source, found.stat);
    if (found.stat.kind == io::FileKind::directory && run_.options.recursion == Recursion::none) {
      throw sentence("-r not specified; omitting directory " + base::quoted(source));
    }
    if (job_.sources.size() > 1) {
      if (is_told_twice(source, found, destination)) return;
      keep_apart(source, found.stat, destination);
    }
    copy(source, found, destination);
  } catch (const Error& error) {
    report_.failed(error, source, destination);
  }
}

/// As in rsync, which makes the last directory of the path.
void Operands::make_destination() {
  constexpr std::uint32_t kUsual = 0777;  // less the umask
  const stdfs::path place = job_.destination / ".";
  const stdfs::path path = place.parent_path();
  if (run_.options.execution == Execution::dry || run_.fs.stat(path, io::Links::follow).error != ENOENT) return;
  const auto parent = resolved(run_.fs, path);
  if (!parent) return;  // then each source says so
  const auto above = io::open_directory(run_.fs, parent->parent_path(), io::DirectoryUse::change_names);
  (void)io::make_directory(*above, parent->filename(), kUsual);
  io::sync(*above);
}

/// As in rsync: a list says nothing of what lies outside of the source.
void Operands::copy_listed(const stdfs::path& base, const stdfs::path& name) {
  const stdfs::path below = name.relative_path().lexically_normal();
  const stdfs::path source = base / below;
  try {
    if (below.empty() || *below.begin() == "..") throw sentence(base::quoted(name) + " is not below " + base::quoted(base));
    const auto itself = run_.fs.stat(source, io::Links::nofollow);
    if (itself.error != 0) io::fail("stat", source, itself.error);
    const Found found = find(itself.value, source);
    if (found.stat.kind == io::FileKind::directory && run_.options.recursion == Recursion::none) {
      throw sentence("-r not specified; omitting directory " + base::quoted(source));
    }
    trees(source).copy_below({.path = below, .kind = found.stat.kind, .link = found.link}, job_.destination, base);
  } catch (const Error& error) {
    report_.failed(error, source, job_.destination / below);
  }
}

void Operands::finish() {
  if (trees_) trees_->finish();
  else if (left_out_) report_.stopped(job_.destination, report_.done_bytes());
}

/// What comes now is left out then.
bool Operands::is_stopped() {
  left_out_ = left_out_ || run_.stop.stop_requested();
  return left_out_;
}

/// What it is, or where it is followed what it leads to.
Operands::Found Operands::find(const io::Stat& itself, const stdfs::path& source) const {
  const bool follow = run_.options.follow != Follow::none;
  if (itself.kind != io::FileKind::symlink || !follow) return {.stat = itself};
  const auto found = run_.fs.stat(source, io::Links::follow);
  if (found.error != 0) io::fail("stat", source, found.error);
  return {.stat = found.value, .link = LinkUse::target};
}

/// A warning, as in cp.
bool Operands::is_told_twice(const stdfs::path& source, const Found& found, const stdfs::path& destination) {
  const bool directory = found.stat.kind == io::FileKind::directory;
  if (!directory && run_.options.backup != Backup::none) return false;
  const auto name = resolved(run_.fs, directory ? destination : source);
  if (!name) return false;
  const std::string file = std::to_string(found.stat.device) + ":" + std::to_string(found.stat.inode) + ":";
  if (sources_.insert(file + name->native()).second) return false;
  run_.events.emit(Warning{.path = {},
                           .text = std::string{"source "} + (directory ? "directory " : "file ") +
                                   base::quoted(source) + " specified more than once"});
  return true;
}

/// Waits for those before it where it goes over what they made, or are making; a file is not written over.
void Operands::keep_apart(const stdfs::path& source, const io::Stat& found, const stdfs::path& destination) {
  const auto place = resolved(run_.fs, destination);
  if (!place) return;
  if (trees_ && overlaps(destinations_, *place)) trees_->settle();
  const Options& options = run_.options;
  const bool first = destinations_.insert(place->native()).second;
  if (first || options.backup == Backup::numbered || options.update == Update::none) return;
  const auto there = io::find(run_.fs, *place, io::Links::nofollow);
  const bool kept = there && options.update == Update::older && there->mtime_ns >= found.mtime_ns;
  if (!there || there->kind == io::FileKind::directory || found.kind == io::FileKind::directory || kept) return;
  throw sentence("will not overwrite just-created " + base::quoted(destination) + " with " + base::quoted(source));
}

/// Rather than by a transfer of its own.
bool Operands::goes_with_trees(const Found& found) const {
  const Options& options = run_.options;
  if (options.expected_hash) return false;  // which only a transfer looks at
  const bool links = options.attributes.hard_links == HardLinks::preserve;
  if (links && (found.stat.links > 1 || found.link == LinkUse::target)) return true;
  if (found.stat.kind == io::FileKind::symlink || options.make != Make::copy) return true;
  if (found.stat.kind == io::FileKind::regular) return false;
  // As in cp, what can be read of it is copied, unless trees are.
  return options.recursion == Recursion::all && options.specials == Specials::nodes;
}

void Operands::copy(const stdfs::path& source, const Found& found, const stdfs::path& destination) {
  const TreeCopier::Operand operand{.path = source, .kind = found.stat.kind, .link = found.link};
  if (job_.naming == Naming::whole_path) {
    trees(source).copy_below(operand, job_.destination);
  } else if (found.stat.kind == io::FileKind::directory) {
    trees(source).copy(source, destination);
  } else if (goes_with_trees(found)) {
    trees(source).copy_one(operand, destination);
  } else {
    transfer(source);
  }
}

/// Which tells itself what becomes of it. One at a time uses the journal.
void Operands::transfer(const stdfs::path& source) {
  if (trees_) trees_->settle();
  try {
    report_.count(transfer_file(run_, source, job_.destination));
  } catch (const Error& error) {
    report_.count(error);
  }
}

/// DEST as cp reads it: a directory that is there means one in it, with the name of the source.
stdfs::path Operands::destination_of(const stdfs::path& source) const {
  if (job_.naming == Naming::whole_path) return job_.destination / source.relative_path();
  if (job_.target == Target::file) return job_.destination;
  const auto found = run_.fs.stat(job_.destination, io::Links::follow);
  if (found.error != 0 || found.value.kind != io::FileKind::directory || continues(source)) return job_.destination;
  const io::Name name = destination_name(source);
  return name == ".." || name == "/" ? job_.destination / "." : job_.destination / name;
}

/// The same command continues: a destination that an earlier run made, and was cut short in, is the copy itself.
bool Operands::continues(const stdfs::path& source) const {
  if (job_.target != Target::automatic || job_.sources.size() != 1 || run_.catalog == nullptr) return false;
  const auto from = run_.fs.resolve(source);
  const auto to = run_.fs.resolve(job_.destination);
  return from.error == 0 && to.error == 0 && run_.catalog->is_unfinished(from.value, to.value);
}

TreeCopier& Operands::trees(const stdfs::path& source) {
  if (trees_) return *trees_;
  try {
    return trees_.emplace(run_, report_);
  } catch (const std::system_error& error) {
    // No thread to be had.
    throw Error{{.code = ErrorCode::io, .operation = "copy", .path = source, .os_error = error.code().value()}};
  }
}

}  // namespace rcopy::engine
