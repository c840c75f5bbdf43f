// SPDX-License-Identifier: MIT
//
// A directory of its own for a test. Removed with everything in it at the
// end. One owner; its path may be read from any thread.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace rcopy::test {

enum class TempPlace {
  disk,    ///< $TMPDIR or /tmp
  memory,  ///< /dev/shm where there is one: a sync costs nothing there
};

class TempDir {
 public:
  explicit TempDir(TempPlace place = TempPlace::disk) {
    const std::filesystem::path memory = "/dev/shm";
    const bool in_memory = place == TempPlace::memory && std::filesystem::is_directory(memory);
    const auto parent = in_memory ? memory : std::filesystem::temp_directory_path();
    std::string name = std::filesystem::canonical(parent) / "rcopy-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
      throw std::system_error{errno, std::generic_category(), name};
    path_ = name;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// Absolute and free of symlinks.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& name) const {
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace rcopy::test
