// SPDX-License-Identifier: MIT
//
// O_DIRECT goes past the page cache; some file systems refuse it in open(), some take it there and refuse it in
// read().
#include "engine/medium_hash.hpp"

#include "engine/block_reader.hpp"
#include "engine/data_finder.hpp"
#include "engine/interrupted.hpp"
#include "io/calls.hpp"

#include <algorithm>
#include <cerrno>

namespace rcopy::engine {
namespace {

/// Up to `end_bytes`, or until stop is requested.
void hash_hole(hash::Hasher& hasher, std::uint64_t end_bytes, const HashPlan& plan, const std::stop_token& stop) {
  while (hasher.bytes() < end_bytes && !stop.stop_requested()) {
    hasher.update_zeros(std::min(kHoleStepBytes, end_bytes - hasher.bytes()));
    if (plan.counter != nullptr) *plan.counter = hasher.bytes();
  }
}

}  // namespace

hash::Digest hash_blocks(io::File& file, const HashPlan& plan, const std::stop_token& stop) {
  hash::Hasher hasher;
  DataFinder data{file};
  const bool sparse = looks_sparse(io::stat(file));
  BlockReader blocks{reads_of(file), {.range = {.begin_bytes = 0, .end_bytes = plan.total_bytes},
                                      .bytes_per_second = plan.bytes_per_second,
                                      .data = sparse ? &data : nullptr}};
  const std::stop_callback on_stop{stop, [&] { blocks.cancel(); }};
  while (const auto block = blocks.next()) {
    if (sparse) hash_hole(hasher, block->offset_bytes, plan, stop);
    hasher.update(block->data);
    if (plan.counter != nullptr) *plan.counter = hasher.bytes();
    blocks.give_back();
  }
  if (sparse) hash_hole(hasher, plan.total_bytes, plan, stop);
  if (stop.stop_requested()) throw interrupted("verify", file.path());
  return hasher.digest();
}

std::optional<hash::Digest> hash_small(io::File& file, std::uint64_t total_bytes, std::span<std::byte> buffer) {
  hash::Hasher hasher;
  while (hasher.bytes() < total_bytes) {
    const std::uint64_t left = total_bytes - hasher.bytes();
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left));
    const std::size_t got = io::read_at_least(file, buffer.first(io::whole_sectors(wanted)), wanted, hasher.bytes());
    if (got < wanted || got > left) return std::nullopt;
    hasher.update(buffer.first(got));
  }
  return hasher.digest();
}

std::optional<hash::Digest> hash_past_cache(io::Directory& directory, const io::Name& name, const HashFile& hash,
                                            const std::function<void()>& refused) {
  try {
    const auto direct = io::open_direct(directory, name, io::OpenMode::read_direct);
    if (direct) return hash(*direct);
  } catch (const Error& error) {
    if (error.info().os_error != EINVAL) throw;
  }
  refused();
  const auto cached = io::open(directory, name, io::OpenMode::read_back);
  return hash(*cached);
}

}  // namespace rcopy::engine
