// SPDX-License-Identifier: MIT
//
// Extended attributes and ACLs, and attributes asked for one by one. That a real copy has what cp gives it is
// shown by tests/cli/preserve_test.sh.
#include "transfer_kit.hpp"

namespace rcopy::test {
namespace {

constexpr const char* kAcl = "system.posix_acl_access";
using Values = std::map<std::string, Bytes>;

/// A source that has some of everything.
struct Marked : CopyRig {
  explicit Marked(DiskSettings settings = {}) : CopyRig{settings} {
    disk.put(kSource, kContent);
    disk.set_xattr(kSource, "user.kind", Bytes{"source"});
    disk.set_xattr(kSource, "trusted.note", Bytes{"for root"});
    disk.set_xattr(kSource, "security.capability", Bytes{"cap"});
    disk.set_xattr(kSource, "security.selinux", Bytes{"context"});
    disk.set_xattr(kSource, kAcl, Bytes{"acl of the source"});
    disk.set_mode(kSource, 0751);
    disk.set_mtime(kSource, 1'234'567'890);
  }

  void put_old() {
    disk.put(kDestination, Bytes{"old"});
    disk.set_xattr(kDestination, "user.kind", Bytes{"destination"});
    disk.set_xattr(kDestination, "user.mine", Bytes{"mine"});
    disk.set_xattr(kDestination, "security.capability", Bytes{"of the old program"});
    disk.set_xattr(kDestination, kAcl, Bytes{"acl of the destination"});
    disk.set_mode(kDestination, 0640);
  }

  Values copied() {
    REQUIRE(copy().done());
    CHECK(disk.get(kDestination, View::durable) == kContent);
    return disk.xattrs(kDestination);
  }
};

const Values kContentValues{{"security.capability", Bytes{"cap"}},
                            {"trusted.note", Bytes{"for root"}},
                            {"user.kind", Bytes{"source"}}};

TEST_CASE("a new copy has no extended attributes and no ACL unless asked for", "[attributes]") {
  Marked rig;
  CHECK(rig.copied().empty());
}

TEST_CASE("extended attributes are those of the content", "[attributes]") {
  Marked rig;
  rig.options.attributes.xattrs = GENERATE(Xattrs::possible, Xattrs::preserve);
  CHECK(rig.copied() == kContentValues);
  CHECK(rig.disk.look(kDestination).mode == 0751);
}

TEST_CASE("the ACL comes with the mode", "[attributes]") {
  Marked rig;
  rig.options.attributes.mode = Mode::preserve;
  CHECK(rig.copied() == Values{{kAcl, Bytes{"acl of the source"}}});
  CHECK(rig.disk.look(kDestination).mode == 0751);
  CHECK(rig.disk.look(kDestination).mtime_ns != 1'234'567'890);
}

TEST_CASE("each attribute can be asked for alone", "[attributes]") {
  Marked rig{{.user = 0, .group = 0}};
  rig.disk.set_owner(kSource, {.uid = 4, .gid = 5});
  SECTION("timestamps") {
    rig.options.attributes.timestamps = Timestamps::preserve;
    rig.copied();
    CHECK(rig.disk.look(kDestination).mtime_ns == 1'234'567'890);
    CHECK(rig.disk.look(kDestination).uid == 0);
  }
  SECTION("ownership") {
    rig.options.attributes.ownership = Ownership::preserve;
    rig.copied();
    CHECK(rig.disk.look(kDestination).uid == 4);
    CHECK(rig.disk.look(kDestination).gid == 5);
    CHECK(rig.disk.look(kDestination).mtime_ns != 1'234'567'890);
  }
  SECTION("a usual mode, whatever the source has") {
    rig.options.attributes.mode = Mode::usual;
    rig.copied();
    CHECK(rig.disk.look(kDestination).mode == 0644);
  }
}

TEST_CASE("what is replaced passes on its own, as it would in cp", "[attributes]") {
  Marked rig;
  rig.put_old();
  Values old = rig.disk.xattrs(kDestination);
  old.erase("security.capability");  // as the kernel does when it is written
  SECTION("nothing asked for") { CHECK(rig.copied() == old); }
  SECTION("the source's come on top") {
    rig.options.attributes.xattrs = Xattrs::possible;
    Values both = kContentValues;
    both["user.mine"] = Bytes{"mine"};
    both[kAcl] = Bytes{"acl of the destination"};
    CHECK(rig.copied() == both);
  }
  CHECK(rig.disk.look(kDestination).mode == 0640);
}

TEST_CASE("a new file in place of an old one has nothing of it", "[attributes]") {
  Marked rig;
  rig.put_old();
  SECTION("--remove-destination") { rig.options.replace = Replace::name; }
  SECTION("--backup") { rig.options.backup = Backup::simple; }
  CHECK(rig.copied().empty());
  CHECK(rig.disk.look(kDestination).mode == 0751);
}

TEST_CASE("where there are none, they are not missed unless they must be there", "[attributes]") {
  Marked rig;
  rig.disk.put(kDestination, Bytes{"old"});
  rig.options.retries = 0;
  FaultyFileSystem faulty{rig.disk};
  faulty.add({.kind = Call::set_xattr, .error = GENERATE(ENOTSUP, EPERM, EACCES, ENOSPC, E2BIG), .repeat = Repeat::forever});
  rig.options.attributes.xattrs = Xattrs::possible;
  REQUIRE(rig.copy(faulty).done());
  rig.disk.put(kDestination, Bytes{"old"});
  rig.options.attributes.xattrs = Xattrs::preserve;
  rig.options.resume = Resume::never;
  const Copied copied = rig.copy(faulty);
  REQUIRE(copied.failed_with(ErrorCode::io));
  CHECK(std::string{copied.error->what()}.find("'security.capability'") != std::string::npos);
  CHECK(rig.disk.get(kDestination) == Bytes{"old"});
}

TEST_CASE("what is replaced need not be readable in every respect", "[attributes]") {
  Marked rig;
  rig.put_old();
  FaultyFileSystem faulty{rig.disk};
  const auto kind = GENERATE(Call::xattr_names, Call::xattr);
  faulty.set_hook([&](const CallInfo& call) { return call.kind == kind && call.path == kDestination ? EPERM : 0; });
  REQUIRE(rig.copy(faulty).done());
  CHECK(rig.disk.get(kDestination) == kContent);
}

TEST_CASE("a new wish for attributes is fulfilled without copying", "[attributes]") {
  Marked rig;
  REQUIRE(rig.copied().empty());
  SECTION("extended attributes") { rig.options.attributes.xattrs = Xattrs::preserve; }
  SECTION("the mode, of which only the ACL is new") { rig.options.attributes.mode = Mode::preserve; }
  FaultyFileSystem watched{rig.disk};
  const Copied copied = rig.copy(watched);
  REQUIRE(copied.done());
  CHECK(copied.summary->outcome == Outcome::up_to_date);
  CHECK(watched.calls(Call::write) == 0);
  CHECK_FALSE(rig.disk.xattrs(kDestination).empty());
  FaultyFileSystem again{rig.disk};
  REQUIRE(rig.copy(again).done());
  CHECK(again.calls(Call::set_xattr) == 0);
}

}  // namespace
}  // namespace rcopy::test
