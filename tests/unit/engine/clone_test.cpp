// SPDX-License-Identifier: MIT
//
// A copy that shares the blocks of its source: what is done instead where that cannot be, what the
// journal says of it, and what a run that was cut short leaves.
#include "transfer_kit.hpp"

#include "engine/identity.hpp"

namespace rcopy::test {
namespace {

/// A disk that clones, with the source on it, or one that does not.
std::unique_ptr<CopyRig> with_source(DiskSettings settings = {.can_clone = true}) {
  auto rig = std::make_unique<CopyRig>(settings);
  rig->disk.put(kSource, kContent);
  return rig;
}

bool is_copied(const CopyRig& rig) {
  return rig.disk.get(kDestination, View::durable) == kContent && !rig.disk.exists(kPartial);
}

TEST_CASE("a clone writes no bytes, is durable, and its read-back gives the hash", "[clone]") {
  const auto rig = with_source();
  FaultyFileSystem watched{rig->disk};
  const Copied copied = rig->copy(watched);
  REQUIRE(copied.done());
  CHECK(copied.summary->outcome == Outcome::copied);
  CHECK(copied.summary->method == Method::cloned);
  CHECK(copied.summary->verified == Verify::medium);
  CHECK(copied.summary->file_hash == digest_of(kContent).hex());
  CHECK(watched.calls(Call::write) == 0);
  CHECK(watched.calls(Call::clone) == 1);
  CHECK(bytes_read_from_source(watched, kSize) == 0);
  rig->disk.restore_power(Loss::everything_unsynced);
  CHECK(is_copied(*rig));

  const auto row = rig->row();
  REQUIRE(row);
  CHECK(row->status == journal::Status::complete);
  CHECK(row->file_hash == digest_of(kContent));
  CHECK(row->durable_bytes == kSize);
  CHECK(rig->copy().summary->outcome == Outcome::up_to_date);
}

TEST_CASE("the counters of a clone end where those of a copy do", "[clone]") {
  const auto rig = with_source();
  REQUIRE(rig->copy().done());
  const Counters& counters = rig->observer->counters;
  CHECK(counters.written_bytes == kSize);
  CHECK(counters.durable_bytes == kSize);
  CHECK(counters.verified_bytes == kSize);
  CHECK(counters.resumed_bytes == 0);
}

TEST_CASE("a clone that is not to be verified is not read, and its hash is not known", "[clone]") {
  const auto rig = with_source();
  rig->options.verify = Verify::none;
  FaultyFileSystem watched{rig->disk};
  const Copied copied = rig->copy(watched);
  REQUIRE(copied.done());
  CHECK(watched.calls(Call::read) == 1);  // behind the end of the source
  CHECK(copied.summary->file_hash.empty());
  CHECK(copied.summary->verified == Verify::none);
  rig->disk.restore_power(Loss::everything_unsynced);
  CHECK(is_copied(*rig));
  const auto row = rig->row();
  REQUIRE(row);
  CHECK(row->status == journal::Status::complete);
  CHECK(row->verified_by == "none");
  CHECK_FALSE(row->file_hash);

  SECTION("it is up to date for who asks for no more") {
    const Copied again = rig->copy();
    CHECK(again.summary->outcome == Outcome::up_to_date);
    CHECK(again.summary->file_hash.empty());
  }
  SECTION("who asks for more gets it from another clone") {
    rig->options.verify = Verify::medium;
    const Copied again = rig->copy();
    CHECK(again.summary->method == Method::cloned);
    CHECK(again.summary->file_hash == digest_of(kContent).hex());
    CHECK(is_copied(*rig));
  }
}

TEST_CASE("an empty clone of which nobody knows the hash is compared with what is expected", "[clone]") {
  CopyRig rig{{.can_clone = true}};
  rig.disk.put(kSource, Bytes{});
  rig.options.verify = Verify::none;
  REQUIRE(rig.copy().done());
  auto row = rig.row();
  REQUIRE(row);
  // As a kill right before the rename leaves it.
  rig.disk.remove(kDestination);
  rig.disk.put(kPartial, Bytes{});
  const auto directory = io::open_directory(rig.disk, "/dst", io::DirectoryUse::look_up);
  const auto partial = io::find(*directory, kPartial.filename());
  REQUIRE(partial);
  row->status = journal::Status::verified;
  row->completed_at = 0;
  row->file_hash.reset();
  row->partial = engine::partial_identity(*partial, io::file_system(*directory));
  row->content = engine::content_times(*partial, io::file_system(*directory));
  rig.put_row(*row);
  rig.options.expected_hash = digest_of(Bytes{}).hex();
  rig.options.verify = GENERATE(Verify::none, Verify::medium);
  REQUIRE(rig.copy().done());
  CHECK(rig.row()->file_hash == digest_of(Bytes{}));
}

TEST_CASE("where nothing can be cloned the bytes are copied, and nobody hears of it", "[clone]") {
  for (const int refused : {EOPNOTSUPP, EXDEV, EINVAL, ENOTTY, ENOSYS, EPERM, EACCES, ETXTBSY}) {
    CAPTURE(refused);
    const auto rig = with_source();
    FaultyFileSystem faulty{rig->disk};
    faulty.add({.kind = Call::clone, .error = refused});
    const Copied copied = rig->copy(faulty);
    REQUIRE(copied.done());
    CHECK(copied.summary->method == Method::copied);
    CHECK(copied.summary->attempts == 1);
    CHECK(faulty.calls(Call::write) > 0);
    CHECK(is_copied(*rig));
    CHECK(rig->observer->of<Warning>().empty());
    CHECK(rig->observer->of<Notice>().empty());
  }
}

TEST_CASE("who wants nothing but a clone gets it or an error, never bytes", "[clone]") {
  const auto rig = with_source({.can_clone = false});
  rig->options.reflink = Reflink::always;
  rig->disk.put(kDestination, Bytes{"old"});
  FaultyFileSystem watched{rig->disk};
  const Copied copied = rig->copy(watched);
  REQUIRE(copied.failed_with(ErrorCode::no_reflink));
  CHECK(copied.error->info().os_error == EOPNOTSUPP);
  CHECK(copied.error->info().path == kSource);
  CHECK(watched.calls(Call::clone) == 1);  // it will not pass
  CHECK(watched.calls(Call::write) == 0);
  CHECK(rig->disk.get(kDestination) == Bytes{"old"});
  CHECK(rig->disk.list("/dst") == std::vector<std::string>{"a"});
  rig->options.reflink = Reflink::automatic;
  REQUIRE(rig->copy().done());
  CHECK(is_copied(*rig));
}

TEST_CASE("who wants no clone gets bytes", "[clone]") {
  const auto rig = with_source();
  rig->options.reflink = Reflink::never;
  FaultyFileSystem watched{rig->disk};
  const Copied copied = rig->copy(watched);
  REQUIRE(copied.done());
  CHECK(copied.summary->method == Method::copied);
  CHECK(watched.calls(Call::clone) == 0);
  CHECK(is_copied(*rig));
}

TEST_CASE("what would stop a copy stops a clone, and a failure that passes is tried again", "[clone]") {
  const auto rig = with_source();
  rig->disk.put(kDestination, Bytes{"old"});
  FaultyFileSystem faulty{rig->disk};
  SECTION("no space") {
    faulty.add({.kind = Call::clone, .error = ENOSPC});
    CHECK(rig->copy(faulty).failed_with(ErrorCode::no_space));
    CHECK(faulty.calls(Call::write) == 0);
    CHECK(rig->disk.get(kDestination) == Bytes{"old"});
    CHECK_FALSE(rig->disk.exists(kPartial));
  }
  SECTION("an I/O error, once") {
    faulty.add({.kind = Call::clone, .error = EIO});
    const Copied copied = rig->copy(faulty);
    REQUIRE(copied.done());
    CHECK(copied.summary->method == Method::cloned);
    CHECK(copied.summary->attempts == 2);
  }
  SECTION("an I/O error, for ever") {
    faulty.add({.kind = Call::clone, .error = EIO, .repeat = Repeat::forever});
    CHECK(rig->copy(faulty).failed_with(ErrorCode::io));
    CHECK(rig->disk.get(kDestination) == Bytes{"old"});
    CHECK_FALSE(rig->disk.exists(kPartial));
  }
  SECTION("the sync") {
    faulty.add({.kind = Call::sync_all, .error = EIO});
    const Copied copied = rig->copy(faulty);
    REQUIRE(copied.done());
    CHECK(copied.summary->attempts == 2);
    CHECK(is_copied(*rig));
  }
}

TEST_CASE("a source that changes while it is cloned is cloned again", "[clone]") {
  const auto rig = with_source();
  const bool longer = GENERATE(false, true);
  const Bytes changed = content(Seed{12}, longer ? kSize + 10 : kSize);
  FaultyFileSystem watched{rig->disk};
  watched.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::clone && call.number_of_kind == 1) rig->disk.put(kSource, changed);
    return 0;
  });
  const Copied copied = rig->copy(watched);
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(copied.summary->method == Method::cloned);
  CHECK(rig->disk.get(kDestination) == changed);
  CHECK(copied.summary->file_hash == digest_of(changed).hex());
}

