// SPDX-License-Identifier: MIT
//
// A stop between two files of a job: what was not begun is not called done.
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <rcopy/copy.hpp>

#include <fstream>
#include <stop_token>

using namespace rcopy;

namespace {

/// Requests a stop when the first file is finished.
class StopAfterFirst : public Observer {
 public:
  void on_event(const Event& event) override {
    if (std::holds_alternative<TransferFinished>(event)) stop.request_stop();
  }
  std::stop_source stop;
};

}  // namespace

TEST_CASE("a stop between two files is told, though no file was hit by it") {
  const test::TempDir dir;
  for (const char* const name : {"a", "b"}) std::ofstream{dir / name} << name;
  std::filesystem::create_directory(dir / "to");
  StopAfterFirst observer;
  const Job job{.sources = {dir / "a", dir / "b"}, .destination = dir / "to", .target = Target::directory};
  const JobSummary summary = copy_files(job, {}, observer, observer.stop.get_token());
  CHECK(summary.done.copied == 1);
  REQUIRE(summary.failed.size() == 1);
  CHECK(summary.failed.front().code() == ErrorCode::interrupted);
  CHECK_FALSE(std::filesystem::exists(dir / "to/b"));
}
