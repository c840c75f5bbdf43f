// SPDX-License-Identifier: MIT
//
// Where a sparse file has data, so that its holes need not be read. One thread at a time.
#pragma once

#include "io/file_system.hpp"

#include <cstdint>
#include <optional>

namespace rcopy::engine {

class DataFinder {
 public:
  /// `file` must outlive it, and must not be dirty: some file systems know of data only once it is written
  /// back.
  explicit DataFinder(io::File& file) : file_{file} {}

  /// The first byte at or after `offset_bytes` that may be data; nothing where only a hole is left.
  /// Throws Error (io).
  [[nodiscard]] std::optional<std::uint64_t> next(std::uint64_t offset_bytes);

  /// Where the data that was found last ends.
  [[nodiscard]] std::uint64_t end_bytes() const { return data_end_bytes_; }

 private:
  io::File& file_;
  std::uint64_t data_end_bytes_ = 0;  ///< data that was found goes to here
};

/// Whether the holes that the file system reports of this source can be relied on: there are some, and
/// no data waits to be written back. Throws Error (io).
[[nodiscard]] bool has_reliable_holes(io::File& source, const io::Stat& stat, const io::FsInfo& fs);

/// How much of a file of this size, with such holes, is data. Throws Error (io).
[[nodiscard]] std::uint64_t data_bytes(io::File& file, std::uint64_t size_bytes);

/// Fewer bytes allocated than its size says; of a device that says nothing.
[[nodiscard]] inline bool looks_sparse(const io::Stat& stat) {
  return stat.kind == io::FileKind::regular && stat.allocated_bytes < stat.size_bytes;
}

}  // namespace rcopy::engine
