// SPDX-License-Identifier: MIT
//
// The loop around the attempts. There is one way to try again, whatever the reason: everything is
// closed and the seven steps run from the top, with the row as the only memory.
#include "engine/transfer.hpp"

#include "base/text.hpp"
#include "engine/attempt.hpp"
#include "engine/interrupted.hpp"
#include "engine/limits.hpp"
#include "engine/pause.hpp"
#include "engine/route.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

namespace rcopy::engine {
namespace {

using std::chrono::milliseconds;

bool transient(const Error& error) {
  return error.code() == ErrorCode::io && io::is_transient(error.info().os_error);
}

/// What became of one attempt: a summary, or an error and whether to try again.
struct Tried {
  std::optional<FileSummary> summary;
  std::optional<Error> error;
  enum class Again { no, at_once, after_wait } again = Again::no;
};

constexpr milliseconds kLockPoll{100};
constexpr milliseconds kDevicePoll{500};

/// A wait that ends: a point in time, or never.
class Deadline {
 public:
  explicit Deadline(milliseconds at_most) {
    if (at_most != kForever) end_ = Clock::now() + at_most;
  }
  [[nodiscard]] bool passed() const { return end_ && Clock::now() >= *end_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> end_;
};

class Transfer {
 public:
  Transfer(const Run& run, Route& route)
      : run_{run},
        route_{route},
        source_{route.source()},
        destination_{route.destination()},
        ledger_{run.journal, run.events} {}

  FileSummary run() {
    const auto begun = std::chrono::steady_clock::now();
    milliseconds wait = run_.options.retry_wait;
    while (true) {
      Tried tried = try_once();
      if (tried.summary) {
        tried.summary->found = route_.found();
        tried.summary->elapsed = std::chrono::steady_clock::now() - begun;
        run_.events.enter(Phase::idle);
        run_.events.emit(TransferFinished{*tried.summary});
        return *tried.summary;
      }
      order_.after_mismatch = tried.error->code() == ErrorCode::verify_failed;
      const bool at_once = tried.again == Tried::Again::at_once;
      order_.at_once = at_once;
      if (waited_for_lock(*tried.error)) continue;
      ++order_.number;
      if (waited_for_device(*tried.error)) continue;
      if (tried.again == Tried::Again::no || order_.last) give_up(*tried.error);
      try_again_after(at_once ? milliseconds{0} : wait, *tried.error);
      if (!at_once) wait = std::min<milliseconds>(wait * 2, kMaxRetryWait);
    }
  }

 private:
  Tried try_once() {
    using Again = Tried::Again;
    if (run_.stop.stop_requested()) return {.summary = {}, .error = interrupted("copy", destination_)};
    order_.last = retries_used_ >= run_.options.retries;
    Attempt attempt{run_, ledger_, route_, order_};
    try {
      if (order_.number > 1) route_.renew();
      const AttemptEnd end = attempt.run();
      remember(attempt);
      kept_bytes_ = 0;
      if (end == AttemptEnd::done) return {.summary = attempt.summary(), .error = {}};
      return {.summary = {}, .error = attempt.reason(), .again = Again::at_once};
    } catch (const Error& caught) {
      remember(attempt);
      kept_bytes_ = attempt.kept_bytes().value_or(kept_bytes_);
      const Error error = with_mount(caught);
      const bool pulled = error.code() == ErrorCode::not_mounted && order_.number > 1;
      const Again again = transient(error) || pulled ? Again::after_wait : Again::no;
      const bool last = (again == Again::no || order_.last) && !may_wait_for_device(error);
      attempt.failed(error, last ? Attempt::Next::another_run : Attempt::Next::another_attempt);
      return {.summary = {}, .error = error, .again = again};
    } catch (const std::system_error& error) {
      // No thread to be had.
      return {.summary = {},
              .error = Error{{.code = ErrorCode::io,
                              .operation = "copy",
                              .path = source_,
                              .os_error = error.code().value()}}};
    }
  }

  void remember(const Attempt& attempt) {
    destination_ = attempt.destination();
    writing_ = attempt.writing();
    if (!source_anchor_) source_anchor_ = attempt.source_anchor();
    if (!destination_anchor_) destination_anchor_ = attempt.destination_anchor();
    if (destination_anchor_) order_.mount = destination_anchor_->mount;
    // One that was only looked at is not the one that this copy is about.
    if (attempt.begun() || !order_.disk) order_.disk = attempt.disk();
    if (attempt.begun() || !order_.source_disk) order_.source_disk = attempt.source_disk();
    order_.may_replace = attempt.may_replace();
    if (attempt.source_kind() == io::FileKind::block_device) source_device_ = source_;
    if (attempt.device()) destination_device_ = attempt.device();
  }

  /// A directory that vanished with its mount point: desktops remove those of a pulled stick. Of a pulled
  /// device the node vanishes.
  [[nodiscard]] Error with_mount(const Error& error) const {
    if (error.code() != ErrorCode::io || transient(error)) return error;
    if (device_away()) {
      return Error{{.code = ErrorCode::io,
                    .operation = error.info().operation,
                    .path = error.info().path,
                    .os_error = ENODEV}};
    }
    if (error.info().os_error != ENOENT) return error;
    const auto away = mount_away();
    if (!away) return error;
    return Error{{.code = ErrorCode::not_mounted,
                  .operation = "copy to",
                  .path = destination_,
                  .reason = "nothing is mounted on " + base::quoted(*away) + " any more"}};
  }

