// SPDX-License-Identifier: MIT
#include "io/private_files.hpp"

#include <rcopy/error.hpp>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <fstream>
#include <sys/stat.h>

namespace rcopy::io {
namespace {

using test::TempDir;

unsigned mode_of(const std::filesystem::path& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777U;
}

/// The umask of the process for as long as this lives.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_{::umask(mask)} {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

TEST_CASE("private directories are 0700 whatever the umask, and those that exist stay", "[io]") {
  const TempDir dir;
  const Umask none{0};
  std::filesystem::create_directory(dir / "there");
  REQUIRE(::chmod((dir / "there").c_str(), 0755) == 0);
  make_private_directories(dir / "there" / "a" / "b");
  CHECK(mode_of(dir / "there") == 0755);
  CHECK(mode_of(dir / "there" / "a") == 0700);
  CHECK(mode_of(dir / "there" / "a" / "b") == 0700);
  make_private_directories(dir / "there" / "a" / "b");
  make_private_directories("/");
}

TEST_CASE("a private directory below a file is an error that names it", "[io]") {
  const TempDir dir;
  std::ofstream{dir / "file"} << "x";
  try {
    make_private_directories(dir / "file" / "a");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.info().os_error == ENOTDIR);
    CHECK(error.info().path == dir / "file");
  }
}

TEST_CASE("a private file is 0600 and empty, and one that exists keeps content and mode", "[io]") {
  const TempDir dir;
  const Umask none{0};
  create_private_file(dir / "new");
  CHECK(mode_of(dir / "new") == 0600);
  CHECK(std::filesystem::file_size(dir / "new") == 0);

  std::ofstream{dir / "old"} << "content";
  REQUIRE(::chmod((dir / "old").c_str(), 0644) == 0);
  create_private_file(dir / "old");
  CHECK(mode_of(dir / "old") == 0644);
  CHECK(std::filesystem::file_size(dir / "old") == 7);
  CHECK_THROWS_AS(create_private_file(dir / "missing" / "file"), Error);
}

TEST_CASE("network file systems are told from local ones", "[io]") {
  CHECK(is_network_file_system(0x6969));            // NFS
  CHECK(is_network_file_system(0xFE534D42));        // SMB2
  CHECK(is_network_file_system(0xFF534D42));        // CIFS
  CHECK_FALSE(is_network_file_system(0xEF53));      // ext4
  CHECK_FALSE(is_network_file_system(0x65735546));  // FUSE
  CHECK_FALSE(is_network_file_system(0x01021994));  // tmpfs
  CHECK_FALSE(on_network_file_system("/proc/self"));
  CHECK_THROWS_AS(on_network_file_system("/proc/self/missing"), Error);
}

TEST_CASE("renaming a file that is not there is fine, any other failure is not", "[io]") {
  const TempDir dir;
  create_private_file(dir / "a");
  rename_if_there(dir / "a", dir / "b");
  CHECK(std::filesystem::exists(dir / "b"));
  rename_if_there(dir / "a", dir / "b");
  CHECK(std::filesystem::exists(dir / "b"));
  std::filesystem::create_directory(dir / "d");
  CHECK_THROWS_AS(rename_if_there(dir / "b", dir / "d"), Error);
}

TEST_CASE("of directory locks only shared ones go together, and a destroyed one is free", "[io]") {
  const TempDir dir;
  const auto take = [&](DirectoryLock::Mode mode) {
    return DirectoryLock::try_take(dir.path(), mode);
  };
  {
    const auto first = take(DirectoryLock::Mode::shared);
    CHECK(first);
    CHECK(take(DirectoryLock::Mode::shared));
    CHECK_FALSE(take(DirectoryLock::Mode::exclusive));
  }
  const auto alone = take(DirectoryLock::Mode::exclusive);
  CHECK(alone);
  CHECK_FALSE(take(DirectoryLock::Mode::shared));
  CHECK_FALSE(take(DirectoryLock::Mode::exclusive));
}

TEST_CASE("where a directory cannot be locked the lock is one of nothing", "[io]") {
  const TempDir dir;
  CHECK(DirectoryLock::try_take(dir / "missing", DirectoryLock::Mode::exclusive));
}

}  // namespace
}  // namespace rcopy::io
