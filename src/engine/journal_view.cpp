// SPDX-License-Identifier: MIT
//
// The journal for who looks at it: rows as plain values, and what may be forgotten of them.
#include <rcopy/journal.hpp>

#include "engine/leftover.hpp"
#include "io/calls.hpp"
#include "io/posix.hpp"
#include "journal/records.hpp"

#include <algorithm>
#include <utility>

namespace rcopy {
namespace {

namespace stdfs = std::filesystem;
using journal::Records;
using journal::Row;
using journal::TreeRow;
using journal::Which;

std::chrono::sys_seconds time_of(std::int64_t unix_seconds) {
  return std::chrono::sys_seconds{std::chrono::seconds{unix_seconds}};
}

JournalRecord record_of(const Row& row) {
  return {.id = {.kind = RecordKind::file, .number = row.id},
          .source = row.file_path,
          .destination = row.dest_path,
          .status = std::string{journal::to_text(row.status)},
          .total_bytes = row.total_bytes,
          .transferred_bytes = row.transferred_bytes,
          .durable_bytes = row.durable_bytes,
          .last_error = row.last_error,
          .options = row.options,
          .started_at = time_of(row.started_at),
          .updated_at = time_of(row.updated_at)};
}

JournalRecord record_of(const TreeRow& tree) {
  return {.id = {.kind = RecordKind::tree, .number = tree.id},
          .source = tree.file_path,
          .destination = tree.dest_path,
          .status = tree.completed_at == 0 ? "in_progress" : "complete",
          .options = tree.options,
          .root_name = tree.root_name,
          .started_at = time_of(tree.started_at),
          .updated_at = time_of(tree.updated_at)};
}

/// The rows of a journal that is there, and the disk that they are about.
class View {
 public:
  View(const stdfs::path& journal, const OnWarning& on_warning)
      : fs_{io::posix_file_system()}, records_{journal, [&](const stdfs::path& path, const std::string& text) {
          if (on_warning) on_warning({.path = path, .text = text});
        }} {}

  [[nodiscard]] Records& records() { return records_; }
  [[nodiscard]] io::FileSystem& fs() { return *fs_; }

 private:
  std::unique_ptr<io::FileSystem> fs_;
  Records records_;
};

/// Where it is, or would be, without symlinks in its directories: what the journal has.
stdfs::path as_recorded(io::FileSystem& fs, const stdfs::path& given) {
  std::string text = stdfs::absolute(given).lexically_normal().native();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  const stdfs::path path{text};
  const auto itself = fs.resolve(path);
  if (itself.error == 0) return itself.value;
  const auto directory = fs.resolve(path.parent_path());
  return directory.error == 0 ? directory.value / path.filename() : path;
}

bool is_meant(const RecordKey& key, const RecordId& id, const stdfs::path& destination) {
  if (const auto* const wanted = std::get_if<RecordId>(&key)) return *wanted == id;
  return std::get<stdfs::path>(key) == destination;
}

[[noreturn]] void fail_unknown(const RecordKey& key) {
  const bool by_id = std::holds_alternative<RecordId>(key);
  throw Error{{.code = ErrorCode::io,
               .operation = "forget",
               .path = by_id ? stdfs::path{} : std::get<stdfs::path>(key),
               .reason = by_id ? "nothing in the journal has this id; check --list"
                               : "the journal has no such destination; check --list"}};
}

std::string days_text(std::chrono::seconds age) {
  const auto days = std::chrono::duration_cast<std::chrono::days>(age).count();
  if (days == 0) return "less than a day";
  return std::to_string(days) + (days == 1 ? " day" : " days");
}

/// Why the rows of a journal are of no use to anybody.
class Pruner {
 public:
  Pruner(io::FileSystem& fs, std::chrono::seconds age) : fs_{fs}, age_{age} {}

