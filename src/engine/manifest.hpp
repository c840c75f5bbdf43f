// SPDX-License-Identifier: MIT
//
// The list of a job's files with their hashes, as xxh128sum reads it. It grows in a temporary file beside the one it
// replaces, and gets its name only when all of the job is well. Any thread.
#pragma once

#include "engine/partial.hpp"
#include "engine/place.hpp"
#include "hash/hasher.hpp"
#include "io/file_system.hpp"

#include <rcopy/copy.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace rcopy::engine {

class Manifest {
 public:
  /// `fs` must outlive it. A directory that is missing is one that the job makes, or an error.
  /// Throws Error: usage where no list can have this name; io; busy where another rcopy writes it.
  Manifest(io::FileSystem& fs, const std::filesystem::path& path, const Job& job);
  ~Manifest();
  Manifest(const Manifest&) = delete;
  Manifest& operator=(const Manifest&) = delete;

  /// A finished file, as the user would write its name. Of two lines with one name the later counts. What fails is
  /// thrown by publish().
  void add(const std::filesystem::path& named, const hash::Digest& content);

  /// The list replaces what had its name, durably. Throws Error: io, no_space.
  void publish();

  /// It is not to be: what had its name stays. Also where something failed.
  void abandon() noexcept;

 private:
  [[nodiscard]] bool open();
  [[nodiscard]] bool is_itself(const std::filesystem::path& named);
  void put(const std::filesystem::path& named, const hash::Digest& content);
  void put_again(std::uint64_t offset_bytes, const std::string& line);
  void flush();

  io::FileSystem& fs_;
  std::filesystem::path path_;
  std::mutex mutex_;
  Place place_;
  std::optional<Partial> temporary_;
  std::string waiting_;              ///< of the end, not written yet
  std::uint64_t written_bytes_ = 0;
  std::optional<Error> failed_;
  enum class Names { once, perhaps_again } names_;
  std::map<std::array<std::uint8_t, 16>, std::uint64_t> lines_;  ///< by the hashes of the names, where these may come again
};

/// "HASH  NAME" and the end of the line. A name with a line feed is escaped as GNU programs do it.
[[nodiscard]] std::string manifest_line(const std::filesystem::path& named, const hash::Digest& content);

}  // namespace rcopy::engine
