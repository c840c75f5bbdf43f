// SPDX-License-Identifier: MIT
//
// One object_of() an event. A new type or member goes into docs/json-output.md, too: json_test compares.
#include "ui/json_renderer.hpp"

#include "base/text.hpp"
#include "ui/json_line.hpp"

#include <rcopy/version.hpp>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <type_traits>
#include <utility>
#include <variant>

namespace rcopy::ui {
namespace {

// Told once in a second; the rate is known better by more samples.
constexpr std::chrono::milliseconds kInterval{200};
constexpr unsigned kToldEvery = 5;

const char* word(Verify verify) {
  switch (verify) {
    case Verify::medium: return "medium";
    case Verify::cache: return "cache";
    case Verify::none: break;
  }
  return "none";
}

const char* word(Item item) {
  switch (item) {
    case Item::file: return "file";
    case Item::symlink: return "symlink";
    case Item::special: return "special";
    case Item::directory: break;
  }
  return "directory";
}

const char* word(Outcome outcome) {
  switch (outcome) {
    case Outcome::copied: return "copied";
    case Outcome::finished: return "finished";
    case Outcome::up_to_date: return "up_to_date";
    case Outcome::kept: return "kept";
    case Outcome::planned: break;
  }
  return "planned";
}

const char* word(Method method) {
  switch (method) {
    case Method::copied: return "copied";
    case Method::cloned: return "cloned";
    case Method::linked: break;
  }
  return "linked";
}

const char* word(Phase phase) {
  switch (phase) {
    case Phase::idle: return "idle";
    case Phase::checking: return "checking";
    case Phase::copying: return "copying";
    case Phase::syncing: return "syncing";
    case Phase::verifying: return "verifying";
    case Phase::publishing: return "publishing";
    case Phase::waiting: break;
  }
  return "waiting";
}

Json object_of(const TransferStarted& started) {
  Json line = object(started.resume_offset_bytes == 0 ? "begun" : "resumed");
  add_path(line, "source", started.source);
  add_path(line, "destination", started.destination);
  line["total_bytes"] = started.total_bytes;
  line["resume_offset_bytes"] = started.resume_offset_bytes;
  line["attempt"] = started.attempt;
  line["plan"] = started.plan;
  return line;
}

Json object_of(const Retrying& retrying) {
  Json line = object("retry");
  add_error(line, retrying.error, retrying.error.what());
  line["next_attempt"] = retrying.next_attempt;
  line["attempts_at_most"] = retrying.attempts_at_most;
  line["wait_seconds"] = seconds(retrying.wait);
  return line;
}

Json object_of(const Waiting& waiting) {
  Json line = object("waiting");
  add_error(line, waiting.error, waiting.error.what());
  line["until"] = waiting.until;
  if (waiting.at_most != kForever) line["at_most_seconds"] = seconds(waiting.at_most);
  return line;
}

Json object_of(const Warning& warning) {
  Json line = object("warning");
  add_path_if_any(line, "path", warning.path);
  line["message"] = warning.text;
  return line;
}

Json object_of(const Notice& notice) {
  Json line = object("notice");
  add_path_if_any(line, "path", notice.path);
  line["message"] = notice.text;
  return line;
}

Json object_of(const TransferFinished& finished) {
  const FileSummary& file = finished.summary;
  Json line = object("file");
  add_path(line, "source", file.source);
  add_path(line, "destination", file.destination);
  line["item"] = word(file.item);
  line["outcome"] = word(file.outcome);
  if (!file.reason.empty()) line["reason"] = file.reason;
  const bool copied = file.outcome == Outcome::copied || file.outcome == Outcome::finished;
  if (copied) line["method"] = word(file.method);
  line["total_bytes"] = file.total_bytes;
  line["resumed_bytes"] = file.resumed_bytes;
  line["same_bytes"] = file.same_bytes;
  if (!file.file_hash.empty()) line["xxh128"] = file.file_hash;
  line["verified"] = word(file.verified);
  line["attempts"] = file.attempts;
  if (file.elapsed != file.elapsed.zero()) line["elapsed_seconds"] = seconds(file.elapsed);
  return line;
}

Json object_of(const TransferFailed& failed, const std::string& message) {
  Json line = object("error");
  add_error(line, failed.error, message);
  add_path_if_any(line, "source", failed.source);
  add_path_if_any(line, "destination", failed.destination);
  line["kept_bytes"] = failed.kept_bytes;
  line["total_bytes"] = failed.total_bytes;
  return line;
}

void add_statistics(Json& to, const Statistics& statistics) {
  to["found_files"] = statistics.found_files;
  to["copied_files"] = statistics.files.copied;
  to["up_to_date_files"] = statistics.files.up_to_date;
  to["kept_files"] = statistics.files.kept;
  to["planned_files"] = statistics.files.planned;
  to["failed_files"] = statistics.failed;
  to["total_bytes"] = statistics.total_bytes();
  to["transferred_bytes"] = statistics.transferred_bytes;
  to["resumed_bytes"] = statistics.resumed_bytes;
  to["same_bytes"] = statistics.same_bytes;
  to["shared_bytes"] = statistics.shared_bytes;
  to["planned_bytes"] = statistics.planned_bytes;
  to["medium_verified_files"] = statistics.verified_from_medium;
  to["cache_verified_files"] = statistics.verified_from_cache;
  to["not_verified_files"] = statistics.not_verified;
}

}  // namespace

JsonRenderer::JsonRenderer(Screen& screen, FailureText failure_text)
    : screen_(screen), failure_text_(std::move(failure_text)) {}

void JsonRenderer::begin(const RunStart& start) {
  Json line = object("start");
  line["version"] = kVersion;
  line["pid"] = ::getpid();
  line["sources"] = Json::array();
  for (const auto& source : start.job.sources) {
    Json one = Json::object();
    add_path(one, "source", source);
    line["sources"].push_back(std::move(one));
  }
  add_path(line, "destination", start.job.destination);
  line["verify"] = word(start.options.verify);
  line["dry_run"] = start.options.execution == Execution::dry;
  screen_.print(Channel::out, to_line(line));
}

void JsonRenderer::on_event(const Event& event) {
  const std::lock_guard lock{mutex_};
  note(event);
  const Json line = std::visit(
      [this](const auto& one) {
        if constexpr (std::is_same_v<decltype(one), const TransferFailed&>) {
          return object_of(one, failure_text_(one));
        } else {
          return object_of(one);
        }
      },
      event);
  screen_.print(Channel::out, to_line(line));
}

/// Which file the counters speak of.
void JsonRenderer::note(const Event& event) {
  if (const auto* const started = std::get_if<TransferStarted>(&event)) {
    source_ = started->source;
    meter_.reset();
  }
  const auto* const finished = std::get_if<TransferFinished>(&event);
  const auto* const failed = std::get_if<TransferFailed>(&event);
  const bool ended = (finished != nullptr && finished->summary.source == source_) ||
                     (failed != nullptr && failed->source == source_);
  if (ended) source_.clear();
}

void JsonRenderer::show_progress(const Observer& observer) {
  thread_ = std::jthread{[this, &observer](const std::stop_token& stop) { run(observer, stop); }};
}

void JsonRenderer::run(const Observer& observer, const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  for (unsigned samples = 1; !stop.stop_requested(); ++samples) {
    wake_.wait_for(lock, stop, kInterval, [] { return false; });
    if (stop.stop_requested()) return;
    const Seen now = look(observer);
    if (samples % kToldEvery == 0) tell(now);
  }
}

void JsonRenderer::tell_progress(const Observer& observer) {
  const std::lock_guard lock{mutex_};
  tell(look(observer));
}

JsonRenderer::Seen JsonRenderer::look(const Observer& observer) {
  Seen now{.file = source_.empty() ? PhaseProgress{} : sample(observer.counters),
                 .tree = {.found_files = observer.tree.found_files,
                          .done_files = observer.tree.done_files,
                          .done_bytes = observer.tree.done_bytes}};
  if (now.file.phase != metered_phase_) meter_.reset();
  metered_phase_ = now.file.phase;
  meter_.add(std::chrono::steady_clock::now(), now.file.done_bytes);
  return now;
}

void JsonRenderer::tell(const Seen& now) {
  const Seen before = std::exchange(told_, now);
  const bool file_moved = now.file.phase != Phase::idle && now.file != before.file;
  if (!file_moved && now.tree == before.tree) return;

  Json line = object("progress");
  if (now.file.phase != Phase::idle) {
    add_path(line, "source", source_);
    line["phase"] = word(now.file.phase);
    if (now.file.total_bytes != 0) {
      line["done_bytes"] = now.file.done_bytes;
      line["total_bytes"] = now.file.total_bytes;
    }
    const Rate rate = meter_.rate();
    if (rate.elapsed > rate.elapsed.zero()) {
      const double per_second = static_cast<double>(rate.amount) / std::chrono::duration<double>(rate.elapsed).count();
      line["bytes_per_second"] = std::llround(per_second);
    }
  }
  if (now.tree.found_files != 0) {
    line["found_files"] = now.tree.found_files;
    line["done_files"] = now.tree.done_files;
    line["done_files_bytes"] = now.tree.done_bytes;
  }
  screen_.print(Channel::out, to_line(line));
}

void JsonRenderer::finish(const RunEnd& end) {
  thread_ = {};  // joined
  Json line = object("summary");
  line["exit_code"] = end.exit_code;
  if (!end.signal_name.empty()) line["signal"] = end.signal_name;
  line["elapsed_seconds"] = seconds(end.elapsed);
  add_statistics(line, end.statistics);
  line["attributes_lost"] = end.summary.lost_attributes;
  line["checking_seconds"] = seconds(end.summary.times.checking);
  line["copying_seconds"] = seconds(end.summary.times.copying);
  line["syncing_seconds"] = seconds(end.summary.times.syncing);
  line["verifying_seconds"] = seconds(end.summary.times.verifying);
  screen_.print(Channel::out, to_line(line));
}

}  // namespace rcopy::ui
