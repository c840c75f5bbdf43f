// SPDX-License-Identifier: MIT
//
// The loop around the attempts. There is one way to try again, whatever the reason: everything is
// closed and the seven steps run from the top, with the row as the only memory.
#include "engine/transfer.hpp"

#include "engine/attempt.hpp"
#include "engine/limits.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>

namespace rcopy::engine {
namespace {

using std::chrono::milliseconds;

/// Errors that pass: a device that was pulled or a server that went away may come back.
bool transient(const Error& error) {
  static constexpr std::array kTransient{EIO,      ETIMEDOUT, ESTALE,     ENODEV,       ENXIO,       ENOTCONN,    EAGAIN,
                                         ENOLINK,  EREMOTEIO, ECONNRESET, ECONNABORTED, ECONNREFUSED, EHOSTDOWN,
                                         EHOSTUNREACH, ENETDOWN, ENETUNREACH, ESHUTDOWN};
  return error.code() == ErrorCode::io && std::ranges::find(kTransient, error.info().os_error) != kTransient.end();
}

Error interrupted(const std::filesystem::path& destination) {
  return Error{{.code = ErrorCode::interrupted,
                .operation = "copy",
                .path = destination,
                .reason = "stopped as requested"}};
}

/// What became of one attempt: a summary, or an error and whether to try again.
struct Tried {
  std::optional<FileSummary> summary;
  std::optional<Error> error;
  enum class Again { no, at_once, after_wait } again = Again::no;
};

class Transfer {
 public:
  Transfer(const Run& run, std::filesystem::path source, std::filesystem::path destination)
      : run_{run},
        source_{std::move(source)},
        given_destination_{std::move(destination)},
        destination_{given_destination_},
        ledger_{run.journal, run.events} {}

  FileSummary run() {
    const auto begun = std::chrono::steady_clock::now();
    milliseconds wait = run_.options.retry_wait;
    for (unsigned number = 1;; ++number) {
      Tried tried = try_once(number);
      if (tried.summary) {
        tried.summary->elapsed = std::chrono::steady_clock::now() - begun;
        run_.events.counters().phase = Phase::idle;
        run_.events.emit(TransferFinished{*tried.summary});
        return *tried.summary;
      }
      if (tried.again == Tried::Again::no || number > run_.options.retries) give_up(*tried.error);
      const bool at_once = tried.again == Tried::Again::at_once;
      try_again_after(at_once ? milliseconds{0} : wait, *tried.error, number);
      if (!at_once) wait = std::min<milliseconds>(wait * 2, kMaxRetryWait);
    }
  }

 private:
  Tried try_once(unsigned number) {
    using Again = Tried::Again;
    if (run_.stop.stop_requested()) return {.summary = {}, .error = interrupted(destination_)};
    Attempt attempt{run_, ledger_, source_, given_destination_, number};
    try {
      const AttemptEnd end = attempt.run();
      destination_ = attempt.destination();
      kept_bytes_ = 0;
      if (end == AttemptEnd::done) return {.summary = attempt.summary(), .error = {}};
      return {.summary = {}, .error = attempt.reason(), .again = Again::at_once};
    } catch (const Error& error) {
      destination_ = attempt.destination();
      kept_bytes_ = attempt.kept_bytes().value_or(kept_bytes_);
      const Again again = transient(error) ? Again::after_wait : Again::no;
      const bool last = again == Again::no || number > run_.options.retries;
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

  /// Waits, and ends at once where stop is requested.
  void try_again_after(milliseconds wait, const Error& error, unsigned number) {
    run_.events.emit(Retrying{.error = error,
                              .next_attempt = number + 1,
                              .attempts_at_most = run_.options.retries + 1,
                              .wait = wait});
    run_.events.counters().phase = Phase::waiting;
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock{mutex};
    (void)never.wait_for(lock, run_.stop, wait, [] { return false; });
  }

  [[noreturn]] void give_up(const Error& error) {
    run_.events.counters().phase = Phase::idle;
    run_.events.emit(TransferFailed{.error = error,
                                    .source = source_,
                                    .destination = destination_,
                                    .kept_bytes = kept_bytes_,
                                    .total_bytes = ledger_.row().total_bytes});
    throw error;
  }

  const Run& run_;
  std::filesystem::path source_;
  std::filesystem::path given_destination_;
  std::filesystem::path destination_;
  std::uint64_t kept_bytes_ = 0;  ///< after the last attempt
  Ledger ledger_;
};

}  // namespace

FileSummary transfer_file(const Run& run, const std::filesystem::path& source,
                          const std::filesystem::path& destination) {
  return Transfer{run, source, destination}.run();
}

}  // namespace rcopy::engine
