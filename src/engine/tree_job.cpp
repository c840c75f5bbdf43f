// SPDX-License-Identifier: MIT
#include "engine/tree_job.hpp"

#include "engine/identity.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace rcopy::engine {
namespace {

std::uint64_t hash_of(std::span<const std::byte> bytes) {
  hash::Hasher hasher;
  hasher.update(bytes);
  const hash::Digest digest = hasher.digest();
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8U | digest.bytes.at(i);
  return value;
}

}  // namespace

std::uint64_t name_hash(const std::filesystem::path& relative) {
  return hash_of(std::as_bytes(std::span{relative.native()}));
}

std::uint64_t identity_hash(const io::Stat& stat, const io::FsInfo& fs) {
  const auto source = source_identity(stat, fs);
  // Another name of the same file, made or removed, changes the ctime.
  const std::int64_t ctime_ns = stat.links > 1 ? 0 : source.ctime_ns;
  const std::array<std::int64_t, 4> parts{static_cast<std::int64_t>(source.inode),
                                          static_cast<std::int64_t>(source.size_bytes), source.mtime_ns, ctime_ns};
  return hash_of(std::as_bytes(std::span{parts}));
}

TreeJob::TreeJob(journal::TreeCatalog* catalog, journal::TreeCatalog::Wanted wanted)
    : catalog_{catalog}, wanted_{std::move(wanted)} {}

void TreeJob::begin() {
  if (catalog_ == nullptr || id_ != 0) return;
  journal::TreeCatalog::Tree earlier = catalog_->begin(wanted_);
  id_ = earlier.id;
  unfinished_ = earlier.unfinished;
  finished_ = std::move(earlier.finished);
}

const journal::KnownFile* TreeJob::find_finished(const std::filesystem::path& relative, std::uint64_t source,
                                                 std::uint64_t destination) const {
  if (finished_.empty()) return nullptr;
  const journal::FinishedName wanted{name_hash(relative), source, destination};
  const auto name_of = [](const journal::KnownFile& file) { return file.name.name; };
  const auto at = std::ranges::lower_bound(finished_, wanted.name, {}, name_of);
  return at != finished_.end() && at->name == wanted ? &*at : nullptr;
}

void TreeJob::add(const std::filesystem::path& relative, journal::FinishedFile file) {
  if (catalog_ == nullptr) return;
  file.name.name = name_hash(relative);
  const std::lock_guard lock{mutex_};
  added_.push_back(std::move(file));
}

bool TreeJob::may_go_on(const std::filesystem::path& destination) {
  return catalog_ == nullptr || catalog_->has_unfinished(destination);
}

void TreeJob::failed() {
  const std::lock_guard lock{mutex_};
  failed_ = true;
}

void TreeJob::write() {
  std::vector<journal::FinishedFile> files;
  {
    const std::lock_guard lock{mutex_};
    files.swap(added_);
  }
  if (catalog_ != nullptr) catalog_->add(id_, files);
}

void TreeJob::end(Catalog entries) {
  write();
  using Earlier = journal::TreeCatalog::Earlier;
  if (catalog_ == nullptr || failed_) return;
  catalog_->complete(id_, entries == Catalog::keep ? Earlier::keep : Earlier::forget);
}

}  // namespace rcopy::engine