TEST_CASE("a clone that was stopped while it was read back leaves nothing and is made again", "[clone]") {
  const auto rig = with_source();
  FaultyFileSystem watched{rig->disk};
  std::stop_source stop;
  watched.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::read && call.path == kPartial) stop.request_stop();
    return 0;
  });
  CHECK(rig->copy(watched, stop.get_token()).failed_with(ErrorCode::interrupted));
  CHECK(rig->disk.list("/dst").empty());
  const Copied again = rig->copy();
  REQUIRE(again.done());
  CHECK(again.summary->method == Method::cloned);
  CHECK(is_copied(*rig));
}

TEST_CASE("a clone that another program writes to before it is read back is made again", "[clone]") {
  const auto rig = with_source();
  FaultyFileSystem watched{rig->disk};
  watched.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::drop_cache && call.number_of_kind == 1) rig->disk.put(kPartial, Bytes{"short"});
    return 0;
  });
  const Copied copied = rig->copy(watched);
  REQUIRE(copied.done());
  CHECK(copied.summary->attempts == 2);
  CHECK(is_copied(*rig));
}

TEST_CASE("a verified clone that lost its name to a crash is only published", "[clone]") {
  const auto rig = with_source();
  rig->options.verify = GENERATE(Verify::medium, Verify::none);
  FaultyFileSystem cut{rig->disk};
  cut.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::set_mode) rig->disk.cut_power_after(0);
    return 0;
  });
  REQUIRE_FALSE(rig->copy(cut).done());
  rig->disk.restore_power(Loss::everything_unsynced);
  const auto row = rig->row();
  REQUIRE(row);
  CHECK(row->status == journal::Status::verified);
  FaultyFileSystem watched{rig->disk};
  const Copied again = rig->copy(watched);
  REQUIRE(again.done());
  CHECK(again.summary->outcome == Outcome::finished);
  CHECK(watched.calls(Call::clone) == 0);
  CHECK(watched.calls(Call::read) == 0);
  CHECK(is_copied(*rig));
}