  /// Empty: it stays.
  [[nodiscard]] std::string reason(const Row& row) const {
    if (row.status == journal::Status::complete) {
      if (is_old(row.completed_at)) return "finished " + days_text(age_of(row.completed_at)) + " ago";
      return engine::destination_is_gone(fs_, row) ? "the destination is gone" : "";
    }
    const bool useless = is_old(row.updated_at) && engine::is_gone(fs_, row.file_path) &&
                         engine::partial_is_gone(fs_, row);
    return useless ? "source and partial are gone" : "";
  }
  [[nodiscard]] std::string reason(const TreeRow& tree) const {
    const bool useless = tree.completed_at == 0 && is_old(tree.updated_at) && engine::is_gone(fs_, tree.file_path) &&
                         engine::is_gone(fs_, tree.dest_path);
    return useless ? "source and destination are gone" : "";
  }

 private:
  [[nodiscard]] std::chrono::seconds age_of(std::int64_t unix_seconds) const {
    return std::chrono::duration_cast<std::chrono::seconds>(now_ - time_of(unix_seconds));
  }
  [[nodiscard]] bool is_old(std::int64_t unix_seconds) const { return age_of(unix_seconds) > age_; }

  io::FileSystem& fs_;
  std::chrono::seconds age_;
  std::chrono::system_clock::time_point now_ = std::chrono::system_clock::now();
};

}  // namespace

std::vector<JournalRecord> unfinished_records(const stdfs::path& journal, const OnWarning& on_warning, Look look) {
  std::vector<JournalRecord> found;
  if (!io::find(*io::posix_file_system(), journal, io::Links::follow)) return found;
  View view{journal, on_warning};
  for (const TreeRow& tree : view.records().trees(Which::unfinished)) {
    JournalRecord& record = found.emplace_back(record_of(tree));
    record.finished_files = view.records().finished_files(tree);
    if (look == Look::at_disk) record.activity = engine::activity_of(view.fs(), tree);
  }
  for (const Row& row : view.records().transfers(Which::unfinished)) {
    JournalRecord& record = found.emplace_back(record_of(row));
    if (look == Look::at_disk) record.activity = engine::activity_of(view.fs(), row);
  }
  return found;
}

std::vector<Forgotten> forget(const stdfs::path& journal, const RecordKey& given, const OnWarning& on_warning) {
  if (!io::find(*io::posix_file_system(), journal, io::Links::follow)) fail_unknown(given);
  View view{journal, on_warning};
  RecordKey key = given;
  if (auto* const path = std::get_if<stdfs::path>(&key)) *path = as_recorded(view.fs(), *path);
  auto trees = view.records().trees(Which::all);
  auto rows = view.records().transfers(Which::all);
  const auto is_other = [&](const auto& row) { return !is_meant(key, record_of(row).id, row.dest_path); };
  std::erase_if(trees, is_other);
  std::erase_if(rows, is_other);
  // All of it or nothing.
  engine::HeldLocks locks;
  std::vector<std::pair<engine::Leftover, Forgotten>> found;
  const auto hold = [&](const auto& row) {
    found.emplace_back(engine::Leftover{view.fs(), row, locks}, Forgotten{.record = record_of(row)});
  };
  std::ranges::for_each(trees, hold);
  std::ranges::for_each(rows, hold);
  if (found.empty()) fail_unknown(given);
  if (view.records().remove(rows, trees) == Records::Removed::changed) {
    engine::refuse_busy(found.front().second.record.destination);
  }
  std::vector<Forgotten> forgotten;
  forgotten.reserve(found.size());
  for (auto& [leftover, one] : found) {
    leftover.remove(one);
    forgotten.push_back(std::move(one));
  }
  return forgotten;
}

std::vector<Forgotten> prune(const stdfs::path& journal, std::chrono::seconds age, const OnWarning& on_warning) {
  std::vector<Forgotten> pruned;
  if (!io::find(*io::posix_file_system(), journal, io::Links::follow)) return pruned;
  View view{journal, on_warning};
  const Pruner pruner{view.fs(), age};
  const auto prune_all = [&](const auto& rows) {
    for (const auto& row : rows) {
      std::string reason = pruner.reason(row);
      // One that was written to meanwhile is of use again.
      if (reason.empty() || view.records().remove(row) == Records::Removed::changed) continue;
      pruned.push_back({.record = record_of(row), .reason = std::move(reason)});
    }
  };
  prune_all(view.records().trees(Which::unfinished));
  prune_all(view.records().transfers(Which::all));
  return pruned;
}

}  // namespace rcopy
