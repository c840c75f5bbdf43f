// SPDX-License-Identifier: MIT
//
// A layer over any io::FileSystem that fails, shortens and interrupts calls, tells a hook about
// each before it is made, and writes them down. One call above is at most one call below, never a
// loop. Any thread; the settings may change while calls are made.
#pragma once

#include "io/file_system.hpp"

#include <cerrno>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace rcopy::test {

/// The calls of the seam: of io::FileSystem (open_directory, stat, resolve), of io::Directory
/// (open, open_dir_at, dir_stat, check_writable, rename, rename_new, link, make_directory, make_symlink, make_node,
/// read_link, unlink, entries, dir_sync, sync_fs, fs_info), and of io::File.
// clang-format off
enum class Call {
  open_directory, stat, resolve,
  open, open_dir_at, dir_stat, check_writable, rename, rename_new, link, make_directory, make_symlink, make_node,
  read_link, unlink, entries, dir_sync, sync_fs, fs_info,
  read, write, sync_data, sync_all, truncate, allocate, fstat, device_size, device_sequence, lock,
  drop_cache, is_cached, expect_random, is_dirty, set_owner, set_mode, set_times, clone, seek_data, seek_hole,
  punch_hole, xattr_names, xattr, set_xattr, remove_xattr, close,
};
// clang-format on

inline constexpr std::size_t kCalls = static_cast<std::size_t>(Call::close) + 1;

[[nodiscard]] const char* name_of(Call kind);
std::ostream& operator<<(std::ostream& out, Call kind);

/// One call about to be made.
struct CallInfo {
  Call kind = Call::stat;
  std::filesystem::path path;      ///< of the file or directory; the old name of a rename
  std::filesystem::path new_path;  ///< rename, rename_new and link only
  std::uint64_t offset_bytes = 0;  ///< of the part, or from where to seek; the new size of a truncate
  std::uint64_t size_bytes = 0;    ///< of the part: read, write, punch_hole, allocate
  bool direct = false;             ///< read and write: past the page cache
  std::uint64_t number = 0;        ///< 1 for the first call of all
  std::uint64_t number_of_kind = 0;
};

/// "write .dst.rcopy-part 1048576+65536", "rename .dst.rcopy-part -> dst": names without folders.
[[nodiscard]] std::string text_of(const CallInfo& call);

enum class Repeat { once, forever };
enum class Effect {
  none,  ///< the call is not made
  done,  ///< it is made, and then reported as failed (a lost answer of a network file system)
};

/// A failure to come. close() is always made, since its descriptor is gone whatever it answers.
struct Fault {
  std::optional<Call> kind = std::nullopt;  ///< nothing: every kind
  std::uint64_t nth = 1;                    ///< among the calls that match, from now on
  int error = EIO;
  Repeat repeat = Repeat::once;  ///< forever: the n-th and all after it
  Effect effect = Effect::none;
  std::string only_path = {};  ///< only calls with this text in their path
};

class FaultyFileSystem final : public io::FileSystem {
 public:
  /// Called before each call, outside all locks: 0 lets it go on, an errno fails it.
  using Hook = std::function<int(const CallInfo&)>;

  explicit FaultyFileSystem(io::FileSystem& below);
  ~FaultyFileSystem() override;
  FaultyFileSystem(const FaultyFileSystem&) = delete;
  FaultyFileSystem& operator=(const FaultyFileSystem&) = delete;

  void add(Fault fault);
  void set_hook(Hook hook);
  /// Reads and writes are of at most so many bytes; direct reads of at least one aligned unit.
  void limit_reads(std::size_t bytes);
  void limit_writes(std::size_t bytes);
  /// Every other call of each kind that the manual allows it for gives EINTR, the first one too.
  void interrupt_every_other();
  /// No faults, limits, interrupts or hook any more; counts and trace begin anew.
  void reset();

  [[nodiscard]] std::uint64_t calls() const;
  [[nodiscard]] std::uint64_t calls(Call kind) const;
  [[nodiscard]] std::uint64_t injected() const;  ///< calls that failed by Fault or hook
  /// text_of() every call in the order they began; " = 5" after one that failed with errno 5.
  [[nodiscard]] std::vector<std::string> trace() const;

  io::Result<std::unique_ptr<io::Directory>> open_directory(
      const std::filesystem::path& path, io::DirectoryUse use) override;
  io::Result<io::Stat> stat(const std::filesystem::path& path, io::Links links) override;
  io::Result<std::filesystem::path> resolve(const std::filesystem::path& path) override;
  [[nodiscard]] std::string device_user(std::uint64_t rdev) const override;
  [[nodiscard]] bool share_blocks(std::uint64_t rdev, std::uint64_t other_rdev) const override;
  [[nodiscard]] std::uint32_t umask() const override;
  [[nodiscard]] std::uint32_t user() const override;

 private:
  class Script;
  class FaultyDirectory;
  class FaultyFile;

  io::FileSystem& below_;
  std::shared_ptr<Script> script_;
};

}  // namespace rcopy::test
