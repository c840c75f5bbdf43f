// SPDX-License-Identifier: MIT
//
// The smallest user of the library: consumer SOURCE DEST copies one file without a journal.
#include <rcopy/copy.hpp>
#include <rcopy/version.hpp>

#include <cstdio>
#include <variant>

namespace {

class Teller : public rcopy::Observer {
 public:
  void on_event(const rcopy::Event& event) override {
    if (const auto* failed = std::get_if<rcopy::TransferFailed>(&event)) {
      std::fprintf(stderr, "%s\n", failed->error.what());
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  Teller teller;
  const rcopy::Job job{.sources = {argv[1]}, .destination = argv[2]};
  const rcopy::JobSummary summary = rcopy::copy_files(job, rcopy::Options{}, teller);
  std::printf("rcopy %s: %llu copied\n", rcopy::kVersion, static_cast<unsigned long long>(summary.done.files()));
  return summary.failed.empty() ? 0 : 1;
}
