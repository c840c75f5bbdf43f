// SPDX-License-Identifier: MIT
//
// A finished copy, and the attributes it has.
#include "transfer_kit.hpp"

namespace rcopy::test {
namespace {

TEST_CASE("an up-to-date destination is neither read nor written", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  REQUIRE(rig.copy().done());
  FaultyFileSystem watched{rig.disk};
  const Copied again = rig.copy(watched);
  REQUIRE(again.done());
  CHECK(again.summary->outcome == Outcome::up_to_date);
  CHECK(again.summary->verified == Verify::medium);
  CHECK(again.summary->file_hash == digest_of(kContent).hex());
  CHECK(watched.calls(Call::read) == 0);
  CHECK(watched.calls(Call::lock) == 0);
  CHECK(watched.calls(Call::rename) == 0);

  SECTION("--resume=never copies all the same") {
    rig.options.resume = Resume::never;
    CHECK(rig.copy().summary->outcome == Outcome::copied);
  }
  SECTION("a destination that was written to is copied again") {
    rig.disk.put(kDestination, Bytes{"scribbled"});
    CHECK(rig.copy().summary->outcome == Outcome::copied);
    CHECK(rig.disk.get(kDestination) == kContent);
  }
  SECTION("-p brings the attributes and nothing else") {
    rig.options.attributes = kPreserved;
    rig.disk.set_mode(kDestination, 0600);
    // The mode changed the ctime; put the row in line, as if the first run had left it so.
    REQUIRE(rig.copy().done());
    CHECK(rig.disk.look(kDestination).mode == rig.disk.look(kSource).mode);
    CHECK(rig.disk.look(kDestination).mtime_ns == rig.disk.look(kSource).mtime_ns);
    CHECK(rig.copy().summary->outcome == Outcome::up_to_date);
  }
}

TEST_CASE("-p on an up-to-date destination changes attributes without copying", "[transfer]") {
  CopyRig rig;
  rig.disk.put(kSource, kContent);
  rig.disk.set_mtime(kSource, 1'234'567'890'123'456'789);
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.look(kDestination).mtime_ns != rig.disk.look(kSource).mtime_ns);
  rig.options.attributes = kPreserved;
  FaultyFileSystem watched{rig.disk};
  const Copied again = rig.copy(watched);
  REQUIRE(again.done());
  CHECK(again.summary->outcome == Outcome::up_to_date);
  CHECK(watched.calls(Call::read) == 0);
  CHECK(rig.disk.look(kDestination).mtime_ns == 1'234'567'890'123'456'789);
  CHECK(rig.copy().summary->outcome == Outcome::up_to_date);
}

TEST_CASE("an existing destination keeps its mode, a new one gets the source's less the umask", "[transfer]") {
  CopyRig rig{{.umask = 027}};
  rig.disk.put(kSource, kContent);
  rig.disk.set_mode(kSource, 0777);
  SECTION("existing") {
    rig.disk.put(kDestination, Bytes{"old"});
    rig.disk.set_mode(kDestination, 0640);
    REQUIRE(rig.copy().done());
    CHECK(rig.disk.look(kDestination).mode == 0640);
  }
  SECTION("new") {
    REQUIRE(rig.copy().done());
    CHECK(rig.disk.look(kDestination).mode == 0750);
  }
  SECTION("new, set-id bits are not copied") {
    rig.disk.set_mode(kSource, 06755);
    REQUIRE(rig.copy().done());
    CHECK(rig.disk.look(kDestination).mode == 0750);
  }
  SECTION("-p keeps them for the owner they belong to") {
    rig.disk.set_mode(kSource, 06755);
    rig.options.attributes = kPreserved;
    REQUIRE(rig.copy().done());
    CHECK(rig.disk.look(kDestination).mode == 06755);
  }
  SECTION("-p never gives them to another owner") {
    rig.disk.set_mode(kSource, 06755);
    rig.disk.set_owner(kSource, {.uid = 4242, .gid = 4242});
    rig.options.attributes = kPreserved;
    REQUIRE(rig.copy().done());
    CHECK(rig.disk.look(kDestination).mode == 0755);
  }
}

}  // namespace
}  // namespace rcopy::test
