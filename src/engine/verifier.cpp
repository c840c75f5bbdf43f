// SPDX-License-Identifier: MIT
//
// O_DIRECT goes past the page cache; a file system without it gets its clean pages dropped, which
// is the next best thing and is said.
#include "engine/verifier.hpp"

#include "engine/data_finder.hpp"
#include "engine/identity.hpp"
#include "engine/interrupted.hpp"

#include <algorithm>
#include <cerrno>

namespace rcopy::engine {
namespace {

void check_same(io::File& opened, Partial& partial, const Place& place) {
  if (same_file(io::stat(opened), io::stat(partial.file()))) return;
  throw Error{{.code = ErrorCode::io,
               .operation = "read back",
               .path = place.partial_path(),
               .reason = "another file took its name while it was copied"}};
}

/// Up to `end_bytes`, or until stop is requested.
void hash_hole(hash::Hasher& hasher, std::uint64_t end_bytes, Counters& counters, const std::stop_token& stop) {
  while (hasher.bytes() < end_bytes && !stop.stop_requested()) {
    hasher.update_zeros(std::min(kHoleStepBytes, end_bytes - hasher.bytes()));
    counters.verified_bytes = hasher.bytes();
  }
}

hash::Digest hash_all(io::File& file, const ReadBack& what, const Place& place, Counters& counters,
                      const std::stop_token& stop) {
  hash::Hasher hasher;
  // All of it was synced, so that the holes are on the medium too.
  DataFinder data{file};
  const bool sparse = looks_sparse(io::stat(file));
  BlockReader blocks{reads_of(file), {.range = {.begin_bytes = 0, .end_bytes = what.total_bytes},
                                      .bytes_per_second = what.bytes_per_second,
                                      .data = sparse ? &data : nullptr}};
  const std::stop_callback on_stop{stop, [&] { blocks.cancel(); }};
  while (const auto block = blocks.next()) {
    if (sparse) hash_hole(hasher, block->offset_bytes, counters, stop);
    hasher.update(block->data);
    counters.verified_bytes = hasher.bytes();
    blocks.give_back();
  }
  if (sparse) hash_hole(hasher, what.total_bytes, counters, stop);
  if (stop.stop_requested()) throw interrupted("verify", place.partial_path());
  return hasher.digest();
}

}  // namespace

void drop_cache(const Place& place, Partial& partial) {
  if (const int error = partial.file().drop_cache({}); error != 0) {
    io::fail("drop the page cache of", place.partial_path(), error);
  }
}

std::optional<hash::Digest> read_back(const Place& place, Partial& partial, const ReadBack& what,
                                      EventSink& events, const std::stop_token& stop) {
  const auto hash_file = [&](io::File& file) -> std::optional<hash::Digest> {
    check_same(file, partial, place);
    const io::Stat found = io::stat(file);
    const bool fits = is_device(found) ? found.size_bytes >= what.total_bytes : found.size_bytes == what.total_bytes;
    if (!fits) return std::nullopt;
    return hash_all(file, what, place, events.counters(), stop);
  };
  if (stop.stop_requested()) throw interrupted("verify", place.partial_path());
  partial.check_named("read back");  // it is opened by its name
  if (what.how == Verify::medium) {
    // Also before direct reads: some file systems (compressed btrfs) serve those from the cache.
    drop_cache(place, partial);
    try {
      const auto direct = io::open_direct(*place.directory, place.partial_name, io::OpenMode::read_direct);
      if (direct) return hash_file(*direct);
    } catch (const Error& error) {
      // Some file systems take O_DIRECT in open() and refuse it in read().
      if (error.info().os_error != EINVAL) throw;
    }
    events.emit(Notice{
        .path = place.path(),
        .text = "the file system refuses direct reads; the page cache was dropped before reading back"});
  }
  const auto cached = io::open(*place.directory, place.partial_name, io::OpenMode::read_back);
  return hash_file(*cached);
}

std::optional<std::uint64_t> first_difference(UncachedReader& source, UncachedReader& partial, const ReadPlan& plan,
                                              const std::stop_token& stop) {
  BlockReader ours{[&](auto... call) { return source.read(call...); }, plan};
  BlockReader theirs{[&](auto... call) { return partial.read(call...); }, plan};
  while (const auto a = ours.next()) {
    if (stop.stop_requested()) return std::nullopt;
    const auto b = theirs.next();
    const auto [in_a, in_b] = std::ranges::mismatch(a->data, b->data);
    const bool same = in_a == a->data.end() && in_b == b->data.end();
    if (!same) return a->offset_bytes + static_cast<std::uint64_t>(in_a - a->data.begin());
    ours.give_back();
    theirs.give_back();
  }
  return std::nullopt;
}

}  // namespace rcopy::engine
