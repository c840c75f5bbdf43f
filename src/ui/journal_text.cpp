// SPDX-License-Identifier: MIT
#include "ui/journal_text.hpp"

#include "base/text.hpp"
#include "ui/json_line.hpp"
#include "ui/phrases.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rcopy::ui {
namespace {

constexpr const char* kColumns = "{:>5}  {:<30}  {:<16}  {}";
constexpr const char* kIndent = "       ";

std::string local_time(std::chrono::sys_seconds time) {
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(std::chrono::system_clock::to_time_t(time)));
}

/// Cut, so that it never says 100 % before the end.
std::uint64_t percent(const JournalRecord& record) {
  if (record.total_bytes == 0) return 0;
  return static_cast<std::uint64_t>(100.0 * (static_cast<double>(record.transferred_bytes) /
                                             static_cast<double>(record.total_bytes)));
}

std::string done_text(const JournalRecord& record) {
  if (record.id.kind == RecordKind::tree) {
    return fmt::format("{} {} finished", record.finished_files, record.finished_files == 1 ? "file" : "files");
  }
  return fmt::format("{} of {}, {} %", base::format_bytes(record.transferred_bytes),
                     base::format_bytes(record.total_bytes), percent(record));
}

/// Of a tree nothing is noted that says why it stopped.
const char* state_word(const JournalRecord& record) {
  if (record.activity == Activity::running) return "running";
  if (record.status == "failed") return "failed";
  return record.last_error.empty() ? "interrupted" : "stopped";
}

void add_record(Json& object, const JournalRecord& record) {
  const bool tree = record.id.kind == RecordKind::tree;
  object["kind"] = tree ? "tree" : "file";
  object["id"] = to_text(record.id);
  add_path(object, "source", record.source);
  add_path(object, "destination", record.destination);
  object["status"] = record.status;
  if (tree) {
    object["finished_files"] = record.finished_files;
  } else {
    object["total_bytes"] = record.total_bytes;
    object["transferred_bytes"] = record.transferred_bytes;
    object["durable_bytes"] = record.durable_bytes;
  }
}

}  // namespace

std::string to_text(const RecordId& id) {
  return (id.kind == RecordKind::tree ? "t" : "") + std::to_string(id.number);
}

std::vector<std::string> journal_table(const std::vector<JournalRecord>& records) {
  if (records.empty()) return {"nothing is unfinished"};
  std::vector<std::string> lines{fmt::format(kColumns, "ID", "DONE", "BEGUN", "STATE")};
  for (const JournalRecord& record : records) {
    lines.push_back(fmt::format(kColumns, to_text(record.id), done_text(record),
                                local_time(record.started_at), state_word(record)));
    lines.push_back(kIndent + arrow(record.source, record.destination));
    const bool told = record.activity == Activity::none && !record.last_error.empty();
    if (told) lines.push_back(kIndent + without_controls(record.last_error));
  }
  return lines;
}

std::string forgotten_line(const Forgotten& forgotten) {
  std::string line = "forgot " + to_text(forgotten.record.id) + ": " + arrow(forgotten.record.source, forgotten.record.destination);
  switch (forgotten.fate) {
    case PartialFate::none: break;
    case PartialFate::removed: line += "; removed " + base::quoted(forgotten.partial); break;
    case PartialFate::kept: line += "; kept " + base::quoted(forgotten.partial); break;
  }
  return forgotten.reason.empty() ? line : line + "; " + forgotten.reason;
}

std::string unfinished_json(const JournalRecord& record) {
  Json line = object("unfinished");
  add_record(line, record);
  line["running"] = record.activity == Activity::running;
  line["begun_time"] = base::format_time(record.started_at);
  line["written_time"] = base::format_time(record.updated_at);
  if (!record.last_error.empty()) line["last_error"] = record.last_error;
  return to_line(line);
}

std::string forgotten_json(const Forgotten& forgotten) {
  Json line = object("forgotten");
  add_record(line, forgotten.record);
  if (forgotten.fate != PartialFate::none) {
    line["partial"] = forgotten.fate == PartialFate::removed ? "removed" : "kept";
    add_path(line, "partial_path", forgotten.partial);
  }
  if (!forgotten.reason.empty()) line["reason"] = forgotten.reason;
  return to_line(line);
}

}  // namespace rcopy::ui
