// SPDX-License-Identifier: MIT
//
// What must hold after each injected fault and each power cut, and the count of the cases in which
// it did not. For tests that try thousands of cases: nothing here ends the test. One thread.
#pragma once

#include "support/copy_rig.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rcopy::test {

/// A file that was replaced, and the name it must have from then on.
struct KeptAs {
  std::filesystem::path path;
  const Bytes& bytes;
};

/// What the final name may hold, and what a medium is known to give back wrong.
struct Contents {
  const Bytes& fresh;                                  ///< what the source holds
  const Bytes* old = nullptr;                          ///< what the destination held; nothing: no file
  std::optional<std::uint64_t> bad_spot_bytes = {};    ///< the medium may keep this byte inverted once
  std::optional<std::uint32_t> mode = {};              ///< of the new file, where it is known
  Writing writing = Writing::beside;                   ///< in place: the first promise is given up
  std::optional<KeptAs> backup = {};
};

/// One line for each promise that is broken.
using Broken = std::vector<std::string>;

void append(Broken& broken, const Broken& more);

/// Promises 1 to 3 at this moment, the journal read as another program would. `result` is what the
/// run before it answered.
[[nodiscard]] Broken broken_promises(const CopyRig& rig, const Contents& contents, const Copied& result);

/// Promise 2 alone: what the journal claims about the partial or the destination is on the medium.
[[nodiscard]] Broken broken_claims(const CopyRig& rig, const Contents& contents);

/// The same for a test of which one case is enough: throws std::logic_error with what is wrong.
void check_claims(const CopyRig& rig, const Bytes& source);

/// Promise 5: runs the same command again; it must end well, with the new content under the final
/// name for good and nothing else beside it.
[[nodiscard]] Broken broken_by_next_run(CopyRig& rig, const Contents& contents);

/// Counts cases, and prints the broken ones as failures of the test, the first few in words.
class Tally {
 public:
  explicit Tally(std::string what) : what_{std::move(what)} {}
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;

  /// `where` tells the case from all others; what is broken is printed, and the test checks broken().
  void count(std::string_view where, const Broken& broken);

  [[nodiscard]] std::uint64_t cases() const { return cases_; }
  [[nodiscard]] std::uint64_t broken() const { return broken_; }

  /// "power cuts, fresh: 1234 cases, broken promises: 0"
  void print() const;
  void add(const Tally& other);

 private:
  std::string what_;
  std::uint64_t cases_ = 0;
  std::uint64_t broken_ = 0;
};

/// Sanitizers make a case ten to thirty times slower; there only every kEveryCase-th is tried.
#if defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t kEveryCase = 61;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint64_t kEveryCase = 23;
#else
inline constexpr std::uint64_t kEveryCase = 1;
#endif

/// Whether `tally` tried no fewer than `cases`, less what a sanitizer leaves out: so that no change
/// makes a proof smaller unnoticed.
[[nodiscard]] inline bool tried_at_least(std::uint64_t cases, const Tally& tally) {
  // A row of cases ends at the first one that is tried and left untouched.
  constexpr std::uint64_t kUneven = kEveryCase == 1 ? 1 : 10;
  return tally.cases() >= cases / kEveryCase / kUneven;
}

/// Which of a long row of cases to try: all, or every kEveryCase-th.
class Sampler {
 public:
  [[nodiscard]] bool next() { return seen_++ % kEveryCase == 0; }

 private:
  std::uint64_t seen_ = 0;
};

}  // namespace rcopy::test
