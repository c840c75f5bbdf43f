// SPDX-License-Identifier: MIT
//
// The thread that makes batches durable, and what follows from that: events, the catalog, sources that are removed, and
// the attributes of directories.
#include "engine/tree_copier.hpp"

#include "engine/identity.hpp"
#include "engine/ledger.hpp"

#include <cerrno>
#include <map>
#include <utility>

namespace rcopy::engine {
namespace {

/// 0, or the errno: what has its name in the directory is durable, as is the directory.
int sync_names(TreeDirectory& directory) {
  try {
    directory.sync_name();
    io::sync(*directory.destination().handle());
    return 0;
  } catch (const Error& error) {
    return error.info().os_error;
  }
}

/// Another name of the same file, removed just before, changes the ctime.
bool is_unchanged(const io::Stat& now, const io::Stat& then) {
  return same_file(now, then) && now.size_bytes == then.size_bytes && now.mtime_ns == then.mtime_ns &&
         (now.ctime_ns == then.ctime_ns || then.links > 1);
}

/// To be found again when its directory is closed.
CopiedName source_name(const TreeDirectory& directory, const io::Name& name) {
  CopiedName source{.root = {}, .below = {}, .name = name};
  const TreeDirectory* at = &directory;
  for (; at->above(); at = at->above().get()) source.below.insert(source.below.begin(), at->source().name());
  source.root = at->source().handle();
  return source;
}

}  // namespace

// --- batches

void TreeCopier::commit() {
  Batch published;
  while (auto batch = queue_.next_batch(published.size())) {
    make_durable(*batch, published);
    finish(published);
    queue_.prove(*batch);
    const std::size_t all = batch->size();
    std::erase_if(*batch, [](const auto& staged) { return staged->stage != Staged::Stage::published; });
    queue_.finished(all - batch->size());
    published = std::move(*batch);
  }
  // After a stop: what has its name already is worth a sync.
  make_durable({}, published);
  finish(published);
}

/// The content of the batch, and the names of those that were published before.
void TreeCopier::make_durable(const Batch& batch, const Batch& published) {
  std::set<std::shared_ptr<const Volume>> volumes;
  for (const Batch* one : {&batch, &published}) {
    for (const auto& staged : *one) volumes.insert(staged->directory()->destination().shared_volume());
  }
  for (const auto& volume : volumes) {
    const int error = volume->fs.syncs_whole ? io::sync_file_system(*volume->handle) : ENOTSUP;
    if (error != 0) sync_each(batch, published, *volume, error);
  }
}

/// Where the file system cannot sync as a whole, or said that something of it was lost: then each file tells whether it
/// is its own.
void TreeCopier::sync_each(const Batch& batch, const Batch& published, const Volume& volume, int error) {
  const auto concerns = [&](const Staged& staged) { return &staged.directory()->destination().volume() == &volume; };
  for (const auto& staged : batch) {
    if (!concerns(*staged) || !volume.fs.syncs_whole) continue;
    try {
      staged->sync();
    } catch (const Error&) {
      staged->discard();
      staged->stage = Staged::Stage::given_up;
      leave_to_transfer(task_of(*staged));
    }
  }
  std::map<const TreeDirectory*, int> directories;
  for (const auto& staged : published) {
    if (!concerns(*staged)) continue;
    TreeDirectory& directory = *staged->directory();
    const auto [at, first] = directories.try_emplace(&directory, 0);
    if (first) at->second = sync_names(directory);
    if (at->second == 0) continue;
    staged->stage = Staged::Stage::given_up;
    give_up(task_of(*staged), Error{{.code = ErrorCode::io,
                                     .operation = "sync the directory",
                                     .path = directory.destination().shown(),
                                     .os_error = error == ENOTSUP ? at->second : error}});
  }
}

void TreeCopier::finish(const Batch& published) {
  for (const auto& staged : published) {
    if (staged->stage != Staged::Stage::published) continue;
    try {
      const Staged::Done done = staged->finish();
      report_.finished(done.summary);
      ++run_.events.tree().done_files;
      run_.events.tree().done_bytes += done.summary.total_bytes;
      known(task_of(*staged), done.source, done.destination, done.summary, std::nullopt);
      remove_source(task_of(*staged), done.source);
      come_again(links_.there(*staged->directory(), staged->entry().name, done.summary.file_hash));
      queue_.done();
    } catch (const Error& error) {
      give_up(task_of(*staged), error);
    }
  }
  queue_.finished(published.size());
  write_jobs();
  finish_directories();
}

void TreeCopier::write_jobs() {
  std::vector<std::shared_ptr<TreeJob>> jobs;
  {
    const std::lock_guard lock{jobs_mutex_};
    jobs = jobs_;
  }
  for (const auto& job : jobs) job->write();
}

/// Once its copy is proven and durable. What somebody wrote to meanwhile stays.
void TreeCopier::remove_source(const TreeTask& task, const io::Stat& source) {
  if (run_.options.sources != Sources::remove) return;
  if (shares_names(source)) {  // by its number of names the others are known to be the same file
    const std::lock_guard lock{jobs_mutex_};
    removed_last_.emplace_back(source_name(*task.directory, task.entry.name), source);
    return;
  }
  const auto handle = task.directory->source().handle();
  try {
    const auto found = io::find(*handle, task.entry.name);
    if (found && is_unchanged(*found, source)) io::unlink(*handle, task.entry.name);
  } catch (const Error& error) {
    task.directory->job()->failed();
    report_.failed(error, task.directory->source().shown() / task.entry.name, {});
  }
}

/// Of files with several names, when all are copied.
void TreeCopier::remove_shared_sources() {
  for (const auto& [name, source] : std::exchange(removed_last_, {})) {
    try {
      const auto directory = open_directory_of(name);
      const auto found = io::find(*directory, name.name);
      if (found && is_unchanged(*found, source)) io::unlink(*directory, name.name);
    } catch (const Error& error) {
      for (const auto& job : jobs_) job->failed();
      report_.failed(error, name.name, {});
    }
  }
}

/// For a later run: of regular files only, which are the ones it would read again.
void TreeCopier::known(const TreeTask& task, const io::Stat& source, const io::Stat& destination,
                       const FileSummary& file, std::optional<std::filesystem::path> row) {
  if (source.kind != io::FileKind::regular || destination.kind != io::FileKind::regular) return;
  const TreeDirectory& directory = *task.directory;
  directory.job()->add(directory.relative() / task.entry.name,
                       {.name = {.source = identity_hash(source, directory.source().volume().fs),
                                 .destination = identity_hash(destination, directory.destination().volume().fs)},
                        .file_hash = hash::Digest::from_hex(file.file_hash),
                        .verified_by = to_text(file.verified),
                        .row = std::move(row)});
}

// --- directories

void TreeCopier::finish_directories() {
  const std::lock_guard lock{finishing_};
  while (auto directory = directories_.take()) {
    const auto volume = directory->destination().shared_volume();
    if (run_.options.execution == Execution::dry) {
      directory.reset();
      directories_.closed();
      continue;
    }
    try {
      directory->check_still_named(run_.fs);
      directory->set_attributes(run_.fs, run_.options, run_.events);
      if (volume->fs.syncs_whole) dirty_.insert(volume);
      else io::sync(*directory->destination().handle());
    } catch (const Error& error) {
      directory->job()->failed();
      report_.failed(error, directory->source().shown(), directory->destination().shown());
    }
    directory.reset();  // the one above may be finished by that
    directories_.closed();
  }
}

void TreeCopier::sync_directories() {
  for (const auto& volume : std::exchange(dirty_, {})) {
    const int error = io::sync_file_system(*volume->handle);
    if (error == 0) continue;
    const auto& path = volume->handle->path();
    for (const auto& job : jobs_) job->failed();
    report_.failed(Error{{.code = ErrorCode::io, .operation = "sync the file system of", .path = path, .os_error = error}},
                   {}, path);
  }
}

}  // namespace rcopy::engine
