// SPDX-License-Identifier: MIT
#include "engine/medium_check.hpp"

#include "engine/data_finder.hpp"
#include "engine/failure.hpp"
#include "engine/identity.hpp"
#include "engine/interrupted.hpp"
#include "engine/limits.hpp"
#include "engine/medium_hash.hpp"
#include "io/calls.hpp"
#include "io/idle_priority.hpp"
#include "io/memory.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace rcopy::engine {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const char* reason) {
  throw Error{{.code = ErrorCode::io, .operation = "check", .path = path, .reason = reason}};
}

bool was_changed(const io::Stat& then, const io::Stat& now) {
  return !same_file(then, now) || then.size_bytes != now.size_bytes || then.mtime_ns != now.mtime_ns ||
         then.ctime_ns != now.ctime_ns;
}

}  // namespace

bool is_missing(const Error& error) {
  const int os_error = error.info().os_error;
  return os_error == ENOENT || os_error == ENOTDIR || error.code() == ErrorCode::not_mounted;
}

MediumCheck::MediumCheck(io::FileSystem& fs, const CheckOptions& options, CheckObserver& observer,
                         std::stop_token stop)
    : fs_{fs}, options_{options}, observer_{observer}, stop_{std::move(stop)} {}

void MediumCheck::run(const NextCheck& next) {
  Failure failure;
  {
    std::vector<std::jthread> workers;
    const unsigned jobs = options_.jobs == 0 ? kUsualJobs : options_.jobs;
    workers.reserve(jobs);
    try {
      while (workers.size() < jobs) {
        workers.emplace_back([&] { failure.guard([&] { work(next, failure.stopped()); }); });
      }
    } catch (const std::system_error&) {
      if (workers.empty()) throw;  // no thread to be had; with one the rest can wait
    }
  }
  failure.rethrow();
}

void MediumCheck::work(const NextCheck& next, const std::stop_token& ended) {
  // By each thread for itself: the kernel keeps it so.
  std::optional<io::IdlePriority> idle;
  if (options_.io_priority == IoPriority::idle) idle.emplace();
  const io::HugeBuffer memory{kBlockBytes};
  while (!ended.stop_requested()) {
    if (stop_.stop_requested()) throw interrupted("check", {});
    const auto task = take(next);
    if (!task) return;
    report(check(*task, memory.bytes()));
  }
}

std::optional<CheckTask> MediumCheck::take(const NextCheck& next) {
  const std::lock_guard lock{next_mutex_};
  return next();
}

void MediumCheck::report(const CheckedFile& file) {
  const std::lock_guard lock{report_mutex_};
  summary_.add(file);
  observer_.on_checked(file);
}

CheckedFile MediumCheck::check(const CheckTask& task, std::span<std::byte> buffer) {
  CheckedFile checked{.path = task.path, .expected_hash = task.expected ? task.expected->hex() : std::string{}};
  try {
    look_at(task, buffer, checked);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::interrupted) throw;
    checked.verdict = is_missing(error) ? Verdict::missing : Verdict::unreadable;
    checked.error = error;
  }
  return checked;
}

void MediumCheck::look_at(const CheckTask& task, std::span<std::byte> buffer, CheckedFile& checked) {
  const bool follow = task.links == io::Links::follow;
  const std::filesystem::path path = follow ? io::resolve(fs_, task.path) : task.path;
  const auto directory = io::open_directory(fs_, path.parent_path(), io::DirectoryUse::look_up);
  const FileName name{*directory, path.filename()};
  const auto named = io::find(*directory, name.name);
  if (!named) io::fail("find", task.path, ENOENT);
  const bool device = is_device(*named) && task.device_bytes != 0;
  if (named->kind != io::FileKind::regular && !device) refuse(task.path, "it is not a regular file");
  if (task.is_same && !task.is_same(*directory, *named)) {
    checked.verdict = Verdict::changed;
    return;
  }
  if (!task.expected) {
    checked.verdict = Verdict::no_hash;
    return;
  }
  const auto file = io::open(*directory, name.name, io::OpenMode::read_back);
  io::Stat found = io::stat(*file);
  // What was asked about is what had the name before.
  if (task.is_same && !device && was_changed(*named, found)) {
    checked.verdict = Verdict::changed;
    return;
  }
  if (device) found.size_bytes = std::min(found.size_bytes, task.device_bytes);
  const auto digest = read(name, *file, found, buffer);
  if (digest) {
    checked.found_hash = digest->hex();
    checked.total_bytes = found.size_bytes;
  }
  if (digest == task.expected) return;
  // Nothing tells when a device was written to.
  const bool written = !digest || (!device && was_changed(found, io::stat(*file)));
  if (written && (device || !task.is_same)) refuse(task.path, "it was changed while it was read");
  checked.verdict = written || device ? Verdict::changed : Verdict::different;
}

/// Nothing where it was changed meanwhile.
std::optional<hash::Digest> MediumCheck::read(const FileName& name, io::File& file, const io::Stat& found,
                               std::span<std::byte> buffer) {
  const auto drop = [&] {
    if (const int error = file.drop_cache({}); error != 0) io::fail("drop the page cache of", file.path(), error);
  };
  // Some file systems (compressed btrfs) serve direct reads from the cache.
  if (looks_sparse(found)) io::sync_data(file);  // so that its holes are those of the medium
  const bool drop_first = !io::file_system(name.directory).reads_past_cache;
  if (drop_first) drop();
  const HashFile hash = [&](io::File& opened) { return read_opened(opened, found, buffer); };
  return hash_past_cache(name.directory, name.name, hash, [&] {
    if (!drop_first) drop();
    if (!told_refused_.exchange(true)) {
      const std::lock_guard lock{report_mutex_};
      observer_.on_notice({.path = file.path(),
                           .text = "the file system refuses direct reads; the page cache is dropped before reading"});
    }
  });
}

/// Nothing where it is another file by now, or ended early.
std::optional<hash::Digest> MediumCheck::read_opened(io::File& file, const io::Stat& found,
                                                     std::span<std::byte> buffer) {
  if (!same_file(io::stat(file), found)) return std::nullopt;
  if (found.size_bytes <= kSmallFileBytes && !is_device(found)) return hash_small(file, found.size_bytes, buffer);
  const std::lock_guard one_at_a_time{large_mutex_};
  return hash_blocks(file, {.total_bytes = found.size_bytes}, stop_);
}

}  // namespace rcopy::engine
