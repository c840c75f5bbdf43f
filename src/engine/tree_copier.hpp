// SPDX-License-Identifier: MIT
//
// Copies trees: one thread walks, several copy small files, one makes batches of these durable and publishes
// them, one transfers what is large or out of the ordinary. docs/design.md, section 5, has the whole picture.
#pragma once

#include "engine/failure.hpp"
#include "engine/job_report.hpp"
#include "engine/tree_links.hpp"
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
  /// All must outlive it.
  /// `catalog` may be null: then no later run knows what this one finished.
  TreeCopier(const Run& run, JobReport& report, journal::TreeCatalog* catalog);
  ~TreeCopier();
  TreeCopier(const TreeCopier&) = delete;
  TreeCopier& operator=(const TreeCopier&) = delete;

  /// Walks through the directory `source`; on return its files are under way, or done. What fails is reported.
  void copy(const std::filesystem::path& source, const std::filesystem::path& destination);

  /// One source that is no directory: what copy() does with those it finds. Symlinks are not followed.
  void copy_one(const std::filesystem::path& source, const std::filesystem::path& destination);

  /// Waits until everything is done and durable. Throws what no file is to blame for.
  void finish();

 private:
  void lock(const TreeDirectory& root);

  void work();
  void begin(const TreeTask& task, std::span<std::byte> buffer);
  [[nodiscard]] std::unique_ptr<Staged> make(const TreeTask& task, std::span<std::byte> buffer);
  [[nodiscard]] std::unique_ptr<Staged> make_file(const TreeTask& task, const std::optional<io::Stat>& existing,
                                                  std::span<std::byte> buffer);
  void prove(Staged& staged, std::span<std::byte> buffer);
  void leave_to_transfer(const TreeTask& task);
  void give_up(const TreeTask& task, const Error& error);
  void told(const TreeTask& task, const io::Stat& source, Outcome outcome, const char* reason = "");

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
  [[nodiscard]] bool shares_names(const io::Stat& source) const;
  void come_again(std::vector<TreeTask> waiting);

  const Run& run_;
  JobReport& report_;
  journal::TreeCatalog* catalog_;
  std::size_t open_files_;  ///< that this process may have
  FinishedDirectories directories_;  ///< outlives all who may have the last word on a directory
  TreeQueue queue_;
  std::mutex finishing_;  ///< one thread at a time gives directories their attributes
  std::set<std::shared_ptr<const Volume>> dirty_;  ///< with directories that got attributes since the last sync
  LinkTable links_;
  Failure failure_;
  std::mutex jobs_mutex_;
  std::vector<std::shared_ptr<TreeJob>> jobs_;  ///< one for each copy()
  std::vector<TreeDirectoryPtr> plain_;  ///< of copy_one()
  std::vector<std::unique_ptr<io::File>> locks_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_, on_failure_;
  std::vector<std::jthread> threads_;
};

}  // namespace rcopy::engine
