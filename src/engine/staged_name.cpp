// SPDX-License-Identifier: MIT
#include "engine/staged_name.hpp"

#include "base/text.hpp"
#include "engine/attributes.hpp"
#include "engine/backup.hpp"
#include "engine/identity.hpp"
#include "engine/publish.hpp"

#include <cerrno>
#include <utility>

namespace rcopy::engine {
namespace {

constexpr std::uint32_t kPrivate = 0600;

bool is_node(io::FileKind kind) {
  return kind == io::FileKind::fifo || kind == io::FileKind::socket || kind == io::FileKind::block_device ||
         kind == io::FileKind::character_device;
}

/// Calls `make`, which gives an errno, until it is not interrupted.
template <class Call>
void must(const char* operation, const std::filesystem::path& path, Call make) {
  int error = 0;
  do {
    error = make();
  } while (error == EINTR);
  if (error != 0) io::fail(operation, path, error);
}

/// What a relative symlink says is true in the current directory only.
void check_link_text(io::FileSystem& fs, const std::filesystem::path& target, const Place& place) {
  if (target.is_absolute()) return;
  const auto here = io::find(fs, ".", io::Links::follow);
  const auto there = io::find(*place.directory, ".");
  if (here && there && same_file(*here, *there)) return;
  throw Error{{.code = ErrorCode::io,
               .operation = "create symbolic link",
               .path = place.path(),
               .reason = "can make relative symbolic links only in current directory; name the source by its whole path"}};
}

}  // namespace

io::Name temporary_name_for(const io::Name& name) { return hidden_name(name, kNewSuffix); }

StagedName::StagedName(const Run& run, const TreeTask& task, io::Stat source, Method method)
    : run_{run}, task_{task}, source_{source}, place_{place_in(*task.directory, task.entry.name)},
      method_{method} {
  place_.partial_name = temporary_name_for(place_.name);
  place_.existing = io::find(*place_.directory, place_.name);
}

void StagedName::make(const Maker& maker) {
  io::unlink(*place_.directory, place_.partial_name);  // of a run that was cut short
  try {
    maker(*place_.directory, place_.partial_name);
  } catch (const Error&) {
    discard();
    throw;
  }
}

std::unique_ptr<StagedName> StagedName::another(const Run& run, const TreeTask& task) {
  const Source source =
      source_of(run.fs, *task.directory, task.entry.name, task.link, io::OpenMode::attributes);
  std::unique_ptr<StagedName> staged{new StagedName{run, task, source.stat, Method::copied}};
  Place& place = staged->place_;
  staged->make([&](io::Directory& directory, const io::Name& temporary) {
    if (source.stat.kind == io::FileKind::symlink) {
      const auto target = io::read_link(*source.directory, task.entry.name);
      must("create the symbolic link", place.path(), [&] { return directory.make_symlink(target, temporary); });
    } else {
      must("create the special file", place.path(), [&] {
        return directory.make_node(temporary,
                                   {.kind = source.stat.kind, .mode = kPrivate, .rdev = source.stat.rdev});
      });
    }
    const auto made = io::open(directory, temporary, io::OpenMode::attributes);
    Place anew = place_in(*task.directory, task.entry.name);
    anew.in_new_directory = true;  // as in cp, nothing of what it replaces is passed on to it
    set_attributes(run.fs, *made, anew, source, run.options, run.events);
  });
  return staged;
}

std::unique_ptr<StagedName> StagedName::link_to(const Run& run, const TreeTask& task, const CopiedName& copied,
                                                const io::Stat& source) {
  std::unique_ptr<StagedName> staged{new StagedName{run, task, source, Method::linked}};
  staged->file_hash_ = copied.file_hash;
  const auto from = open_directory_of(copied);
  staged->make([&](io::Directory& directory, const io::Name& temporary) {
    if (!io::link(*from, copied.name, directory, temporary)) {
      io::fail("create the hard link", staged->place_.path(), EPERM);
    }
  });
  return staged;
}

std::unique_ptr<StagedName> StagedName::to_source(const Run& run, const TreeTask& task, const io::Stat& source) {
  std::unique_ptr<StagedName> staged{new StagedName{run, task, source, Method::linked}};
  const Place& place = staged->place_;
  if (run.options.make == Make::symbolic_link) {
    const auto target = task.directory->source().shown() / task.entry.name;
    check_link_text(run.fs, target, place);
    staged->make([&](io::Directory& directory, const io::Name& temporary) {
      must("create the symbolic link", place.path(), [&] { return directory.make_symlink(target, temporary); });
    });
    return staged;
  }
  std::shared_ptr<io::Directory> from = task.directory->source().handle();
  io::Name name = task.entry.name;
  if (task.link == LinkUse::target) {
    const auto path = io::resolve(run.fs, from->path() / name);
    from = io::open_directory(run.fs, path.parent_path(), io::DirectoryUse::look_up);
    name = path.filename();
  }
  staged->make([&](io::Directory& directory, const io::Name& temporary) {
    must("create the hard link", place.path(), [&] { return from->link(name, directory, temporary); });
  });
  return staged;
}

std::unique_ptr<StagedName> StagedName::empty(const Run& run, const TreeTask& task) {
  const Source source = source_of(run.fs, *task.directory, task.entry.name, task.link, io::OpenMode::source);
  std::unique_ptr<StagedName> staged{new StagedName{run, task, source.stat, Method::copied}};
  staged->make([&](io::Directory& directory, const io::Name& temporary) {
    const auto made = io::open(directory, temporary, io::OpenMode::create_partial);
    set_attributes(run.fs, *made, staged->place_, source, run.options, run.events);
    io::sync_all(*made);
  });
  return staged;
}

bool StagedName::prove_and_publish(std::span<std::byte> /*buffer*/) {
  try {
    if (place_.existing && place_.existing->kind == io::FileKind::directory) {
      refuse_directory(task_, place_);
    }
    if (run_.options.backup != Backup::none) {
      (void)keep_backup(place_, run_.options);
      io::sync(*place_.directory);  // lest a power cut keeps only the next rename
    }
    rename_partial(place_, run_.options);
  } catch (const Error&) {
    discard();
    throw;
  }
  published_ = true;
  // Two names of one file: rename(2) leaves both.
  io::unlink(*place_.directory, place_.partial_name);
  return true;
}

void StagedName::discard() noexcept {
  if (published_) return;
  try {
    io::unlink(*place_.directory, place_.partial_name);
  } catch (const Error&) {
    // What is left is found and replaced by whoever makes this name next.
  }
}

Staged::Done StagedName::finish() {
  const auto now = io::find(*place_.directory, place_.name);
  return {.summary = {.source = task_.directory->source().shown() / task_.entry.name,
                      .destination = place_.path(),
                      .named = place_.named,
                      .item = source_.kind == io::FileKind::symlink ? Item::symlink
                              : is_node(source_.kind)               ? Item::special
                                                                    : Item::file,
                      .found = found_in(*task_.directory),
                      .outcome = Outcome::copied,
                      .method = method_,
                      .file_hash = file_hash_},
          .source = source_,
          .destination = now.value_or(io::Stat{})};
}

bool is_like_source(const Run& run, const TreeTask& task, const io::Stat& source, const io::Stat& existing) {
  const Attributes& wanted = run.options.attributes;
  if (run.options.resume == Resume::never || !is_such(task, source, existing)) return false;
  if (wanted.timestamps != Timestamps::preserve || existing.mtime_ns != source.mtime_ns) return false;
  const bool owned = existing.uid == source.uid && existing.gid == source.gid;
  if (wanted.ownership == Ownership::preserve && !owned) return false;
  return source.kind == io::FileKind::symlink || existing.mode == source.mode;
}

bool is_such(const TreeTask& task, const io::Stat& source, const io::Stat& existing) {
  if (existing.kind != source.kind) return false;
  if (source.kind != io::FileKind::symlink) return existing.rdev == source.rdev;
  return io::read_link(*task.directory->source().handle(), task.entry.name) ==
         io::read_link(*task.directory->destination().handle(), task.directory->name_of(task.entry.name));
}

void refuse_directory(const TreeTask& task, const Place& place) {
  throw Error{{.code = ErrorCode::io,
               .operation = "overwrite directory " + base::quoted(place.named) + " with non-directory",
               .path = task.directory->source().shown() / task.entry.name}};
}

}  // namespace rcopy::engine
