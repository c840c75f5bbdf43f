// SPDX-License-Identifier: MIT
//
// What becomes of the files of a job, from whichever thread. An event goes before what it counts.
#pragma once

#include "engine/event_sink.hpp"

#include <rcopy/copy.hpp>

#include <mutex>
#include <utility>

namespace rcopy::engine {

class JobReport {
 public:
  explicit JobReport(EventSink& events) : events_{events} {}

  /// Of a file whose event was told already.
  void count(const FileSummary& file) {
    const std::lock_guard lock{mutex_};
    summary_.done.add(file);
  }
  void count(const Error& error) {
    const std::lock_guard lock{mutex_};
    summary_.failed.push_back(error);
  }

  void finished(const FileSummary& file) {
    events_.emit(TransferFinished{file});
    count(file);
  }
  void failed(const Error& error, const std::filesystem::path& source, const std::filesystem::path& destination) {
    events_.emit(TransferFailed{.error = error, .source = source, .destination = destination});
    count(error);
  }

  /// What was asked for is not all there, because of a stop.
  void stopped(const std::filesystem::path& destination, std::uint64_t kept_bytes) {
    const Error error{{.code = ErrorCode::interrupted,
                       .operation = "copy",
                       .path = destination,
                       .reason = "stopped as requested"}};
    events_.emit(TransferFailed{
        .error = error, .source = {}, .destination = destination, .kept_bytes = kept_bytes, .total_bytes = 0});
    count(error);
  }

  /// When no thread reports any more.
  [[nodiscard]] JobSummary take() {
    summary_.lost_attributes = events_.lost_attributes();
    summary_.times = events_.times();
    return std::exchange(summary_, {});
  }

 private:
  EventSink& events_;
  std::mutex mutex_;
  JobSummary summary_;
};

}  // namespace rcopy::engine
