// SPDX-License-Identifier: MIT
//
// What becomes of the files of a job, from whichever thread. An event goes before what it counts.
#pragma once

#include "engine/event_sink.hpp"
#include "engine/interrupted.hpp"
#include "engine/manifest.hpp"

#include <rcopy/copy.hpp>

#include <mutex>
#include <utility>

namespace rcopy::engine {

class JobReport {
 public:
  /// `manifest` may be null. Both must outlive it.
  explicit JobReport(EventSink& events, Manifest* manifest = nullptr) : events_{events}, manifest_{manifest} {}

  /// Of a file whose event was told already.
  void count(const FileSummary& file) {
    // What has a hash holds what its source does.
    const auto content = hash::Digest::from_hex(file.file_hash);
    if (manifest_ != nullptr && content && !file.named.empty()) manifest_->add(file.named, *content);
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
    const Error error = interrupted("copy", destination);
    events_.emit(TransferFailed{
        .error = error, .source = {}, .destination = destination, .kept_bytes = kept_bytes, .total_bytes = 0});
    count(error);
  }

  /// Of the files that were copied.
  [[nodiscard]] std::uint64_t done_bytes() {
    const std::lock_guard lock{mutex_};
    return summary_.done.bytes;
  }

  [[nodiscard]] bool has_failed() {
    const std::lock_guard lock{mutex_};
    return !summary_.failed.empty();
  }

  /// When no thread reports any more.
  [[nodiscard]] JobSummary take() {
    summary_.lost_attributes = events_.lost_attributes();
    summary_.times = events_.times();
    return std::exchange(summary_, {});
  }

 private:
  EventSink& events_;
  Manifest* manifest_;
  std::mutex mutex_;
  JobSummary summary_;
};

}  // namespace rcopy::engine