  /// Whether the lock is free now, or may be: a busy attempt has touched nothing and does not count.
  bool waited_for_lock(const Error& error) {
    if (error.code() != ErrorCode::busy) lock_deadline_.reset();
    if (error.code() != ErrorCode::busy || run_.options.lock_wait == milliseconds{0}) return false;
    if (!lock_deadline_) {
      lock_deadline_.emplace(run_.options.lock_wait);
      wait_begins(error, "it has finished", run_.options.lock_wait);
    }
    if (lock_deadline_->passed()) return false;
    pause(kLockPoll);
    return true;
  }

  [[nodiscard]] bool may_wait_for_device(const Error& error) const {
    const bool may_be_gone = error.code() == ErrorCode::io || error.code() == ErrorCode::not_mounted;
    return may_be_gone && run_.options.device_wait != milliseconds{0};
  }

  /// Whether something was away and is back. Not being there is no failed attempt.
  bool waited_for_device(const Error& error) {
    if (!may_wait_for_device(error)) return false;
    const auto away = what_is_away();
    if (!away) return false;
    wait_begins(error, base::quoted(*away) + " is back", run_.options.device_wait);
    const Deadline deadline{run_.options.device_wait};
    while (!run_.stop.stop_requested() && what_is_away()) {
      if (deadline.passed()) return false;
      pause(kDevicePoll);
    }
    return true;
  }

  [[nodiscard]] std::optional<std::filesystem::path> what_is_away() const {
    const auto device = device_away();
    return device ? device : mount_away();
  }

  [[nodiscard]] std::optional<std::filesystem::path> device_away() const {
    for (const auto& device : {destination_device_, source_device_}) {
      if (device && !device_answers(*device)) return device;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool device_answers(const std::filesystem::path& given) const {
    try {
      const auto found = io::find(run_.fs, given, io::Links::follow);
      if (!found || found->kind != io::FileKind::block_device) return false;
      const auto path = io::resolve(run_.fs, given);
      const auto directory = io::open_directory(run_.fs, path.parent_path(), io::DirectoryUse::look_up);
      const auto file = io::open(*directory, path.filename(), io::OpenMode::read_back);
      (void)io::stat(*file);  // which has no size without a disk
      return true;
    } catch (const Error& error) {
      // The node is there before its owner and its group are set.
      const int os_error = error.info().os_error;
      return !transient(error) && os_error != EACCES && os_error != EPERM && os_error != ENOENT;
    }
  }

  /// The mount point, where it has a file system of its own that does not answer.
  [[nodiscard]] std::optional<std::filesystem::path> mount_away() const {
    if (destination_anchor_ && !answers(run_.fs, *destination_anchor_, io::DirectoryUse::change_names)) {
      return destination_anchor_->mount.point;
    }
    if (source_anchor_ && !source_answers()) return source_anchor_->mount.point;
    return std::nullopt;
  }

  [[nodiscard]] bool source_answers() const {
    if (!answers(run_.fs, *source_anchor_, io::DirectoryUse::look_up)) return false;
    try {
      const Source source = route_.open_source();
      (void)source.file->drop_cache({});  // only to ask the device itself
      std::array<std::byte, 1> first{};
      (void)io::read_full(*source.file, first, 0);
      return true;
    } catch (const Error& error) {
      return !transient(error);  // it answers, if only that there is no such file
    }
  }

  void wait_begins(const Error& error, std::string until, milliseconds at_most) {
    run_.events.enter(Phase::waiting);
    run_.events.emit(Waiting{.error = error, .until = std::move(until), .at_most = at_most});
  }

  void try_again_after(milliseconds wait, const Error& error) {
    ++retries_used_;
    run_.events.emit(Retrying{.error = error,
                              .next_attempt = order_.number,
                              .attempts_at_most = order_.number + run_.options.retries - retries_used_,
                              .wait = wait});
    run_.events.enter(Phase::waiting);
    pause(wait);
  }

  void pause(milliseconds time) const { pause_until(std::chrono::steady_clock::now() + time, run_.stop); }

  [[noreturn]] void give_up(const Error& error) {
    run_.events.enter(Phase::idle);
    run_.events.emit(TransferFailed{.error = error,
                                    .source = source_,
                                    .destination = destination_,
                                    .kept_bytes = kept_bytes_,
                                    .total_bytes = ledger_.row().total_bytes,
                                    .writing = writing_});
    throw error;
  }

  const Run& run_;
  Route& route_;
  std::filesystem::path source_;
  std::filesystem::path destination_;
  std::uint64_t kept_bytes_ = 0;  ///< after the last attempt
  Writing writing_ = Writing::beside;  ///< likewise
  Ledger ledger_;
  AttemptOrder order_;
  unsigned retries_used_ = 0;
  std::optional<Anchor> source_anchor_;       ///< where they were when they were seen first
  std::optional<Anchor> destination_anchor_;
  std::optional<std::filesystem::path> source_device_;  ///< where they are devices, and were seen
  std::optional<std::filesystem::path> destination_device_;
  std::optional<Deadline> lock_deadline_;
};

}  // namespace

FileSummary transfer_file(const Run& run, Route& route) { return Transfer{run, route}.run(); }

FileSummary transfer_file(const Run& run, const std::filesystem::path& source,
                          const std::filesystem::path& destination) {
  NamedRoute route{run, source, destination};
  return transfer_file(run, route);
}

}  // namespace rcopy::engine
