// SPDX-License-Identifier: MIT
//
// What a job names: what each source is, where it goes, which part of the engine copies it, and what several of them
// must not do to each other. For the thread that runs the job.
#pragma once

#include "engine/job_report.hpp"
#include "engine/transfer.hpp"
#include "engine/tree_copier.hpp"

#include <rcopy/copy.hpp>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace rcopy::engine {

class Operands {
 public:
  /// All must outlive it.
  Operands(const Run& run, const Job& job, JobReport& report) : run_{run}, job_{job}, report_{report} {}

  /// What fails is reported.
  void copy(const std::filesystem::path& source);

  /// Waits until all is done. Throws what no file is to blame for.
  void finish();

 private:
  struct Found {
    io::Stat stat;
    LinkUse link = LinkUse::itself;
  };
  [[nodiscard]] Found find(const io::Stat& itself, const std::filesystem::path& source) const;
  [[nodiscard]] bool is_told_twice(const std::filesystem::path& source, const Found& found,
                                   const std::filesystem::path& destination);
  void keep_apart(const std::filesystem::path& source, const io::Stat& found,
                  const std::filesystem::path& destination);
  [[nodiscard]] bool goes_with_trees(const Found& found) const;
  void copy(const std::filesystem::path& source, const Found& found, const std::filesystem::path& destination);
  void make_destination();
  void copy_listed(const std::filesystem::path& base, const std::filesystem::path& name);
  void transfer(const std::filesystem::path& source);
  [[nodiscard]] std::filesystem::path destination_of(const std::filesystem::path& source) const;
  [[nodiscard]] bool continues(const std::filesystem::path& source) const;
  [[nodiscard]] TreeCopier& trees(const std::filesystem::path& source);
  [[nodiscard]] bool is_stopped();

  const Run& run_;
  const Job& job_;
  JobReport& report_;
  std::optional<TreeCopier> trees_;
  std::set<std::string> sources_;       ///< so far, with what they lead to
  std::set<std::string> destinations_;  ///< so far, resolved
  bool left_out_ = false;  ///< a stop came before the last of them
};

}  // namespace rcopy::engine
