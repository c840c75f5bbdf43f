// SPDX-License-Identifier: MIT
//
// One directory of a tree that is being copied, on both sides. It lives as long as something in it is not
// finished; then it gets its attributes, because whatever happens in a directory changes its times. Everything
// in it is reached through the open directories, so that a symlink put in place of a directory leads nowhere.
#pragma once

#include "engine/place.hpp"
#include "engine/transfer.hpp"
#include "engine/tree_job.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

namespace rcopy::engine {

/// What the directories of one file system share.
struct Volume {
  std::uint64_t device = 0;
  std::shared_ptr<io::Directory> handle;  ///< to sync it by: opened before anything was written
  io::FsInfo fs;
  journal::MountIdentity mount;
};

/// A directory as source, or as destination. Any thread.
class TreeSide {
 public:
  TreeSide(std::shared_ptr<io::Directory> handle, io::Name name, std::filesystem::path shown,
           std::shared_ptr<const Volume> volume);

  [[nodiscard]] std::shared_ptr<io::Directory> handle() const;
  [[nodiscard]] const io::Name& name() const { return name_; }  ///< in the directory above; of a root its last
  [[nodiscard]] const std::filesystem::path& shown() const { return shown_; }  ///< as the user would write it
  [[nodiscard]] const io::Stat& stat() const { return stat_; }  ///< when it was opened first
  [[nodiscard]] const Volume& volume() const { return *volume_; }
  [[nodiscard]] const std::shared_ptr<const Volume>& shared_volume() const { return volume_; }

  /// Another handle of the same directory, which must be it. Throws Error (io).
  void renew(std::shared_ptr<io::Directory> handle);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<io::Directory> handle_;
  io::Name name_;
  std::filesystem::path shown_;
  std::shared_ptr<const Volume> volume_;
  io::Stat stat_;
};

class TreeDirectory;
using TreeDirectoryPtr = std::shared_ptr<TreeDirectory>;

/// Whether a run made the directory or found it; `given`: it holds what is no part of a tree, and gets nothing of its
/// own.
enum class Origin { found, made, given };

/// Whether what is made in a directory gets an ACL from it.
enum class NewAcl { none, inherited };

struct DestinationState {
  Origin origin = Origin::found;
  NewAcl acl = NewAcl::inherited;
};

class TreeDirectory {
 public:
  TreeDirectory(TreeDirectoryPtr above, std::unique_ptr<TreeSide> source, std::unique_ptr<TreeSide> destination,
                std::filesystem::path relative, DestinationState state, std::shared_ptr<TreeJob> job);

  [[nodiscard]] const TreeDirectoryPtr& above() const { return above_; }  ///< null for the root of a tree
  [[nodiscard]] TreeSide& source() const { return *source_; }
  [[nodiscard]] TreeSide& destination() const { return *destination_; }
  /// As filters see it: with the name of the root, where that has one, and no slash at the end.
  [[nodiscard]] const std::filesystem::path& relative() const { return relative_; }
  [[nodiscard]] Origin origin() const { return state_.origin; }
  [[nodiscard]] NewAcl new_acl() const { return state_.acl; }
  [[nodiscard]] const std::shared_ptr<TreeJob>& job() const { return job_; }

  /// Whether the destination's name leads there only if symlinks are followed (DirectoryLinks::follow).
  [[nodiscard]] bool is_behind_symlink() const;

  /// Nothing of what was found is changed.
  void leave_as_it_is() {
    if (state_.origin == Origin::found) state_.origin = Origin::given;
  }

  /// Of a given one: what is in it, which is one file then, is copied by this name. Before it is shared.
  void rename(io::Name destination) { renamed_ = std::move(destination); }
  /// What `source` in this directory is called in the destination.
  [[nodiscard]] const io::Name& name_of(const io::Name& source) const { return renamed_ ? *renamed_ : source; }

  /// Opens both sides anew, from their roots on. Throws Error (io), also where one of them is another directory.
  void renew(io::FileSystem& fs);

  /// Throws Error (io) where the destination, or one of the directories above it, was moved or replaced.
  void check_still_there(io::FileSystem& fs) const;
  /// The same without those above, which are found in the end.
  void check_still_named(io::FileSystem& fs) const;

  /// Makes the name of the destination durable, and those of the directories above it in the tree, where this run made
  /// them and did not do so before. Throws Error (io).
  void sync_name();

  /// Gives the destination what it is to have of the source's attributes. Everything in it must be finished.
  /// Throws Error (io).
  void set_attributes(io::FileSystem& fs, const Options& options, EventSink& events) const;

 private:
  TreeDirectoryPtr above_;
  std::unique_ptr<TreeSide> source_;
  std::unique_ptr<TreeSide> destination_;
  std::filesystem::path relative_;
  DestinationState state_;
  std::shared_ptr<TreeJob> job_;
  std::optional<io::Name> renamed_;
  std::atomic<bool> name_durable_{false};
};

/// Directories whose last user is gone, each before the one above it. Any thread.
class FinishedDirectories {
 public:
  FinishedDirectories() = default;
  ~FinishedDirectories() {
    while (take()) {  // each may be the last in the one above it, which then comes here
    }
  }
  FinishedDirectories(const FinishedDirectories&) = delete;
  FinishedDirectories& operator=(const FinishedDirectories&) = delete;

  /// Waits until fewer than `most` are open, or until `stop` is requested. False where some can be taken first.
  [[nodiscard]] bool wait_for_fewer(std::size_t most, const std::stop_token& stop);

  /// One that take() gave is closed.
  void closed();

  /// The directory comes back here when the last copy of the pointer is gone. This must outlive it.
  [[nodiscard]] TreeDirectoryPtr watch(std::unique_ptr<TreeDirectory> directory);

  /// The next one; null where there is none.
  [[nodiscard]] std::unique_ptr<TreeDirectory> take();

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t open_ = 0;
  std::deque<std::unique_ptr<TreeDirectory>> finished_;
};

}  // namespace rcopy::engine
