// SPDX-License-Identifier: MIT
//
// One transfer as the journal knows it: a row of transfer_state. Plain values; the meaning of
// every column is in docs/journal-format.md.
#pragma once

#include "hash/hasher.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rcopy::journal {

enum class Status { in_progress, copied, verified, complete, failed };

[[nodiscard]] std::string_view to_text(Status status);
[[nodiscard]] std::optional<Status> status_from_text(std::string_view text);

/// The source as it was found when the transfer began. `inode` is 0 on file systems whose inode
/// numbers do not survive a remount.
struct SourceIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  friend bool operator==(const SourceIdentity&, const SourceIdentity&) = default;
};

/// The partial's inode, which becomes the destination's on publish. `inode` as above; `birth_ns`
/// is 0 where the file system keeps no birth time.
struct PartialIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t birth_ns = 0;
  friend bool operator==(const PartialIdentity&, const PartialIdentity&) = default;
};

/// The mount that holds the destination, so that the empty directory under it is not taken for it.
/// `point` is empty where nothing is known; a number is 0 where it does not survive a remount.
struct MountIdentity {
  std::filesystem::path point;
  std::uint64_t fs_type = 0;
  std::uint64_t fs_id = 0;
  std::uint64_t root_inode = 0;  ///< of the directory that is mounted there, as its birth time
  std::int64_t root_birth_ns = 0;
  friend bool operator==(const MountIdentity&, const MountIdentity&) = default;
};

/// The file's times when the row last vouched for its content: of the partial when it was
/// verified, of the destination when it was complete. Another value means somebody wrote to it.
struct ContentTimes {
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  friend bool operator==(const ContentTimes&, const ContentTimes&) = default;
};

struct Row {
  std::int64_t id = 0;  ///< 0: not in the database yet
  std::filesystem::path file_path;
  std::filesystem::path dest_path;
  std::uint64_t total_bytes = 0;
  std::uint64_t transferred_bytes = 0;
  std::uint64_t durable_bytes = 0;
  std::optional<hash::Digest> file_hash;          ///< of the first transferred_bytes bytes; none for a clone
                                                  ///< that was not read back
  std::vector<std::byte> hash_state;              ///< Hasher::save() at transferred_bytes
  std::vector<std::byte> durable_hash_state;      ///< Hasher::save() at durable_bytes
  SourceIdentity source;
  PartialIdentity partial;
  ContentTimes content;
  MountIdentity mount;
  Status status = Status::in_progress;
  std::string verified_by;                        ///< "", "none", "cache", "medium"
  std::uint64_t attempts = 0;
  std::string last_error;
  std::int64_t started_at = 0;                    ///< unix seconds, as the two below
  std::int64_t updated_at = 0;
  std::int64_t completed_at = 0;                  ///< 0: not complete
  std::string rcopy_version;
  std::string options;                            ///< Options::words of the run that wrote the row
};

}  // namespace rcopy::journal
