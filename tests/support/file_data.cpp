// SPDX-License-Identifier: MIT
//
// Pages are never changed in place, so that the three views share them. Bytes of a page behind
// the end of the file are always zeros.
#include "support/file_data.hpp"

#include <algorithm>
#include <cstring>
#include <set>

namespace rcopy::test {
namespace {

constexpr std::uint64_t kPage = FileData::kPageBytes;

std::uint64_t pages_for(std::uint64_t bytes) {
  return bytes / kPage + (bytes % kPage != 0 ? 1 : 0);
}

/// With memcmp, for every byte written comes through here.
bool all_zero(std::span<const std::byte> bytes) {
  return bytes.empty() || (bytes.front() == std::byte{0} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

void FileData::generate(std::uint64_t size_bytes, Generator generator) {
  generator_ = std::move(generator);
  generated_bytes_ = size_bytes_ = durable_size_bytes_ = size_bytes;
}

std::uint64_t FileData::size_bytes(View view) const {
  return view == View::durable ? durable_size_bytes_ : size_bytes_;
}

std::uint64_t FileData::allocated_bytes() const {
  return (stored_pages_ + pages_for(generated_bytes_)) * kPage;
}

FileData::PagePtr FileData::generated(std::uint64_t index) const {
  if (!is_generated(index)) return nullptr;
  const auto fresh = std::make_shared<Page>();
  const std::uint64_t begin = index * kPage;
  generator_(begin, std::span{*fresh}.first(std::min(kPage, generated_bytes_ - begin)));
  return fresh;
}

FileData::PagePtr FileData::page(View view, std::uint64_t index) const {
  if (view == View::cached) {
    if (const auto found = cache_.find(index); found != cache_.end()) return found->second.bytes;
  }
  if (view == View::durable) {
    if (const auto found = durable_.find(index); found != durable_.end()) return found->second;
  }
  if (const auto found = medium_.find(index); found != medium_.end()) return found->second;
  return generated(index);
}

bool FileData::is_stored(std::uint64_t index) const {
  if (const auto found = cache_.find(index); found != cache_.end())
    return found->second.bytes != nullptr;
  const auto found = medium_.find(index);
  return found != medium_.end() && found->second != nullptr;
}

void FileData::recount() {
  stored_pages_ = 0;
  for (const auto& [index, cached] : cache_) stored_pages_ += cached.bytes ? 1U : 0U;
  for (const auto& [index, bytes] : medium_)
    stored_pages_ += bytes && !cache_.contains(index) ? 1U : 0U;
}

void FileData::peek(View view, std::uint64_t offset_bytes, std::span<std::byte> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::uint64_t begin = (offset_bytes + done) % kPage;
    const auto part = out.subspan(done, std::min<std::size_t>(kPage - begin, out.size() - done));
    if (const PagePtr bytes = page(view, (offset_bytes + done) / kPage)) {
      std::copy_n(bytes->begin() + static_cast<std::ptrdiff_t>(begin), part.size(), part.begin());
    } else {
      std::fill(part.begin(), part.end(), std::byte{0});
    }
    done += part.size();
  }
}

void FileData::read(std::uint64_t offset_bytes, std::span<std::byte> out) {
  const auto end = medium_.lower_bound(pages_for(offset_bytes + out.size()));
  for (auto at = medium_.lower_bound(offset_bytes / kPage); at != end; ++at) {
    cache_.try_emplace(at->first, CachedPage{.bytes = at->second});
  }
  peek(View::cached, offset_bytes, out);
}

FileData::PagePtr FileData::changed(const PagePtr& old, std::uint64_t begin,
                                    std::span<const std::byte> data) {
  if (data.size() == kPage) {
    if (all_zero(data)) return nullptr;
    const auto whole = std::make_shared_for_overwrite<Page>();
    std::copy(data.begin(), data.end(), whole->begin());
    return whole;
  }
  const auto fresh = old ? std::make_shared<Page>(*old) : std::make_shared<Page>();
  std::copy(data.begin(), data.end(), fresh->begin() + static_cast<std::ptrdiff_t>(begin));
  if (all_zero(*fresh)) return nullptr;
  return fresh;
}

FileData::PagePtr FileData::cut(const PagePtr& old, std::uint64_t begin) {
  if (!old) return nullptr;
  const Page zeros{};
  return changed(old, begin, std::span{zeros}.first(kPage - begin));
}

FileData::PagePtr FileData::flipped(const PagePtr& old, std::uint64_t begin) {
  const std::byte byte = (old ? (*old)[begin] : std::byte{0}) ^ std::byte{1};
  return changed(old, begin, std::span{&byte, 1});
}

void FileData::set_dirty(std::uint64_t index, PagePtr bytes) {
  const auto found = cache_.find(index);
  if (found != cache_.end()) {
    found->second.bytes = std::move(bytes);
    found->second.dirty = true;
  } else if (bytes || medium_.contains(index) || is_generated(index)) {
    cache_.emplace(index, CachedPage{.bytes = std::move(bytes), .dirty = true});
  }
}

std::size_t FileData::write(std::uint64_t offset_bytes, std::span<const std::byte> data,
                            std::uint64_t new_pages) {
  std::size_t done = 0;
  while (done < data.size()) {
    const std::uint64_t index = (offset_bytes + done) / kPage;
    const std::uint64_t begin = (offset_bytes + done) % kPage;
    const auto part = data.subspan(done, std::min<std::size_t>(kPage - begin, data.size() - done));
    const bool was_stored = is_stored(index);
    PagePtr fresh =
        changed(part.size() == kPage ? nullptr : page(View::cached, index), begin, part);
    if (fresh && !was_stored) {
      if (new_pages == 0) break;
      --new_pages;
      ++stored_pages_;
    }
    if (!fresh && was_stored) --stored_pages_;
    set_dirty(index, std::move(fresh));
    done += part.size();
  }
  if (done > 0) size_bytes_ = std::max(size_bytes_, offset_bytes + done);
  return done;
}

void FileData::truncate(std::uint64_t size_bytes) {
  if (size_bytes < size_bytes_) {
    const std::uint64_t first_gone = pages_for(size_bytes);
    if (size_bytes % kPage != 0) {
      const std::uint64_t last = size_bytes / kPage;
      set_dirty(last, cut(page(View::cached, last), size_bytes % kPage));
    }
    for (auto at = medium_.lower_bound(first_gone); at != medium_.end(); ++at)
      cache_.try_emplace(at->first);
    for (auto at = cache_.lower_bound(first_gone); at != cache_.end(); ++at) {
      at->second = {.bytes = nullptr, .dirty = true, .truncated = true};
    }
    generated_bytes_ = std::min(generated_bytes_, size_bytes);
    recount();
  }
  size_bytes_ = size_bytes;
  sizes_since_sync_.push_back(size_bytes);
}

bool FileData::dirty() const {
  return size_bytes_ != durable_size_bytes_ ||
         std::any_of(cache_.begin(), cache_.end(),
                     [](const auto& entry) { return entry.second.dirty; });
}

bool FileData::dirty_at(std::uint64_t offset_bytes) const {
  const auto found = cache_.find(offset_bytes / kPage);
  return found != cache_.end() && found->second.dirty;
}

void FileData::set_medium(std::uint64_t index, PagePtr bytes) {
  if (bytes || is_generated(index)) {
    medium_[index] = std::move(bytes);
  } else {
    medium_.erase(index);
  }
}

void FileData::write_back(std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  const auto end = cache_.lower_bound(pages_for(offset_bytes + length_bytes));
  for (auto at = cache_.lower_bound(offset_bytes / kPage); at != end; ++at) {
    auto& [index, cached] = *at;
    if (!cached.dirty) continue;
    durable_.try_emplace(index, page(View::medium, index));
    set_medium(index, cached.bytes);
    cached.dirty = false;
  }
}

void FileData::sync() {
  for (auto at = cache_.begin(); at != cache_.end();) {
    auto& [index, cached] = *at;
    if (cached.dirty) set_medium(index, cached.bytes);
    cached.dirty = cached.truncated = false;
    // A clean page of zeros over nothing need not be remembered.
    const bool idle = !cached.bytes && !medium_.contains(index) && !is_generated(index);
    at = idle ? cache_.erase(at) : std::next(at);
  }
  durable_.clear();
  durable_size_bytes_ = size_bytes_;
  sizes_since_sync_.clear();
}

void FileData::lose_write_back() {
  for (auto& [index, cached] : cache_) cached.dirty = cached.truncated = false;
}

void FileData::drop_clean(std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  const auto [begin, end] = page_range(offset_bytes, length_bytes);
  std::erase_if(cache_, [begin = begin, end = end](const auto& entry) {
    return !entry.second.dirty && entry.first >= begin && entry.first < end;
  });
  recount();
}

bool FileData::is_cached(std::uint64_t offset_bytes, std::uint64_t length_bytes) const {
  const auto [begin, end] = page_range(offset_bytes, length_bytes);
  for (std::uint64_t index = begin; index < end; ++index) {
    if (!cache_.contains(index) && page(View::medium, index)) return false;
  }
  return true;
}

std::pair<std::uint64_t, std::uint64_t> FileData::page_range(std::uint64_t offset_bytes,
                                                             std::uint64_t length_bytes) const {
  const std::uint64_t end = length_bytes == 0 ? size_bytes_ : offset_bytes + length_bytes;
  return {offset_bytes / kPage, pages_for(std::min(end, size_bytes_))};
}

void FileData::cut_medium(std::uint64_t size_bytes) {
  medium_.erase(medium_.lower_bound(pages_for(size_bytes)), medium_.end());
  generated_bytes_ = std::min(generated_bytes_, size_bytes);
  if (size_bytes % kPage != 0) {
    const std::uint64_t last = size_bytes / kPage;
    set_medium(last, cut(page(View::medium, last), size_bytes % kPage));
  }
}

void FileData::cut_power(const Choose& choose) {
  std::set<std::uint64_t> unsure;
  for (const auto& [index, cached] : cache_) {
    if (cached.dirty || cached.truncated) unsure.insert(index);
  }
  for (const auto& [index, bytes] : durable_) unsure.insert(index);
  std::map<std::uint64_t, PagePtr> left;
  for (const std::uint64_t index : unsure) {
    std::vector<PagePtr> states{page(View::durable, index)};
    if (durable_.contains(index)) states.push_back(page(View::medium, index));
    if (const auto found = cache_.find(index); found != cache_.end()) {
      if (found->second.dirty) states.push_back(found->second.bytes);
      if (found->second.truncated) states.push_back(nullptr);
    }
    left[index] = states[choose(states.size())];
  }
  for (auto& [index, bytes] : left) set_medium(index, std::move(bytes));

  std::vector<std::uint64_t> sizes{durable_size_bytes_, size_bytes_};
  sizes.insert(sizes.end(), sizes_since_sync_.begin(), sizes_since_sync_.end());
  size_bytes_ = durable_size_bytes_ = sizes[choose(sizes.size())];
  sizes_since_sync_.clear();
  cache_.clear();
  durable_.clear();
  cut_medium(size_bytes_);
  recount();
}

void FileData::flip(std::uint64_t offset_bytes) {
  const std::uint64_t index = offset_bytes / kPage;
  const std::uint64_t begin = offset_bytes % kPage;
  const PagePtr durable = flipped(page(View::durable, index), begin);
  set_medium(index, flipped(page(View::medium, index), begin));
  if (const auto found = durable_.find(index); found != durable_.end()) found->second = durable;
  if (const auto found = cache_.find(index); found != cache_.end()) {
    found->second.bytes = flipped(found->second.bytes, begin);
  }
  recount();
}

void FileData::flip_on_medium(std::uint64_t offset_bytes) {
  const std::uint64_t index = offset_bytes / kPage;
  set_medium(index, flipped(page(View::medium, index), offset_bytes % kPage));
  recount();
}

}  // namespace rcopy::test
