// SPDX-License-Identifier: MIT
#include "engine/content_hash.hpp"

#include "engine/interrupted.hpp"
#include "engine/pace.hpp"

#include <algorithm>

namespace rcopy::engine {

hash::Digest hash_content(const Run& run, const FileName& file, std::span<std::byte> buffer) {
  const auto cached = io::open(file.directory, file.name, io::OpenMode::read_back);
  const std::uint64_t size_bytes = io::stat(*cached).size_bytes;
  const Pages pages = pages_for(run.options.cache, size_bytes);
  auto direct = pages == Pages::keep ? nullptr : open_uncached(file, *cached, io::OpenMode::read_direct);
  UncachedReader reader{*cached, std::move(direct), pages};
  Pace pace{run.options.bytes_per_second};
  hash::Hasher hasher;
  while (hasher.bytes() < size_bytes) {
    if (run.stop.stop_requested()) throw interrupted("read back", cached->path());
    const std::uint64_t left = size_bytes - hasher.bytes();
    const std::size_t wanted = pace.piece(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left)));
    const auto sectors = buffer.first(io::whole_sectors(wanted));
    const std::size_t got = std::min(wanted, reader.read(sectors, wanted, hasher.bytes()));
    if (got < wanted) {
      throw Error{{.code = ErrorCode::io,
                   .operation = "read back",
                   .path = cached->path(),
                   .reason = "it got shorter while it was read"}};
    }
    hasher.update(buffer.first(got));
    pace.spend(got, run.stop);
  }
  return hasher.digest();
}

}  // namespace rcopy::engine
