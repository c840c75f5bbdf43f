// SPDX-License-Identifier: MIT
//
// Reads and writes that leave the page cache as it was: a file that is cached is read from there, others
// past it (O_DIRECT). Where the file system refuses that, through the cache, and what was brought in is dropped
// again where the file is large. docs/performance.md says why this is also faster.
#pragma once

#include "io/file_system.hpp"

#include <rcopy/options.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

namespace rcopy::engine {

/// What becomes of the pages of one file that went through the cache.
enum class Pages {
  keep,          ///< all stay, and nothing goes past the cache
  drop_new,      ///< those that were not there before are dropped
  keep_new,      ///< those of a small file stay, where it had to go through the cache at all
  drop_all,      ///< none stays
};

/// `total_bytes` of a file, and what the user wants.
[[nodiscard]] Pages pages_for(Cache cache, std::uint64_t total_bytes);

struct FileName {
  io::Directory& directory;
  io::Name name;
};

/// A second descriptor of the file that `cached` has open under `name`, for O_DIRECT; null where there is
/// none: refused, not wanted, or the name means another file by now. Throws Error (io).
[[nodiscard]] std::unique_ptr<io::File> open_uncached(const FileName& name, io::File& cached, io::OpenMode mode);

class UncachedReader {
 public:
  /// `direct` may be null.
  UncachedReader(io::File& cached, std::unique_ptr<io::File> direct, Pages pages);

  /// As ReadCall. Throws Error (io).
  [[nodiscard]] std::size_t read(std::span<std::byte> buffer, std::size_t wanted_bytes, std::uint64_t offset_bytes);

  [[nodiscard]] const std::filesystem::path& path() const { return cached_.path(); }

 private:
  void read_only_what_is_asked();
  [[nodiscard]] std::size_t read_cached(std::span<std::byte> wanted, std::uint64_t offset_bytes);

  io::File& cached_;
  std::unique_ptr<io::File> direct_;
  Pages pages_;
  bool all_cached_;
  std::atomic<bool> refused_;
};

/// What to do with whole pages of zeros.
enum class Zeros {
  write,
  hole,  ///< they become one
};

class UncachedWriter {
 public:
  /// `direct` may be null. What `cached` holds now may be written over. Throws Error (io).
  UncachedWriter(io::File& cached, std::unique_ptr<io::File> direct, Zeros zeros);

  /// Writes all of it. `data` lies in memory that is aligned for direct writes. Throws Error: io, no_space.
  void write(std::span<const std::byte> data, std::uint64_t offset_bytes);

  /// Zeros from the one to the other, which take no space where the file system has holes; where the file
  /// ends before them, it gets as long. Throws Error: io, no_space.
  void make_hole(std::uint64_t begin_bytes, std::uint64_t end_bytes);

 private:
  void clear_old(std::uint64_t begin_bytes, std::uint64_t end_bytes);
  void extend_to(std::uint64_t end_bytes);
  void write_run(std::span<const std::byte> data, std::uint64_t offset_bytes);

  io::File& cached_;
  std::unique_ptr<io::File> direct_;
  Zeros zeros_;
  std::uint64_t old_bytes_;  ///< the file held so many
};

}  // namespace rcopy::engine
