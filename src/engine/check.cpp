// SPDX-License-Identifier: MIT
//
// The public entry to check a list of files.
#include <rcopy/check.hpp>

#include "engine/medium_check.hpp"
#include "io/posix.hpp"

#include <utility>

namespace rcopy {

void CheckSummary::add(const CheckedFile& file) {
  read_bytes += file.total_bytes;
  switch (file.verdict) {
    case Verdict::intact: ++intact; break;
    case Verdict::different: ++different; break;
    case Verdict::changed: ++changed; break;
    case Verdict::no_hash: ++no_hash; break;
    case Verdict::missing: missing += file.files; break;
    case Verdict::unreadable: ++unreadable; break;
  }
}

CheckSummary check_files(const NextExpected& next, const CheckOptions& options, CheckObserver& observer,
                         std::stop_token stop) {
  const auto fs = io::posix_file_system();
  engine::MediumCheck check{*fs, options, observer, std::move(stop)};
  check.run([&]() -> std::optional<engine::CheckTask> {
    const auto file = next();
    if (!file) return std::nullopt;
    const auto digest = hash::Digest::from_hex(file->hash);
    if (!digest) {
      throw Error{{.code = ErrorCode::usage,
                   .operation = "check",
                   .path = file->path,
                   .reason = "its hash is not one of 32 hex digits"}};
    }
    return engine::CheckTask{.path = file->path, .links = io::Links::follow, .expected = digest};
  });
  return check.summary();
}

}  // namespace rcopy
