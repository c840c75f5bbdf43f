// SPDX-License-Identifier: MIT
//
// A file system without O_DIRECT gets its clean pages dropped, which is the next best thing and is said.
#include "engine/verifier.hpp"

#include "engine/identity.hpp"
#include "engine/interrupted.hpp"
#include "engine/medium_hash.hpp"

#include <algorithm>

namespace rcopy::engine {
namespace {

void check_same(io::File& opened, Partial& partial, const Place& place) {
  if (same_file(io::stat(opened), io::stat(partial.file()))) return;
  throw Error{{.code = ErrorCode::io,
               .operation = "read back",
               .path = place.partial_path(),
               .reason = "another file took its name while it was copied"}};
}

}  // namespace

void drop_cache(const Place& place, Partial& partial) {
  if (const int error = partial.file().drop_cache({}); error != 0) {
    io::fail("drop the page cache of", place.partial_path(), error);
  }
}

std::optional<hash::Digest> read_back(const Place& place, Partial& partial, const ReadBack& what,
                                      EventSink& events, const std::stop_token& stop) {
  const HashFile hash_file = [&](io::File& file) -> std::optional<hash::Digest> {
    check_same(file, partial, place);
    const io::Stat found = io::stat(file);
    const bool fits = is_device(found) ? found.size_bytes >= what.total_bytes : found.size_bytes == what.total_bytes;
    if (!fits) return std::nullopt;
    // All of it was synced, so that the holes are on the medium too.
    return hash_blocks(file,
                       {.total_bytes = what.total_bytes,
                        .bytes_per_second = what.bytes_per_second,
                        .counter = &events.counters().verified_bytes},
                       stop);
  };
  if (stop.stop_requested()) throw interrupted("verify", place.partial_path());
  partial.check_named("read back");  // it is opened by its name
  if (what.how != Verify::medium) {
    const auto cached = io::open(*place.directory, place.partial_name, io::OpenMode::read_back);
    return hash_file(*cached);
  }
  // Also before direct reads: some file systems (compressed btrfs) serve those from the cache.
  drop_cache(place, partial);
  return hash_past_cache(*place.directory, place.partial_name, hash_file, [&] {
    events.emit(Notice{
        .path = place.path(),
        .text = "the file system refuses direct reads; the page cache was dropped before reading back"});
  });
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
