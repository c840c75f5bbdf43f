// SPDX-License-Identifier: MIT
//
// What the tests of the journal share: a row with a value in every column, a database seen by
// somebody who is not rcopy, and files as byte strings.
#pragma once

#include <rcopy/error.hpp>

#include "journal/journal.hpp"
#include "support/bytes.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace rcopy::test {

/// The first `bytes` of a file in progress.
[[nodiscard]] inline hash::Hasher hasher_at(std::uint64_t bytes) {
  hash::Hasher hasher;
  hasher.update(content(Seed{7}, bytes));
  return hasher;
}

inline constexpr journal::PartialIdentity kSomePartial{.device = 3, .inode = 4, .birth_ns = 1'700'000'001'000'000'001};

/// 3000 of 9000 bytes copied, 1000 of them durable.
[[nodiscard]] inline journal::Row sample_row(const std::filesystem::path& dest_path) {
  return {.file_path = "/source/big.img",
          .dest_path = dest_path,
          .total_bytes = 9000,
          .transferred_bytes = 3000,
          .durable_bytes = 1000,
          .file_hash = hasher_at(3000).digest(),
          .hash_state = hasher_at(3000).save(),
          .durable_hash_state = hasher_at(1000).save(),
          .source = {.device = 0xFFFF'FFFF'FFFF'FFFE,
                     .inode = 0x8000'0000'0000'0001,
                     .size_bytes = 9000,
                     .mtime_ns = -5,
                     .ctime_ns = 1'700'000'000'123'456'789},
          .partial = kSomePartial,
          .content = {.mtime_ns = 5, .ctime_ns = 6},
          .mount = {.point = "/m\n", .fs_type = 7, .fs_id = 0xFFFF'FFFF'FFFF'FFFD, .root_inode = 8, .root_birth_ns = -9},
          .status = journal::Status::in_progress,
          .verified_by = "",
          .attempts = 2,
          .last_error = "cannot read 'a\nb'",
          .started_at = 1'700'000'000,
          .updated_at = 1'700'000'100,
          .completed_at = 0,
          .rcopy_version = "0.1.0",
          .options = "-p\n--exclude=a\\nb\n"};
}

[[nodiscard]] inline journal::Checkpoint checkpoint_at(std::uint64_t bytes) {
  return {.transferred_bytes = bytes,
          .file_hash = hasher_at(bytes).digest(),
          .hash_state = hasher_at(bytes).save(),
          .durable_bytes = 1000,
          .durable_hash_state = hasher_at(1000).save(),
          .partial = kSomePartial};
}

/// All that a row stores, as one comparable text.
[[nodiscard]] inline std::string text_of(const journal::Row& row) {
  std::string text;
  const auto add = [&](const auto& part) {
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(part)>>) {
      text += std::to_string(part);
    } else {
      text += std::string_view{part};
    }
    text += '|';
  };
  const auto blob = [&](const std::vector<std::byte>& bytes) {
    add(std::string_view{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  add(row.file_path.native()), add(row.dest_path.native()), add(row.total_bytes);
  add(row.transferred_bytes), add(row.durable_bytes),
      add(row.file_hash ? row.file_hash->hex() : "-");
  blob(row.hash_state), blob(row.durable_hash_state);
  add(row.source.device), add(row.source.inode), add(row.source.size_bytes);
  add(row.source.mtime_ns), add(row.source.ctime_ns);
  add(row.partial.device), add(row.partial.inode), add(row.partial.birth_ns);
  add(row.content.mtime_ns), add(row.content.ctime_ns);
  add(row.mount.point.native()), add(row.mount.fs_type), add(row.mount.fs_id);
  add(row.mount.root_inode), add(row.mount.root_birth_ns);
  add(journal::to_text(row.status)), add(row.verified_by), add(row.attempts), add(row.last_error);
  add(row.started_at), add(row.updated_at), add(row.completed_at), add(row.rcopy_version), add(row.options);
  return text;
}

/// The database as the sqlite3 shell or another program uses it.
class Sql {
 public:
  explicit Sql(const std::filesystem::path& path) {
    sqlite3* handle = nullptr;
    const int result = sqlite3_open(path.c_str(), &handle);
    handle_.reset(handle);
    if (result != SQLITE_OK) throw std::runtime_error{sqlite3_errmsg(handle)};
    sqlite3_busy_timeout(handle, 30'000);
  }

  /// Runs everything in `sql`; gives the first column of the last row, "" where there is none.
  std::string run(const std::string& sql) {
    std::string last;
    const auto keep = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) = values[0] == nullptr ? "NULL" : values[0];
      return 0;
    };
    char* error = nullptr;
    sqlite3_exec(handle_.get(), sql.c_str(), keep, &last, &error);
    if (error == nullptr) return last;
    const std::string text = error;
    sqlite3_free(error);
    throw std::runtime_error{text};
  }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

inline std::string sql(const std::filesystem::path& path, const std::string& text) {
  return Sql{path}.run(text);
}

[[nodiscard]] inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) throw std::runtime_error{"cannot read " + path.native()};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline void write_file(const std::filesystem::path& path, std::string_view data) {
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out.write(data.data(), static_cast<std::streamsize>(data.size()));
  out.close();
  if (!out) throw std::runtime_error{"cannot write " + path.native()};
}

[[nodiscard]] inline std::filesystem::path beside(const std::filesystem::path& path,
                                                  const char* suffix) {
  std::filesystem::path result = path;
  result += suffix;
  return result;
}

/// Names in a directory, sorted.
[[nodiscard]] inline std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// What was moved aside in a directory: the databases, without the files beside them.
[[nodiscard]] inline std::vector<std::string> moved_in(const std::filesystem::path& directory) {
  std::vector<std::string> moved;
  for (const std::string& name : names_in(directory)) {
    const bool sidecar =
        name.ends_with("-wal") || name.ends_with("-shm") || name.ends_with("-journal");
    if (name.find(".corrupt-") != std::string::npos && !sidecar) moved.push_back(name);
  }
  return moved;
}

/// Collects what a journal warns of.
struct Warnings {
  std::vector<std::string> texts;
  journal::Journal::OnWarning collector() {
    return [this](const std::filesystem::path&, const std::string& text) { texts.push_back(text); };
  }
};

}  // namespace rcopy::test
