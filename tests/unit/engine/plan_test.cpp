// SPDX-License-Identifier: MIT
#include "engine/plan.hpp"

#include "support/catch.hpp"

namespace rcopy::engine {
namespace {

using journal::Row;
using journal::Status;

constexpr std::uint64_t kMiB = 1U << 20U;
constexpr std::uint64_t kTotal = 10 * kMiB;

const journal::SourceIdentity kSource{
    .device = 1, .inode = 10, .size_bytes = kTotal, .mtime_ns = 1000, .ctime_ns = 1001};
const journal::PartialIdentity kPartial{.device = 2, .inode = 20, .birth_ns = 2000};
const journal::ContentTimes kTimes{.mtime_ns = 3000, .ctime_ns = 3001};

/// Seven of ten MiB copied, four of them durable.
Row row_in(Status status) {
  const bool whole = status == Status::copied || status == Status::verified || status == Status::complete;
  Row row;
  row.id = 1;
  row.file_path = "/src/a";
  row.dest_path = "/dst/a";
  row.total_bytes = kTotal;
  row.transferred_bytes = whole ? kTotal : 7 * kMiB;
  row.durable_bytes = whole ? kTotal : 4 * kMiB;
  row.file_hash = hash::Digest{};
  row.source = kSource;
  row.partial = kPartial;
  row.content = kTimes;
  row.status = status;
  row.verified_by = status == Status::verified || status == Status::complete ? "medium" : "";
  return row;
}

FoundFile file_of(std::uint64_t size_bytes) { return {.identity = kPartial, .times = kTimes, .size_bytes = size_bytes}; }

Situation with_partial(std::uint64_t size_bytes) {
  return {.source_path = "/src/a", .source = kSource, .partial = file_of(size_bytes), .destination = {}};
}

Situation with_destination() {
  return {.source_path = "/src/a", .source = kSource, .partial = {}, .destination = file_of(kTotal)};
}

bool starts_over(const Plan& plan) { return plan.entry == Entry::copy && plan.keep == Keep::nothing; }

TEST_CASE("without a row everything is copied", "[plan]") {
  CHECK(starts_over(make_plan({}, with_destination(), {})));
  CHECK(starts_over(make_plan({}, with_partial(7 * kMiB), {})));
}

TEST_CASE("a cut-short copy continues in the partial the row means", "[plan]") {
  for (const Status status : {Status::in_progress, Status::failed}) {
    const Plan plan = make_plan(row_in(status), with_partial(7 * kMiB), {});
    CHECK(plan.entry == Entry::copy);
    CHECK(plan.keep == Keep::confirmed);
  }
}

TEST_CASE("bytes above the durable point may be gone, bytes below it may not", "[plan]") {
  CHECK(make_plan(row_in(Status::in_progress), with_partial(4 * kMiB), {}).keep == Keep::confirmed);
  CHECK(starts_over(make_plan(row_in(Status::in_progress), with_partial(4 * kMiB - 1), {})));
  CHECK(make_plan(row_in(Status::in_progress), with_partial(99 * kMiB), {}).keep == Keep::confirmed);
}

TEST_CASE("a partial that may be another file is only kept as far as its hash confirms", "[plan]") {
  Situation now = with_partial(7 * kMiB);
  SECTION("another inode") { now.partial->identity.inode = 21; }
  SECTION("the inode number used again") { now.partial->identity.birth_ns = 2001; }
  SECTION("no inode numbers and no birth times to tell by") {
    Row row = row_in(Status::in_progress);
    row.partial = {.device = 2, .inode = 0, .birth_ns = 0};
    now.partial->identity = row.partial;
    CHECK(make_plan(row, now, {}).keep == Keep::checked);
    return;
  }
  CHECK(make_plan(row_in(Status::in_progress), now, {}).keep == Keep::checked);
  CHECK(make_plan(row_in(Status::copied), now, {}).entry == Entry::copy);
  CHECK(make_plan(row_in(Status::verified), now, {}).entry == Entry::copy);
}

TEST_CASE("a stick that was plugged in again has another device number and is the same", "[plan]") {
  Situation now = with_partial(7 * kMiB);
  now.partial->identity.device = 99;
  now.source.device = 98;
  CHECK(make_plan(row_in(Status::in_progress), now, {}).keep == Keep::confirmed);
}

TEST_CASE("any change of the source starts over", "[plan]") {
  Situation now = with_partial(7 * kMiB);
  SECTION("size") { now.source.size_bytes += 1; }
  SECTION("mtime") { now.source.mtime_ns += 1; }
  SECTION("ctime") { now.source.ctime_ns += 1; }
  SECTION("inode") { now.source.inode += 1; }
  SECTION("another file on another device that looks the same") {
    now.source.device += 1;
    now.source_path = "/other/a";
  }
  for (const Status status : {Status::in_progress, Status::copied, Status::verified, Status::complete}) {
    CHECK(starts_over(make_plan(row_in(status), now, {})));
  }
}

TEST_CASE("a source without stable inode numbers must have the same path", "[plan]") {
  Row row = row_in(Status::in_progress);
  row.source.inode = 0;
  Situation now = with_partial(7 * kMiB);
  now.source.inode = 0;
  CHECK(make_plan(row, now, {}).keep == Keep::confirmed);
  now.source_path = "/src/b";
  CHECK(starts_over(make_plan(row, now, {})));
}

/// A cut-short copy of a device of `identity`, and the device as it is now.
struct DeviceSource {
  explicit DeviceSource(Status status) : row{row_in(status)}, now{with_partial(row.transferred_bytes)} {
    row.source = now.source = {.device = 0x700, .inode = 77, .size_bytes = kTotal};
    now.source_kind = io::FileKind::block_device;
  }
  Row row;
  Situation now;
};

TEST_CASE("in one run a device as source is known by its disk", "[plan]") {
  DeviceSource device{Status::in_progress};
  device.now.watched = true;
  CHECK(make_plan(device.row, device.now, {}).keep == Keep::confirmed);
  CHECK(make_plan(device.row, device.now, {}).source == SourceTrust::known);
}

TEST_CASE("a device that may have changed must begin with the bytes that were kept", "[plan]") {
  DeviceSource device{GENERATE(Status::in_progress, Status::copied, Status::verified)};
  SECTION("the same disk, which anybody may have written to since") {}
  SECTION("another disk") { device.now.source.inode = 78; }
  SECTION("another disk, while a run goes on") {
    device.now.source.inode = 78;
    device.now.watched = true;
  }
  SECTION("before the last boot, nothing told") { device.now.source.inode = 0; }
  SECTION("nothing is ever told") { device.row.source.inode = device.now.source.inode = 0; }
  const Plan plan = make_plan(device.row, device.now, {});
  CHECK(plan.entry == Entry::copy);
  CHECK(plan.keep == Keep::confirmed);
  CHECK(plan.source == SourceTrust::checked);
  device.now.source.size_bytes -= 512;
  CHECK(starts_over(make_plan(device.row, device.now, {})));
}

TEST_CASE("a file that was replaced by a device of the same size is another source", "[plan]") {
  Situation now = with_partial(7 * kMiB);
  now.source = {.device = 0x700, .inode = 77, .size_bytes = kTotal};
  now.source_kind = io::FileKind::block_device;
  CHECK(starts_over(make_plan(row_in(Status::in_progress), now, {})));
}

TEST_CASE("a copy of a device is never up to date, for anybody may have written to it", "[plan]") {
  DeviceSource device{Status::complete};
  device.now.partial.reset();
  device.now.destination = file_of(kTotal);
  CHECK(starts_over(make_plan(device.row, device.now, {})));
}

TEST_CASE("what is written in place is read back where nothing else would be", "[plan]") {
  Situation now = with_partial(7 * kMiB);
  now.writing = Writing::in_place;
  CHECK(make_plan(row_in(Status::in_progress), now, {}).keep == Keep::confirmed);
  CHECK(make_plan(row_in(Status::in_progress), now, {.verify = Verify::none}).keep == Keep::checked);
  now.writing = Writing::beside;  // a private file
  CHECK(make_plan(row_in(Status::in_progress), now, {.verify = Verify::none}).keep == Keep::confirmed);
}

TEST_CASE("a copied file is verified, a verified one published", "[plan]") {
  CHECK(make_plan(row_in(Status::copied), with_partial(kTotal), {}).entry == Entry::verify);
  CHECK(make_plan(row_in(Status::verified), with_partial(kTotal), {}).entry == Entry::publish);
}

TEST_CASE("a verified partial that was touched, or proven less than asked for, is verified again", "[plan]") {
  Row row = row_in(Status::verified);
  Situation now = with_partial(kTotal);
  Options options;
  SECTION("mtime") { now.partial->times.mtime_ns += 1; }
  SECTION("ctime") { now.partial->times.ctime_ns += 1; }
  SECTION("only through the cache") { row.verified_by = "cache"; }
  SECTION("--resume=check") { options.resume = Resume::check; }
  CHECK(make_plan(row, now, options).entry == Entry::verify);
}

TEST_CASE("without a read-back a doubtful partial is checked against the journal", "[plan]") {
  Options options;
  options.verify = Verify::none;
  Situation now = with_partial(kTotal);
  CHECK(make_plan(row_in(Status::copied), now, options).entry == Entry::verify);
  SECTION("touched") { now.partial->times.mtime_ns += 1; }
  SECTION("--resume=check") { options.resume = Resume::check; }
  CHECK(make_plan(row_in(Status::copied), now, options).keep == Keep::checked);
  CHECK(make_plan(row_in(Status::verified), now, options).keep == Keep::checked);
}

TEST_CASE("a whole partial of another size is not taken as whole", "[plan]") {
  CHECK(make_plan(row_in(Status::verified), with_partial(kTotal + 1), {}).keep == Keep::confirmed);
  CHECK(starts_over(make_plan(row_in(Status::verified), with_partial(kTotal - 1), {})));
}

TEST_CASE("a crash after the rename only needs finishing", "[plan]") {
  Row row = row_in(Status::verified);
  Situation now = with_destination();
  now.destination->times.ctime_ns += 1;  // the rename changed it
  CHECK(make_plan(row, now, {}).entry == Entry::finish);
  now.destination->times.mtime_ns = kSource.mtime_ns;  // -p gave it the source's
  CHECK(make_plan(row, now, {}).entry == Entry::finish);
  now.partial = file_of(0);  // the run that was to finish made one, and was cut short
  now.partial->identity.inode = 5;
  CHECK(make_plan(row, now, {}).entry == Entry::finish);
  now.partial.reset();
  row.verified_by = "none";  // and then verification is asked for
  CHECK(starts_over(make_plan(row, now, {})));
  row.verified_by = "medium";
  now.destination->times.mtime_ns = 77;  // somebody wrote to it
  CHECK(starts_over(make_plan(row, now, {})));
}

TEST_CASE("the old destination is never taken for the finished copy", "[plan]") {
  Situation now = with_destination();
  now.destination->identity.inode = 5;
  CHECK(starts_over(make_plan(row_in(Status::verified), now, {})));
  CHECK(starts_over(make_plan(row_in(Status::complete), now, {})));
}

TEST_CASE("complete and unchanged is up to date", "[plan]") {
  CHECK(make_plan(row_in(Status::complete), with_destination(), {}).entry == Entry::nothing);
}

TEST_CASE("complete but in any way changed is copied again", "[plan]") {
  Row row = row_in(Status::complete);
  Situation now = with_destination();
  Options options;
  SECTION("gone") { now.destination.reset(); }
  SECTION("mtime") { now.destination->times.mtime_ns += 1; }
  SECTION("ctime") { now.destination->times.ctime_ns += 1; }
  SECTION("size") { now.destination->size_bytes += 1; }
  SECTION("was not verified") { row.verified_by = "none"; }
  SECTION("was verified through the cache only") { row.verified_by = "cache"; }
  SECTION("--resume=never") { options.resume = Resume::never; }
  CHECK(starts_over(make_plan(row, now, options)));
}

TEST_CASE("who asks for less proof gets less proof", "[plan]") {
  Row row = row_in(Status::complete);
  row.verified_by = "cache";
  Options options;
  options.verify = Verify::cache;
  CHECK(make_plan(row, with_destination(), options).entry == Entry::nothing);
  row.verified_by = "none";
  CHECK(starts_over(make_plan(row, with_destination(), options)));
  options.verify = Verify::none;
  CHECK(make_plan(row, with_destination(), options).entry == Entry::nothing);
}

TEST_CASE("--resume=check reads the whole kept part", "[plan]") {
  Options options;
  options.resume = Resume::check;
  CHECK(make_plan(row_in(Status::in_progress), with_partial(7 * kMiB), options).keep == Keep::checked);
}

TEST_CASE("a clone that was not read back is published as it is, or made again", "[plan]") {
  Row row = row_in(Status::verified);
  row.file_hash.reset();
  row.verified_by = "none";
  const Options none{.verify = Verify::none};
  CHECK(make_plan(row, with_partial(kTotal), none).entry == Entry::publish);
  CHECK(make_plan(row, with_destination(), none).entry == Entry::finish);
  CHECK(starts_over(make_plan(row, with_partial(kTotal), {})));
  CHECK(starts_over(make_plan(row, with_partial(kTotal), {.verify = Verify::none, .resume = Resume::check})));
  CHECK(starts_over(make_plan(row, with_destination(), {})));

  Situation now = with_partial(kTotal);
  SECTION("somebody wrote to it") { now.partial->times.ctime_ns = 9999; }
  SECTION("it grew") { now.partial->size_bytes = kTotal + 1; }
  SECTION("it shrank") { now.partial->size_bytes = kTotal - 1; }
  SECTION("another file") { now.partial->identity.inode = 21; }
  CHECK(starts_over(make_plan(row, now, none)));

  row.status = Status::complete;
  CHECK(make_plan(row, with_destination(), none).entry == Entry::nothing);
  CHECK(starts_over(make_plan(row, with_destination(), {.verify = Verify::cache})));
}

}  // namespace
}  // namespace rcopy::engine
