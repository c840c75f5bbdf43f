// SPDX-License-Identifier: MIT
#include "engine/staged_file.hpp"

#include "engine/attributes.hpp"
#include "engine/data_finder.hpp"
#include "engine/identity.hpp"
#include "engine/limits.hpp"
#include "engine/medium_hash.hpp"
#include "engine/publish.hpp"
#include "engine/verifier.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace rcopy::engine {

bool can_be_batched(const Options& options) {
  return options.writing == Writing::beside && options.backup == Backup::none && options.ask == Ask::never &&
         options.reflink != Reflink::always && options.sparse != Sparse::always && options.bytes_per_second == 0 &&
         options.make == Make::copy && !options.expected_hash;
}

StagedFile::StagedFile(const Run& run, TreeDirectoryPtr directory, io::Entry entry)
    : run_{run}, directory_{std::move(directory)}, entry_{std::move(entry)} {}

std::unique_ptr<StagedFile> StagedFile::make(const Run& run, TreeDirectoryPtr directory, const io::Entry& entry,
                                             std::optional<io::Stat> existing, std::span<std::byte> buffer) {
  std::unique_ptr<StagedFile> staged{new StagedFile{run, std::move(directory), entry}};
  Source& source = staged->source_;
  source = source_in(*staged->directory_, entry.name, io::OpenMode::source);
  const bool sparse = looks_sparse(source.stat) && run.options.sparse == Sparse::automatic;
  if (source.stat.kind != io::FileKind::regular || source.stat.size_bytes > kSmallFileBytes || sparse) return nullptr;
  if (existing && same_file(*existing, source.stat)) return nullptr;
  staged->place_ = place_in(*staged->directory_, entry.name);
  staged->place_.existing = existing;
  check_replaceable(staged->place_, run.options);
  staged->partial_.emplace(run.fs, staged->place_, std::nullopt);
  try {
    staged->partial_->recreate();
    if (staged->write(buffer)) return staged;
  } catch (const Error&) {
    staged->discard();
    throw;
  }
  staged->discard();
  return nullptr;
}

/// False where the source changed meanwhile.
bool StagedFile::write(std::span<std::byte> buffer) {
  const std::uint64_t size = source_.stat.size_bytes;
  hash::Hasher hasher;
  shared_ = share_blocks();
  std::uint64_t at = 0;
  do {
    // A byte more than there should be, so that a file that grew, or says no size, is found.
    const auto asked = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - at + 1));
    const auto least = static_cast<std::size_t>(std::min<std::uint64_t>(asked, std::max<std::uint64_t>(size - at, 1)));
    const std::size_t got = io::read_at_least(*source_.file, buffer.first(asked), least, at);
    if (at + got > size || (got == 0 && at < size)) return false;
    const auto data = buffer.first(got);
    if (!shared_ && got != 0) io::write_full(partial_->file(), data, at);
    hasher.update(data);
    at += got;
  } while (at < size);
  digest_ = hasher.digest();
  set_attributes(run_.fs, partial_->file(), place_, source_, run_.options, run_.events);
  source_.file.reset();  // prove_and_publish() looks whether it changed
  if (!place_.fs.syncs_whole) sync();
  return true;
}

/// A file that is only read to be hashed then. Where the two file systems cannot, it is written.
bool StagedFile::share_blocks() {
  const bool may = run_.options.reflink != Reflink::never && place_.fs.shares_blocks &&
                   source_.stat.device == directory_->destination().stat().device;
  if (!may || source_.stat.size_bytes == 0) return false;
  return io::clone(partial_->file(), *source_.file) == 0;
}

void StagedFile::sync() { io::sync_all(partial_->file()); }

bool StagedFile::prove_and_publish(std::span<std::byte> buffer) {
  const auto named = io::find(*source_.directory, entry_.name);
  const bool unchanged = named && source_identity(*named, source_.fs) == source_identity(source_.stat, source_.fs);
  if (!unchanged || !holds_what_was_read(buffer)) {
    discard();
    return false;
  }
  rename_partial(place_, run_.options);
  published_ = true;
  return true;
}

bool StagedFile::holds_what_was_read(std::span<std::byte> buffer) {
  const Verify how = run_.options.verify;
  const std::uint64_t size = source_.stat.size_bytes;
  if (how != Verify::medium || size == 0) {
    partial_->check_named("publish");
    return how == Verify::none || size == 0 || hash_small(partial_->file(), size, buffer) == digest_;
  }
  if (!place_.fs.reads_past_cache) drop_cache(place_, *partial_);
  // Opened by its name, so that this is what gets the final one.
  const HashFile hash = [&](io::File& opened) -> std::optional<hash::Digest> {
    if (!same_file(io::stat(opened), partial_->locked())) return std::nullopt;
    return hash_small(opened, size, buffer);
  };
  const auto found = hash_past_cache(*place_.directory, place_.partial_name, hash, [&] {
    if (place_.fs.reads_past_cache) drop_cache(place_, *partial_);
    run_.events.notice_once(place_.path(),
                            "the file system refuses direct reads; the page cache is dropped before reading back");
  });
  return found == digest_;
}

void StagedFile::discard() noexcept {
  if (!partial_ || published_) return;
  try {
    partial_->remove();
  } catch (const Error&) {
    // What is left is found and replaced by whoever copies this file next.
  }
}

Staged::Done StagedFile::finish() {
  const io::Stat now = io::stat(partial_->file());  // first: GCC 12 frees the half of an aggregate twice on a throw
  Done done{.summary = {.source = directory_->source().shown() / entry_.name,
                        .destination = place_.path(),
                        .named = place_.named,
                        .found = Found::in_tree,
                        .outcome = Outcome::copied,
                        .method = shared_ ? Method::cloned : Method::copied,
                        .total_bytes = source_.stat.size_bytes,
                        .file_hash = digest_.hex(),
                        .verified = run_.options.verify},
            .source = source_.stat,
            .destination = now};
  io::close(partial_->file());
  return done;
}

}  // namespace rcopy::engine
