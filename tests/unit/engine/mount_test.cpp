// SPDX-License-Identifier: MIT
//
// Promise 4: an empty mount point, or another stick at the same place, is not taken for the one the
// copy was begun on; and what is the same file system is known again after a plug.
#include "engine/mount.hpp"
#include "support/catch.hpp"

namespace rcopy::test {
namespace {

using engine::presence;
using engine::Presence;
using journal::MountIdentity;

const MountIdentity kStick{.point = "/mnt/stick", .fs_type = 1, .fs_id = 5, .root_inode = 2, .root_birth_ns = 9};
const MountIdentity kRoot{.point = "/", .fs_type = 1, .fs_id = 6, .root_inode = 2, .root_birth_ns = 3};

MountIdentity without_id(MountIdentity mount) {
  mount.fs_id = 0;
  return mount;
}

TEST_CASE("a mount is the same as itself, and where nothing is known", "[mount]") {
  CHECK(presence(kStick, kStick) == Presence::same);
  CHECK(presence({}, kStick) == Presence::same);
  CHECK(presence(without_id(kStick), without_id(kStick)) == Presence::same);
}

TEST_CASE("a mount point that lies bare is not the mount", "[mount]") {
  CHECK(presence(kStick, kRoot) == Presence::unmounted);
  MountIdentity tmpfs = kStick;
  tmpfs.fs_type = tmpfs.fs_id = 0;
  CHECK(presence(tmpfs, kRoot) == Presence::unmounted);
  MountIdentity mnt = kRoot;
  mnt.point = "/mnt";
  CHECK(presence(kStick, mnt) == Presence::unmounted);
  mnt.point = "/mnt/sti";  // not above it
  CHECK(presence(kStick, mnt) == Presence::same);
}

TEST_CASE("another file system at the same place is another one", "[mount]") {
  MountIdentity other = kStick;
  SECTION("by its id") { other.fs_id = 7; }
  SECTION("by its type") { other.fs_type = 3; }
  CHECK(presence(kStick, other) == Presence::other);
}

TEST_CASE("without an id the birth of its root tells two file systems apart", "[mount]") {
  MountIdentity other = without_id(kStick);
  other.root_birth_ns = 10;
  CHECK(presence(without_id(kStick), other) == Presence::other);
}

TEST_CASE("what goes with its mount is never missed where something else is mounted", "[mount]") {
  MountIdentity tmpfs = kStick;
  tmpfs.fs_type = tmpfs.fs_id = 0;
  CHECK(presence(tmpfs, kStick) == Presence::same);
}

TEST_CASE("the same file system at another place is the same", "[mount]") {
  MountIdentity elsewhere = kStick;
  elsewhere.point = "/";
  CHECK(presence(kStick, elsewhere) == Presence::same);
}

TEST_CASE("a disk that is mounted over a directory in use starts a new copy, not an error", "[mount]") {
  CHECK(presence(kRoot, kStick) == Presence::same);
}

}  // namespace
}  // namespace rcopy::test
