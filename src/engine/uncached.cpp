// SPDX-License-Identifier: MIT
#include "engine/uncached.hpp"

#include "io/calls.hpp"
#include "io/memory.hpp"

#include <cerrno>

namespace rcopy::engine {
namespace {

/// A file larger than this part of the memory would push out what others have cached.
constexpr std::uint64_t kLargePart = 8;

/// Some file systems take O_DIRECT in open() and refuse it later.
bool refuses_direct(const Error& error) { return error.info().os_error == EINVAL; }

}  // namespace

Pages pages_for(Cache cache, std::uint64_t total_bytes) {
  switch (cache) {
    case Cache::keep: return Pages::keep;
    case Cache::drop: return Pages::drop_all;
    case Cache::automatic: break;
  }
  return total_bytes > io::memory_bytes() / kLargePart ? Pages::drop_new : Pages::keep_new;
}

std::unique_ptr<io::File> open_uncached(const FileName& name, io::File& cached, io::OpenMode mode) {
  auto direct = io::open_direct(name.directory, name.name, mode);
  if (!direct) return nullptr;
  const io::Stat ours = io::stat(*direct);
  const io::Stat theirs = io::stat(cached);
  if (ours.inode != theirs.inode || ours.device != theirs.device) return nullptr;
  return direct;
}

UncachedReader::UncachedReader(io::File& cached, std::unique_ptr<io::File> direct, Pages pages)
    : cached_{cached}, direct_{std::move(direct)}, pages_{pages}, refused_{direct_ == nullptr} {
  if (refused_) read_only_what_is_asked();
}

/// The kernel's read-ahead brings in what is then taken for cached before. Advice, so no answer counts.
void UncachedReader::read_only_what_is_asked() {
  if (pages_ == Pages::drop_new) (void)cached_.expect_random();
}

std::size_t UncachedReader::read(std::span<std::byte> buffer, std::size_t wanted_bytes, std::uint64_t offset_bytes) {
  const auto wanted = buffer.first(wanted_bytes);
  if (pages_ == Pages::keep) return io::read_full(cached_, wanted, offset_bytes);
  const bool was_cached = io::is_cached(cached_, {.offset_bytes = offset_bytes, .length_bytes = wanted_bytes});
  if (was_cached || refused_) return read_cached(wanted, offset_bytes, was_cached);
  try {
    return io::read_at_least(*direct_, buffer, wanted_bytes, offset_bytes);
  } catch (const Error& error) {
    if (!refuses_direct(error)) throw;
  }
  refused_ = true;
  read_only_what_is_asked();
  return read_cached(wanted, offset_bytes, was_cached);
}

std::size_t UncachedReader::read_cached(std::span<std::byte> wanted, std::uint64_t offset_bytes, bool was_cached) {
  const std::size_t got = io::read_full(cached_, wanted, offset_bytes);
  const bool drop = pages_ == Pages::drop_all || (pages_ == Pages::drop_new && !was_cached);
  // Only a courtesy to others: a file system that keeps its pages fails nothing.
  if (drop) (void)cached_.drop_cache({.offset_bytes = offset_bytes, .length_bytes = wanted.size()});
  return got;
}

void UncachedWriter::write(std::span<const std::byte> data, std::uint64_t offset_bytes) {
  if (direct_ && data.size() % io::kDirectAlignment == 0) {
    try {
      return io::write_full(*direct_, data, offset_bytes);
    } catch (const Error& error) {
      if (!refuses_direct(error)) throw;
    }
    direct_ = nullptr;
  }
  io::write_full(cached_, data, offset_bytes);
}

}  // namespace rcopy::engine
