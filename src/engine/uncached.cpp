// SPDX-License-Identifier: MIT
#include "engine/uncached.hpp"

#include "io/calls.hpp"
#include "io/memory.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace rcopy::engine {
namespace {

/// A file larger than this part of the memory would push out what others have cached.
constexpr std::uint64_t kLargePart = 8;

/// Past the page cache each write waits for the medium.
constexpr std::size_t kLeastDirectBytes = std::size_t{64} << 10U;

/// Where a file system has no holes, zeros are written in such pieces.
constexpr std::size_t kZerosBytes = std::size_t{64} << 10U;

/// Some file systems take O_DIRECT in open() and refuse it later.
bool refuses_direct(const Error& error) { return error.info().os_error == EINVAL; }

/// Piece by piece from the end, where a file that is cached in part is most likely not. All or nothing:
/// reading a part through the cache makes the kernel read ahead into the next one.
bool is_all_cached(io::File& file) {
  constexpr std::uint64_t kPiece = std::uint64_t{64} << 20U;
  for (std::uint64_t end = io::stat(file).size_bytes; end > 0; end -= std::min(end, kPiece)) {
    const std::uint64_t begin = end - std::min(end, kPiece);
    if (!io::is_cached(file, {.offset_bytes = begin, .length_bytes = end - begin})) return false;
  }
  return true;
}

/// Whole pages that are all zeros, or that all are not.
struct Run {
  std::size_t size_bytes = 0;
  bool zeros = false;
};

bool is_zeros(std::span<const std::byte> page) {
  return page.front() == std::byte{0} && std::memcmp(page.data(), page.data() + 1, page.size() - 1) == 0;
}

Run first_run(std::span<const std::byte> data) {
  Run run;
  while (run.size_bytes < data.size()) {
    const auto page = data.subspan(run.size_bytes, std::min(io::kDirectAlignment, data.size() - run.size_bytes));
    const bool zeros = is_zeros(page);
    if (run.size_bytes == 0) run.zeros = zeros;
    if (zeros != run.zeros) break;
    run.size_bytes += page.size();
  }
  return run;
}

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
  return same_file(io::stat(*direct), io::stat(cached)) ? std::move(direct) : nullptr;
}

UncachedReader::UncachedReader(io::File& cached, std::unique_ptr<io::File> direct, Pages pages)
    : cached_{cached},
      direct_{std::move(direct)},
      pages_{pages},
      all_cached_{pages == Pages::keep || is_all_cached(cached)},
      refused_{direct_ == nullptr} {
  if (refused_) read_only_what_is_asked();
}

/// The kernel's read-ahead brings in what is then taken for cached before. Advice, so no answer counts.
void UncachedReader::read_only_what_is_asked() {
  if (pages_ == Pages::drop_new) (void)cached_.expect_random();
}

std::size_t UncachedReader::read(std::span<std::byte> buffer, std::size_t wanted_bytes, std::uint64_t offset_bytes) {
  const auto wanted = buffer.first(wanted_bytes);
  if (all_cached_ || refused_) return read_cached(wanted, offset_bytes);
  try {
    return io::read_at_least(*direct_, buffer, wanted_bytes, offset_bytes);
  } catch (const Error& error) {
    if (!refuses_direct(error)) throw;
  }
  refused_ = true;
  read_only_what_is_asked();
  return read_cached(wanted, offset_bytes);
}

std::size_t UncachedReader::read_cached(std::span<std::byte> wanted, std::uint64_t offset_bytes) {
  const io::Extent extent{.offset_bytes = offset_bytes, .length_bytes = wanted.size()};
  const bool drop = pages_ == Pages::drop_all || (pages_ == Pages::drop_new && !io::is_cached(cached_, extent));
  const std::size_t got = io::read_full(cached_, wanted, offset_bytes);
  // Only a courtesy to others: a file system that keeps its pages fails nothing.
  if (drop) (void)cached_.drop_cache(extent);
  return got;
}

UncachedWriter::UncachedWriter(io::File& cached, std::unique_ptr<io::File> direct, Zeros zeros)
    : cached_{cached}, direct_{std::move(direct)}, zeros_{zeros}, old_bytes_{io::stat(cached).size_bytes} {}

void UncachedWriter::write(std::span<const std::byte> data, std::uint64_t offset_bytes) {
  if (zeros_ == Zeros::write) return write_run(data, offset_bytes);
  std::size_t done = 0;
  bool ends_with_data = true;
  while (done < data.size()) {
    const Run run = first_run(data.subspan(done));
    const std::uint64_t begin_bytes = offset_bytes + done;
    done += run.size_bytes;
    if (run.zeros) clear_old(begin_bytes, offset_bytes + done);
    else write_run(data.subspan(begin_bytes - offset_bytes, run.size_bytes), begin_bytes);
    ends_with_data = !run.zeros;
  }
  if (!ends_with_data) extend_to(offset_bytes + data.size());
}

void UncachedWriter::make_hole(std::uint64_t begin_bytes, std::uint64_t end_bytes) {
  clear_old(begin_bytes, end_bytes);
  extend_to(end_bytes);
}

void UncachedWriter::extend_to(std::uint64_t end_bytes) {
  if (end_bytes > old_bytes_) io::truncate(cached_, end_bytes);
}

void UncachedWriter::clear_old(std::uint64_t begin_bytes, std::uint64_t end_bytes) {
  end_bytes = std::min(end_bytes, old_bytes_);
  if (begin_bytes >= end_bytes) return;
  const io::Extent extent{.offset_bytes = begin_bytes, .length_bytes = end_bytes - begin_bytes};
  if (io::punch_hole(cached_, extent)) return;
  static constexpr std::array<std::byte, kZerosBytes> kZeros{};
  for (std::uint64_t done = 0; done < extent.length_bytes;) {
    const std::uint64_t step = std::min<std::uint64_t>(kZeros.size(), extent.length_bytes - done);
    io::write_full(cached_, std::span{kZeros}.first(step), extent.offset_bytes + done);
    done += step;
  }
}

void UncachedWriter::write_run(std::span<const std::byte> data, std::uint64_t offset_bytes) {
  // Small pieces between holes go together only in the page cache.
  if (direct_ && data.size() >= kLeastDirectBytes && data.size() % io::kDirectAlignment == 0) {
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
