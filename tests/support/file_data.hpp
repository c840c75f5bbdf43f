// SPDX-License-Identifier: MIT
//
// The bytes of one file of a MemoryDisk, page by page, in three views: what the page cache shows,
// what the medium holds, and what a power cut would leave. Not thread-safe: the disk's lock
// protects it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace rcopy::test {

enum class View {
  cached,   ///< what read(2) gives now
  medium,   ///< what the device holds, less what its write cache would lose: what O_DIRECT gives
  durable,  ///< what is there after a power cut that loses everything not synced
};

/// Fills `out` with the content from `offset_bytes` on. Must always give the same bytes.
using Generator = std::function<void(std::uint64_t offset_bytes, std::span<std::byte> out)>;

/// Picks one of `options` outcomes; 0 is the durable one. Decides what a power cut leaves.
using Choose = std::function<std::size_t(std::size_t options)>;

class FileData {
 public:
  static constexpr std::uint64_t kPageBytes = 4096;

  /// Durable content of any size that takes no memory. Only for an empty file.
  void generate(std::uint64_t size_bytes, Generator generator);

  [[nodiscard]] std::uint64_t size_bytes(View view = View::cached) const;
  [[nodiscard]] std::uint64_t stored_pages() const {
    return stored_pages_;
  }  ///< pages that hold data
  [[nodiscard]] std::uint64_t allocated_bytes() const;

  /// Fills all of `out`; zeros past the end.
  void peek(View view, std::uint64_t offset_bytes, std::span<std::byte> out) const;
  /// As peek(View::cached), and what came from the medium is in the cache from then on.
  void read(std::uint64_t offset_bytes, std::span<std::byte> out);

  /// Writes until the data ends or more than `new_pages` would be needed; gives the bytes written.
  [[nodiscard]] std::size_t write(std::uint64_t offset_bytes, std::span<const std::byte> data,
                                  std::uint64_t new_pages);
  void truncate(std::uint64_t size_bytes);

  [[nodiscard]] bool dirty() const;
  [[nodiscard]] bool dirty_at(std::uint64_t offset_bytes) const;
  /// Dirty pages in the range go to the medium, but a power cut can still lose them.
  void write_back(std::uint64_t offset_bytes, std::uint64_t length_bytes);
  /// Data and size become durable.
  void sync();
  /// Write-back fails as on Linux: dirty pages are called clean although the medium never got them.
  void lose_write_back();
  /// Clean pages of the range leave the cache; a length of 0 means to the end.
  void drop_clean(std::uint64_t offset_bytes = 0, std::uint64_t length_bytes = 0);
  /// Whether every page of the range that holds data is in the cache; a length of 0 means to the end.
  [[nodiscard]] bool is_cached(std::uint64_t offset_bytes, std::uint64_t length_bytes) const;
  /// The power goes: for each page and for the size, `choose` says which of its states is left.
  void cut_power(const Choose& choose);

  /// Inverts the lowest bit of one byte, in all views or on the medium only.
  void flip(std::uint64_t offset_bytes);
  void flip_on_medium(std::uint64_t offset_bytes);

 private:
  using Page = std::array<std::byte, kPageBytes>;
  using PagePtr = std::shared_ptr<const Page>;  ///< nothing: a page of zeros
  struct CachedPage {
    PagePtr bytes;
    bool dirty = false;
    bool truncated = false;  ///< zeros are a possible state of it after a power cut
  };

  [[nodiscard]] PagePtr page(View view, std::uint64_t index) const;
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> page_range(std::uint64_t offset_bytes,
                                                                   std::uint64_t length_bytes) const;
  [[nodiscard]] PagePtr generated(std::uint64_t index) const;
  [[nodiscard]] bool is_generated(std::uint64_t index) const {
    return index * kPageBytes < generated_bytes_;
  }
  [[nodiscard]] bool is_stored(std::uint64_t index) const;
  [[nodiscard]] static PagePtr changed(const PagePtr& old, std::uint64_t begin,
                                       std::span<const std::byte> data);
  [[nodiscard]] static PagePtr cut(const PagePtr& old, std::uint64_t begin);
  [[nodiscard]] static PagePtr flipped(const PagePtr& old, std::uint64_t begin);
  void set_dirty(std::uint64_t index, PagePtr bytes);
  void set_medium(std::uint64_t index, PagePtr bytes);
  void cut_medium(std::uint64_t size_bytes);
  void recount();

  std::uint64_t size_bytes_ = 0;
  std::uint64_t durable_size_bytes_ = 0;
  std::vector<std::uint64_t> sizes_since_sync_;
  std::map<std::uint64_t, CachedPage> cache_;
  std::map<std::uint64_t, PagePtr> medium_;   ///< where missing: generated, or zeros
  std::map<std::uint64_t, PagePtr> durable_;  ///< only where it differs from the medium
  Generator generator_;
  std::uint64_t generated_bytes_ = 0;
  std::uint64_t stored_pages_ = 0;
};

}  // namespace rcopy::test
