// SPDX-License-Identifier: MIT
//
// The walk through one tree: makes the destination's directories, and puts everything else into the queue. One
// thread; it runs ahead of the copying as far as the queue lets it.
#pragma once

#include "engine/filter.hpp"
#include "engine/job_report.hpp"
#include "engine/tree_queue.hpp"

#include <cstddef>
#include <functional>

namespace rcopy::engine {

class TreeWalk {
 public:
  struct Parts {
    const Run& run;
    TreeQueue& queue;
    FinishedDirectories& finished;
    JobReport& report;
    std::function<void()> finish_directories;  ///< called whenever some may have been finished
    std::size_t most_directories;              ///< open at once, besides those the walk is in
    std::stop_token stop;
  };

  explicit TreeWalk(Parts parts) : parts_{std::move(parts)}, filter_{parts_.run.options.filters} {}

  /// Everything below `root`. What fails is reported, and the rest goes on.
  void walk(const TreeDirectoryPtr& root);

 private:
  struct Child {
    io::Entry entry;
    LinkUse link = LinkUse::itself;
  };

  void enter(const TreeDirectoryPtr& directory);
  [[nodiscard]] std::vector<Child> put_files(const TreeDirectoryPtr& directory);
  [[nodiscard]] bool is_excluded(const TreeDirectory& directory, const io::Entry& entry) const;
  [[nodiscard]] Child look_closer(const TreeDirectory& directory, io::Entry entry) const;
  [[nodiscard]] TreeDirectoryPtr open(const TreeDirectoryPtr& above, const Child& child);
  void check_may_enter(const TreeDirectory& above, const io::Name& name, const io::Stat& source) const;
  void failed(const TreeDirectory& directory, const io::Name& name, const Error& error);

  Parts parts_;
  Filter filter_;
  io::Stat source_root_;
  io::Stat destination_root_;
  std::size_t depth_ = 0;
};

}  // namespace rcopy::engine
