// SPDX-License-Identifier: MIT
//
// A directory of its own for a test, below $TMPDIR or /tmp. Removed with everything in it at the
// end. One owner; its path may be read from any thread.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace rcopy::test {

class TempDir {
 public:
  TempDir() {
    std::string name =
        std::filesystem::canonical(std::filesystem::temp_directory_path()) / "rcopy-test-XXXXXX";
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
