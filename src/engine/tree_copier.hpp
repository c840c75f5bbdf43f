// SPDX-License-Identifier: MIT
//
// Copies trees: one thread walks, several copy small files, one makes batches of these durable and publishes
// them, one transfers what is large or out of the ordinary. docs/design.md, section 5, has the whole picture.
#pragma once

#include "engine/failure.hpp"
#include "engine/job_report.hpp"
#include "engine/tree_links.hpp"
#include "engine/tree_open.hpp"
#include "engine/tree_parents.hpp"
#include "engine/tree_queue.hpp"

#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

namespace rcopy::engine {

class TreeCopier {
 public:
  /// All must outlive it. Throws std::system_error where no threads can be had.
  TreeCopier(const Run& run, JobReport& report);
  ~TreeCopier();
  TreeCopier(const TreeCopier&) = delete;
  TreeCopier& operator=(const TreeCopier&) = delete;

  /// Walks through the directory `source`; on return its files are under way, or done. What fails is reported.
  void copy(const std::filesystem::path& source, const std::filesystem::path& destination);

  /// A source that a job names.
  struct Operand {
    std::filesystem::path path;
    io::FileKind kind = io::FileKind::unknown;  ///< where `link` says so, of what the symlink leads to
    LinkUse link = LinkUse::itself;
  };

  /// One that is no directory: what copy() does with those it finds.
  void copy_one(const Operand& source, const std::filesystem::path& destination);

  /// Of any kind, to its whole path below the directory `destination`.
  /// Where `base` is not empty, the source is relative to it.
  void copy_below(const Operand& source, const std::filesystem::path& destination,
                  const std::filesystem::path& base = {});

  /// Waits until what was begun is done.
  void settle();

  /// Waits until everything is done and durable. Throws what no file is to blame for.
  void finish();

 private:
  void lock(const TreeDirectory& root);
  [[nodiscard]] std::size_t most_directories() const;
  struct Given {
    GivenDirectories at;
    TreeDirectoryPtr directory;
  };

  void walk(const TreeDirectoryPtr& root);
  void put(const TreeDirectoryPtr& directory, const io::Name& name, const Operand& source);

  void start_threads(unsigned jobs);
  void end_threads();
  void work();
  void begin(const TreeTask& task, std::span<std::byte> buffer);
  [[nodiscard]] std::unique_ptr<Staged> make(const TreeTask& task, std::span<std::byte> buffer);
  [[nodiscard]] std::optional<Outcome> without_copying(const TreeTask& task, const io::Stat& source,
                                                       const io::Stat& existing,
                                                       const std::optional<CopiedName>& copied);
  [[nodiscard]] std::unique_ptr<Staged> make_anew(const TreeTask& task, const io::Stat& source,
                                                  const std::optional<io::Stat>& existing,
                                                  std::span<std::byte> buffer);
  [[nodiscard]] std::unique_ptr<Staged> make_file(const TreeTask& task, const std::optional<io::Stat>& existing,
                                                  std::span<std::byte> buffer);
  void prove(Staged& staged, std::span<std::byte> buffer);
  void leave_to_transfer(const TreeTask& task);
  void give_up(const TreeTask& task, const Error& error);
  /// What is told of something of which there was nothing to copy.
  struct Told {
    Outcome outcome;
    const char* reason = "";
    std::string file_hash = {};
  };
  void told(const TreeTask& task, const io::Stat& source, const Told& what);

  void transfer();
  void transfer_one(const TreeTask& task);

  void commit();
  void make_durable(const Batch& batch, const Batch& published);
  void sync_each(const Batch& batch, const Batch& published, const Volume& volume, int error);
  void finish(const Batch& published);
  void finish_directories();
  void sync_directories();

  void known(const TreeTask& task, const io::Stat& source, const io::Stat& destination, const FileSummary& file,
             std::optional<std::filesystem::path> row);
  void write_jobs();
  void remove_source(const TreeTask& task, const io::Stat& source);
  void remove_shared_sources();
  [[nodiscard]] bool shares_names(const io::Stat& source) const;
  [[nodiscard]] bool is_a_copy(Outcome outcome) const;
  [[nodiscard]] std::optional<io::Stat> find_source(const TreeTask& task) const;
  void come_again(std::vector<TreeTask> waiting);

  const Run& run_;
  JobReport& report_;
  std::size_t open_files_;  ///< that this process may have
  FinishedDirectories directories_;  ///< outlives all who may have the last word on a directory
  TreeQueue queue_;
  std::mutex finishing_;  ///< one thread at a time gives directories their attributes
  std::set<std::shared_ptr<const Volume>> dirty_;  ///< with directories that got attributes since the last sync
  LinkTable links_;
  std::filesystem::path destination_;  ///< of the last copy()
  Failure failure_;
  std::stop_source ending_;  ///< a stop, or a failure that no file is to blame for
  std::vector<std::pair<CopiedName, io::Stat>> removed_last_;  ///< by jobs_mutex_
  std::mutex jobs_mutex_;
  std::vector<std::shared_ptr<TreeJob>> jobs_;  ///< one for each walk()
  TreeParents parents_;          ///< of copy_below()
  std::optional<Given> given_;   ///< of the last copy_one()
  std::vector<std::unique_ptr<io::File>> locks_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> locked_;  ///< device and inode of each
  std::optional<std::stop_callback<std::function<void()>>> on_stop_, on_failure_;
  std::vector<std::jthread> threads_;
};

}  // namespace rcopy::engine
