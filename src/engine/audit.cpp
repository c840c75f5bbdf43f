// SPDX-License-Identifier: MIT
//
// The public entry to check what the journal knows: destinations by their rows, and files of trees by the
// catalog, which knows their names only as hashes, so that it is the disk that is walked.
#include <rcopy/check.hpp>

#include "base/text.hpp"
#include "engine/identity.hpp"
#include "engine/medium_check.hpp"
#include "engine/mount.hpp"
#include "engine/plan.hpp"
#include "engine/tree_job.hpp"
#include "io/calls.hpp"
#include "io/posix.hpp"
#include "journal/records.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace rcopy {
namespace {

namespace stdfs = std::filesystem;
using engine::CheckTask;
using journal::Records;
using journal::Row;
using journal::TreeRow;

/// Whether `path` is `above` or lies in it.
bool is_in(const stdfs::path& path, const stdfs::path& above) {
  return std::mismatch(above.begin(), above.end(), path.begin(), path.end()).first == above.end();
}

/// The file that the row vouches for. Of a device nothing tells whether it is.
bool is_copy(const Row& row, io::FileSystem& fs, io::Directory& directory, const io::Stat& found) {
  const auto mount = engine::mount_of(fs, directory);
  if (engine::presence(row.mount, mount) != engine::Presence::same) {
    throw Error{{.code = ErrorCode::not_mounted,
                 .operation = "check",
                 .path = row.dest_path,
                 .reason = "the file system that was mounted on " + base::quoted(row.mount.point) +
                           " is not mounted now"}};
  }
  if (engine::is_device(found)) return true;
  const auto now = engine::found_file(found, io::file_system(directory));
  return engine::match(row.partial, now.identity) != engine::Match::different && now.times == row.content &&
         now.size_bytes == row.total_bytes;
}

/// The files of one tree, one after the other.
class TreeFiles {
 public:
  TreeFiles(io::FileSystem& fs, engine::MediumCheck& check, const TreeRow& tree, Records& records)
      : fs_{fs}, check_{check}, root_{tree.dest_path}, files_{records.files(tree)}, found_(files_.size(), false) {
    if (tree.root_name) prefixes_ = {*tree.root_name};
    else prefixes_ = {stdfs::path{}, tree.file_path.filename()};
  }

  /// Those in `below` only, where that is in the tree.
  void enter(const stdfs::path& below) {
    const bool part = is_in(below, root_) && below != root_;
    whole_ = !part;
    const stdfs::path begin = part ? below : root_;
    try {
      const auto found = io::find(fs_, begin, io::Links::nofollow);
      if (part && (!found || found->kind != io::FileKind::directory)) {
        alone_ = begin;
        return;
      }
      push(io::open_directory(fs_, begin, io::DirectoryUse::change_names), begin.lexically_relative(root_));
    } catch (const Error& error) {
      whole_ = false;
      const bool missing = engine::is_missing(error);
      check_.report({.path = begin,
                     .verdict = missing ? Verdict::missing : Verdict::unreadable,
                     .error = error,
                     .files = missing && !part ? files_.size() : 1});
    }
  }

  [[nodiscard]] std::optional<CheckTask> next() {
    if (alone_) return task_of(std::exchange(alone_, std::nullopt)->lexically_relative(root_));
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.entries.empty()) {
        levels_.pop_back();
        continue;
      }
      const io::Entry entry = std::move(level.entries.back());
      level.entries.pop_back();
      if (auto task = look_at(level, entry)) return task;
    }
    tell_missing();
    return std::nullopt;
  }

 private:
  struct Level {
    std::shared_ptr<io::Directory> directory;
    stdfs::path relative;
    std::vector<io::Entry> entries;
  };

  void push(std::shared_ptr<io::Directory> directory, const stdfs::path& relative) {
    auto entries = io::entries(*directory);
    // The last goes first: by the order of the inodes, which is that of the disk.
    std::ranges::sort(entries, std::ranges::greater{}, &io::Entry::inode);
    levels_.push_back({.directory = std::move(directory),
                       .relative = relative == "." ? stdfs::path{} : relative,
                       .entries = std::move(entries)});
  }

  [[nodiscard]] std::optional<CheckTask> look_at(const Level& level, const io::Entry& entry) {
    const stdfs::path relative = level.relative / entry.name;
    try {
      io::FileKind kind = entry.kind;
      if (kind == io::FileKind::unknown) {
        const auto found = io::find(*level.directory, entry.name);
        if (found) kind = found->kind;
      }
      if (kind == io::FileKind::regular) return task_of(relative);
      if (kind == io::FileKind::directory) {
        push(io::open_directory(*level.directory, entry.name, io::DirectoryUse::change_names), relative);
      }
    } catch (const Error& error) {
      check_.report({.path = root_ / relative, .verdict = Verdict::unreadable, .error = error});
    }
    return std::nullopt;
  }

  /// Nothing where the catalog does not know it.
  [[nodiscard]] std::optional<CheckTask> task_of(const stdfs::path& relative) {
    for (const stdfs::path& prefix : prefixes_) {
      const std::uint64_t name = engine::name_hash(prefix / relative);
      const auto at = std::ranges::lower_bound(files_, name, {}, &Records::FinishedContent::name);
      if (at == files_.end() || at->name != name) continue;
      found_[static_cast<std::size_t>(at - files_.begin())] = true;
      return CheckTask{.path = root_ / relative,
                       .expected = at->file_hash,
                       .is_same = [destination = at->destination](io::Directory& directory, const io::Stat& found) {
                         return engine::identity_hash(found, io::file_system(directory)) == destination;
                       }};
    }
    return std::nullopt;
  }

  void tell_missing() {
    if (!std::exchange(whole_, false)) return;
    const auto missing = static_cast<std::uint64_t>(std::ranges::count(found_, false));
    if (missing == 0) return;
    Error error{{.code = ErrorCode::io,
                 .operation = "find",
                 .path = root_,
                 .reason = std::to_string(missing) + " of its files are not where they were copied to"}};
    check_.report({.path = root_, .verdict = Verdict::missing, .error = std::move(error), .files = missing});
  }

  io::FileSystem& fs_;
  engine::MediumCheck& check_;
  stdfs::path root_;
  std::vector<Records::FinishedContent> files_;
  std::vector<bool> found_;  ///< of each of these
  std::vector<stdfs::path> prefixes_;
  std::vector<Level> levels_;
  std::optional<stdfs::path> alone_;
  bool whole_ = true;
};