TEST_CASE("bytes that an earlier run copied are continued, not thrown away for a clone", "[clone]") {
  const auto rig = with_source();
  rig->options.reflink = Reflink::never;
  REQUIRE_FALSE(copy_until(*rig, 4 * kMiB).done());
  SECTION("where a clone is an offer") {
    rig->options.reflink = Reflink::automatic;
    FaultyFileSystem watched{rig->disk};
    const Copied copied = rig->copy(watched);
    REQUIRE(copied.done());
    CHECK(copied.summary->method == Method::copied);
    CHECK(copied.summary->resumed_bytes == 5 * kMiB);
    CHECK(watched.calls(Call::clone) == 0);
  }
  SECTION("where it is a demand, they are kept and it is an error") {
    rig->options.reflink = Reflink::always;
    const Copied refused = rig->copy();
    REQUIRE(refused.failed_with(ErrorCode::no_reflink));
    CHECK(std::string{refused.error->what()}.find("an earlier run copied 5.0 MiB of it byte by byte") !=
          std::string::npos);
    CHECK(rig->row()->transferred_bytes == 5 * kMiB);
    CHECK(rig->disk.exists(kPartial));
    rig->options.resume = Resume::never;
    CHECK(rig->copy().summary->method == Method::cloned);
  }
  SECTION("and where they turn out to be others, a clone is made") {
    rig->options.reflink = Reflink::automatic;
    rig->options.resume = Resume::check;
    rig->disk.flip(kPartial, 100);
    const Copied copied = rig->copy();
    REQUIRE(copied.done());
    CHECK(copied.summary->method == Method::cloned);
  }
  CHECK(is_copied(*rig));
}

TEST_CASE("a clone needs no space, and a copy that does not fit is refused as ever", "[clone]") {
  const bool can_clone = GENERATE(false, true);
  const auto rig = with_source({.can_clone = can_clone});
  rig->disk.set_capacity(kSize + kMiB);
  const Copied copied = rig->copy();
  CHECK(copied.done() == can_clone);
  CHECK(copied.failed_with(ErrorCode::no_space) != can_clone);
  CHECK(rig->disk.list("/dst").size() == (can_clone ? 1 : 0));
}

TEST_CASE("what an earlier run kept is not destroyed by the try of a clone on a full disk", "[clone]") {
  const auto rig = with_source({.can_clone = false});
  REQUIRE_FALSE(copy_until(*rig, 4 * kMiB).done());
  rig->disk.set_capacity(kSize + 6 * kMiB);
  rig->options.resume = Resume::never;
  CHECK(rig->copy().failed_with(ErrorCode::no_space));
  CHECK(rig->row()->transferred_bytes == 5 * kMiB);
  CHECK(rig->disk.size_of(kPartial, View::cached) == 5 * kMiB);
}

}  // namespace
}  // namespace rcopy::test
