// SPDX-License-Identifier: MIT
//
// What a disk with a volatile write cache was told, in order: writes and flushes. From such a log and
// the disk's first content comes the disk as a power cut at any moment leaves it. For lossy_disk.
// A log has one writer, which nobody else may use meanwhile.
#pragma once

#include "io/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace rcopy::test {

/// The smallest part of a write that is lost or kept as a whole. The blocks of all file systems here
/// have this size, and they count on a block of theirs being written whole.
inline constexpr std::uint64_t kPieceBytes = 4096;

/// What a power cut does is the same for the same two numbers.
struct PowerCut {
  std::uint64_t moment;  ///< so many entries of the log happened before it
  std::uint64_t seed;
};

struct Entry {
  std::uint64_t offset_bytes = 0;
  std::vector<std::byte> data;  ///< empty: a flush
  [[nodiscard]] bool is_flush() const { return data.empty(); }
};

/// A file that is the content of a disk. Whatever fails throws std::system_error.
class Image {
 public:
  explicit Image(const std::filesystem::path& path);

  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
  void read(std::span<std::byte> buffer, std::uint64_t offset_bytes) const;
  void write(std::span<const std::byte> data, std::uint64_t offset_bytes);

 private:
  io::UniqueFd fd_;
  std::uint64_t size_bytes_ = 0;
};

/// Appends to a new log. Whatever fails throws std::system_error.
class LogWriter {
 public:
  explicit LogWriter(const std::filesystem::path& path);

  void write(std::span<const std::byte> data, std::uint64_t offset_bytes);
  void flush() { write({}, 0); }

 private:
  void append(std::span<const std::byte> bytes);

  io::UniqueFd fd_;
};

[[nodiscard]] std::vector<Entry> read_log(const std::filesystem::path& path);

/// Makes the first content of a disk what it is after the cut: all up to the last flush before the cut
/// is there; of the pieces written since then none, all or any.
void apply_cut(const std::vector<Entry>& log, PowerCut cut, Image& image);

}  // namespace rcopy::test