/// All that a journal vouches for, one file after the other.
class AuditList {
 public:
  AuditList(io::FileSystem& fs, Records& records, engine::MediumCheck& check, const stdfs::path& below)
      : fs_{fs}, records_{records}, check_{check}, below_{below}, rows_{records.transfers(journal::Which::all)},
        trees_{records.trees(journal::Which::all)} {
    std::erase_if(rows_, [&](const Row& row) {
      return row.status != journal::Status::complete || !is_in(row.dest_path, below_);
    });
    std::erase_if(trees_, [&](const TreeRow& tree) {
      return !is_in(tree.dest_path, below_) && !is_in(below_, tree.dest_path);
    });
  }

  [[nodiscard]] std::optional<CheckTask> next() {
    if (!rows_.empty()) {
      const Row row = std::move(rows_.back());
      rows_.pop_back();
      return CheckTask{.path = row.dest_path,
                       .expected = row.file_hash,
                       .device_bytes = row.total_bytes,
                       .is_same = [row, &fs = fs_](io::Directory& directory, const io::Stat& found) {
                         return is_copy(row, fs, directory, found);
                       }};
    }
    while (true) {
      if (files_) {
        if (auto task = files_->next()) return task;
        files_.reset();
      }
      if (trees_.empty()) return std::nullopt;
      files_.emplace(fs_, check_, trees_.back(), records_);
      files_->enter(below_);
      trees_.pop_back();
    }
  }

 private:
  io::FileSystem& fs_;
  Records& records_;
  engine::MediumCheck& check_;
  stdfs::path below_;
  std::vector<Row> rows_;
  std::vector<TreeRow> trees_;
  std::optional<TreeFiles> files_;
};

/// As the journal has it. What is gone may still be in the journal.
stdfs::path resolved(io::FileSystem& fs, const stdfs::path& given) {
  if (given.empty()) return "/";
  const auto found = fs.resolve(given);
  if (found.error == 0) return found.value;
  std::string text = stdfs::absolute(given).lexically_normal().native();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

/// Nothing is wrong with no file, but whoever asks must not take that for an intact copy.
void tell_nothing(const stdfs::path& journal, const stdfs::path& below, CheckObserver& observer) {
  if (below.empty() || below == "/") {
    observer.on_warning({.path = journal, .text = "the journal knows no finished copy, so nothing was checked"});
    return;
  }
  throw Error{{.code = ErrorCode::io,
               .operation = "check",
               .path = below,
               .reason = "the journal knows no finished copy there; trees are known after --catalog"}};
}

CheckSummary audit_known(const stdfs::path& journal, const stdfs::path& below, const CheckOptions& options,
                   CheckObserver& observer, std::stop_token stop) {
  const auto fs = io::posix_file_system();
  if (!io::find(*fs, journal, io::Links::follow)) return {};
  engine::MediumCheck check{*fs, options, observer, std::move(stop)};
  Records records{journal, [&](const stdfs::path& path, const std::string& text) {
                    observer.on_warning({.path = path, .text = text});
                  }};
  AuditList list{*fs, records, check, resolved(*fs, below)};
  check.run([&] { return list.next(); });
  return check.summary();
}

}  // namespace

CheckSummary audit(const stdfs::path& journal, const stdfs::path& below, const CheckOptions& options,
                   CheckObserver& observer, std::stop_token stop) {
  CheckSummary summary = audit_known(journal, below, options, observer, std::move(stop));
  if (summary.files() == 0) tell_nothing(journal, below, observer);
  return summary;
}

}  // namespace rcopy
