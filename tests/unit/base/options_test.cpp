// SPDX-License-Identifier: MIT
//
// Options that make no sense together are refused before anything is touched.
#include <rcopy/error.hpp>
#include <rcopy/options.hpp>

#include "support/catch.hpp"

using namespace rcopy;
using namespace std::chrono_literals;

namespace {

bool is_refused(const Options& options) {
  try {
    check(options);
    return false;
  } catch (const Error& error) {
    return error.code() == ErrorCode::usage;
  }
}

}  // namespace

TEST_CASE("the defaults are good, with and without a journal") {
  CHECK_FALSE(is_refused({}));
  CHECK_FALSE(is_refused({.journal = "j.db"}));
}

TEST_CASE("options that make no sense are refused") {
  CHECK(is_refused({.journal = ""}));
  CHECK(is_refused({.resume = Resume::check}));
  CHECK(is_refused({.reflink = Reflink::always, .writing = Writing::in_place}));
  CHECK(is_refused({.reflink = Reflink::always, .sparse = Sparse::never}));
  CHECK(is_refused({.reflink = Reflink::always, .sparse = Sparse::always}));
  for (const Make make : {Make::hard_link, Make::symbolic_link, Make::attributes}) {
    CHECK(is_refused({.make = make, .writing = Writing::in_place}));
    CHECK_FALSE(is_refused({.make = make, .reflink = Reflink::always}));
  }
  const std::string hash(32, 'a');
  CHECK_FALSE(is_refused({.expected_hash = hash}));
  CHECK(is_refused({.make = Make::hard_link, .expected_hash = hash}));
  CHECK_FALSE(is_refused({.manifest = "SUMS"}));
  CHECK(is_refused({.manifest = ""}));
  CHECK(is_refused({.make = Make::symbolic_link, .manifest = "SUMS"}));
  CHECK(is_refused({.expected_hash = ""}));
  CHECK(is_refused({.expected_hash = hash + "a"}));
  CHECK(is_refused({.expected_hash = "A" + hash.substr(1)}));
  CHECK(is_refused({.filters = {{.pattern = ""}}}));
  CHECK(is_refused({.min_bytes = 2, .max_bytes = 1}));
  CHECK(is_refused({.verify = Verify::none, .sources = Sources::remove}));
  CHECK(is_refused({.make = Make::hard_link, .sources = Sources::remove}));
  CHECK(is_refused({.make = Make::symbolic_link, .sources = Sources::remove}));
  CHECK(is_refused({.make = Make::attributes, .sources = Sources::remove}));
  CHECK(is_refused({.catalog = Catalog::keep}));
  CHECK(is_refused({.jobs = 257}));
  CHECK(is_refused({.retries = 1'000'001}));
  CHECK(is_refused({.retry_wait = -1ms}));
  CHECK(is_refused({.retry_wait = 25h}));
}

TEST_CASE("options at their limits are good") {
  CHECK_FALSE(is_refused({.journal = "j.db", .resume = Resume::check}));
  CHECK_FALSE(is_refused({.reflink = Reflink::automatic, .writing = Writing::in_place}));
  CHECK_FALSE(is_refused({.reflink = Reflink::always, .sparse = Sparse::automatic}));
  CHECK_FALSE(is_refused({.reflink = Reflink::automatic, .sparse = Sparse::never}));
  CHECK_FALSE(is_refused({.min_bytes = 1, .max_bytes = 1}));
  CHECK_FALSE(is_refused({.verify = Verify::cache, .sources = Sources::remove}));
  CHECK_FALSE(is_refused({.journal = "j.db", .catalog = Catalog::keep}));
  CHECK_FALSE(is_refused({.jobs = 256}));
  CHECK_FALSE(is_refused({.retries = 0}));
  CHECK_FALSE(is_refused({.retries = 1'000'000}));
  CHECK_FALSE(is_refused({.retry_wait = 0ms}));
  CHECK_FALSE(is_refused({.retry_wait = 24h}));
}
