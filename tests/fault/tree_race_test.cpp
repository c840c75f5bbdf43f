// SPDX-License-Identifier: MIT
//
// What others do to the two trees while one is copied, at moments that a hook chooses; and stopping in the middle.
#include "io/calls.hpp"
#include "support/catch.hpp"
#include "support/faulty.hpp"
#include "support/results.hpp"
#include "support/tree_rig.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <thread>

namespace rcopy::test {
namespace {

using Catch::Matchers::ContainsSubstring;

const std::filesystem::path kPartOfA = kCopy / ".a.rcopy-part";

std::unique_ptr<TreeRig> planted(DiskSettings settings = {}) {
  auto rig = std::make_unique<TreeRig>(settings);
  rig->label = "a race";
  rig->plant();
  rig->remember();
  return rig;
}

/// Does something once, right before the first call that `when` fits.
FaultyFileSystem::Hook before_first(std::function<bool(const CallInfo&)> when, std::function<void()> what) {
  return [when = std::move(when), what = std::move(what), done = std::make_shared<std::atomic<bool>>(false)](
             const CallInfo& call) {
    if (when(call) && !done->exchange(true)) what();
    return 0;
  };
}

void check_sound(const Broken& broken) {
  for (const std::string& promise : broken) FAIL_CHECK(promise);
}

bool has_temporary(const TreeSnapshot& tree) {
  return std::ranges::any_of(tree, [](const auto& named) { return is_temporary(named.first); });
}

TEST_CASE("a small file of which the medium keeps a wrong byte is never published, and copied again", "[fault]") {
  const Verify how = GENERATE(Verify::medium, Verify::none);
  auto rig = planted();
  rig->options.verify = how;
  rig->disk.spoil_write_back(kPartOfA, 4321, 1);
  FaultyFileSystem watched{rig->disk};
  std::atomic<unsigned> renames_of_wrong_bytes = 0;
  watched.set_hook([&](const CallInfo& call) {
    const bool publishes = call.kind == Call::rename && call.path == kPartOfA;
    if (publishes && rig->disk.get(kPartOfA, View::durable) != rig->disk.get(kTree / "a")) ++renames_of_wrong_bytes;
    return 0;
  });
  const TreeCopied result = rig->copy_tree(watched);
  CHECK(result.done());
  if (how == Verify::none) {
    CHECK(renames_of_wrong_bytes == 1);  // the spot is bad indeed
    return;
  }
  CHECK(renames_of_wrong_bytes == 0);
  rig->restore_power(Loss::everything_unsynced);
  check_sound(rig->broken_tree(result));
}

TEST_CASE("a medium that spoils a small file each time leaves no file, and says so", "[fault]") {
  auto rig = planted();
  rig->disk.spoil_write_back(kPartOfA, 4321, 100);
  const TreeCopied result = rig->copy_tree();
  REQUIRE(result.summary.failed.size() == 1);
  CHECK(result.summary.failed.front().code() == ErrorCode::verify_failed);
  CHECK_FALSE(rig->disk.exists(kCopy / "a"));
  CHECK(rig->disk.exists(kCopy / "sub/deep/c"));
  check_sound(rig->broken_tree(result));
}

TEST_CASE("a small file that changed between read and publish is copied anew", "[fault]") {
  auto rig = planted();
  const Bytes later = content(Seed{71}, 5000);
  FaultyFileSystem watched{rig->disk};
  watched.set_hook(before_first([](const CallInfo& call) { return call.kind == Call::sync_fs; },
                                [&] { rig->disk.put(kTree / "a", later); }));
  const TreeCopied result = rig->copy_tree(watched);
  CHECK(result.done());
  CHECK(rig->disk.get(kCopy / "a") == later);
  CHECK_FALSE(has_temporary(rig->copy_now()));
}

TEST_CASE("a small file that was replaced by another of its size and mtime before it is published is copied anew",
          "[fault]") {
  auto rig = planted();
  const Bytes later = content(Seed{72}, 5000);
  const auto mtime_ns = rig->disk.look(kTree / "a").mtime_ns;
  FaultyFileSystem watched{rig->disk};
  watched.set_hook(before_first([](const CallInfo& call) { return call.kind == Call::sync_fs; }, [&] {
    rig->disk.put("/src/other", later);
    rig->disk.set_mtime("/src/other", mtime_ns);
    rig->disk.move("/src/other", kTree / "a");
  }));
  const TreeCopied result = rig->copy_tree(watched);
  CHECK(result.done());
  CHECK(rig->disk.get(kCopy / "a") == later);
}

TEST_CASE("a name that vanished from the source is reported, and its other names are copied", "[fault]") {
  auto rig = planted();
  rig->options.jobs = 1;
  FaultyFileSystem watched{rig->disk};
  watched.set_hook(before_first([](const CallInfo& call) { return call.kind == Call::sync_fs; },
                                [&] { rig->disk.remove(kTree / "one"); }));
  const TreeCopied result = rig->copy_tree(watched);
  CHECK(rig->disk.get(kCopy / "sub/two") == rig->disk.get(kTree / "sub/two"));
  CHECK(rig->disk.exists(kCopy / "one") == result.failed.empty());
}

TEST_CASE("a directory of the source that becomes a symlink in the middle of the walk leads nowhere", "[fault]") {
  auto rig = planted();
  rig->disk.mkdir("/secret");
  rig->disk.put("/secret/key", Bytes{"nobody's business"});
  rig->disk.mkdir("/secret/deep");
  rig->disk.put("/secret/deep/key", Bytes{"nobody's business"});
  const Call moment = GENERATE(Call::open_dir_at, Call::entries, Call::open);
  CAPTURE(moment);
  const std::string suffix = moment == Call::open ? "/sub/b" : "/src/t/sub";
  FaultyFileSystem watched{rig->disk};
  watched.set_hook(before_first(
      [&](const CallInfo& call) {
        return call.kind == moment && call.path.native().starts_with(kTree.native()) &&
               call.path.native().ends_with(suffix);
      },
      [&] {
        rig->disk.move(kTree / "sub", "/src/sub");
        rig->disk.symlink("/secret", kTree / "sub");
      }));
  const TreeCopied result = rig->copy_tree(watched);
  REQUIRE(rig->disk.exists("/src/sub"));
  for (const auto& [name, node] : rig->copy_now()) CHECK_THAT(name, !ContainsSubstring("key"));
  check_sound(broken_names(rig->copy_now(), rig->change()));
  CHECK(rig->disk.exists(kCopy / "a"));
}

TEST_CASE("a directory of the destination that becomes a symlink is not written through", "[fault]") {
  auto rig = planted();
  rig->disk.mkdir("/elsewhere");
  const Call moment = GENERATE(Call::open_dir_at, Call::open, Call::rename);
  CAPTURE(moment);
  FaultyFileSystem watched{rig->disk};
  const std::string of = moment == Call::open_dir_at ? "/dst/t/sub" : "/dst/t/sub/.b.rcopy-part";
  watched.set_hook(before_first([&](const CallInfo& call) { return call.kind == moment && call.path == of; },
                                [&] {
                                  rig->disk.move(kCopy / "sub", "/moved");
                                  rig->disk.symlink("/elsewhere", kCopy / "sub");
                                }));
  const TreeCopied result = rig->copy_tree(watched);
  CHECK(rig->disk.exists("/moved"));
  CHECK(rig->disk.list("/elsewhere").empty());
  CHECK_FALSE(result.summary.failed.empty());
  CHECK(rig->disk.exists(kCopy / "a"));
}

TEST_CASE("a directory of the destination that is moved away is reported", "[fault]") {
  const std::filesystem::path moved = GENERATE("", "sub", "sub/deep");
  const auto moment = GENERATE(Call::sync_fs, Call::rename);
  CAPTURE(moved, moment);
  auto rig = planted();
  FaultyFileSystem watched{rig->disk};
  watched.set_hook(before_first(
      [&](const CallInfo& call) {
        const bool last = moment == Call::sync_fs || call.path == kCopy / "sub/deep/.c.rcopy-part";
        return call.kind == moment && last && rig->disk.exists(kCopy / "sub/deep/.c.rcopy-part");
      },
      [&] { rig->disk.move(moved.empty() ? kCopy : kCopy / moved, "/moved"); }));
  const TreeCopied result = rig->copy_tree(watched);
  REQUIRE(rig->disk.exists("/moved"));
  CHECK_FALSE(result.done());
}

TEST_CASE("a small file that another rcopy is copying is busy, and the others are copied", "[fault]") {
  auto rig = planted();
  const auto above = good(rig->disk.open_directory("/dst", io::DirectoryUse::change_names));
  rig->disk.mkdir(kCopy);
  const auto directory = good(above->open_directory("t", io::DirectoryUse::change_names));
  const auto partial = good(directory->open(".a.rcopy-part", io::OpenMode::create_partial));
  REQUIRE(partial->try_lock() == 0);
  const TreeCopied result = rig->copy_tree();
  REQUIRE(result.summary.failed.size() == 1);
  CHECK(result.summary.failed.front().code() == ErrorCode::busy);
  CHECK_FALSE(rig->disk.exists(kCopy / "a"));
  CHECK(rig->disk.exists(kPartOfA));
  CHECK(rig->disk.get(kCopy / "sub/b") == rig->disk.get(kTree / "sub/b"));
}

/// Stops right before the n-th call of a copy; gives whether it came to that.
bool stopped_before(const TreeRig& start, std::uint64_t call_number, unsigned jobs, Tally& tally) {
  TreeRig rig{start, Seed{call_number}};
  rig.options.jobs = jobs;
  rig.label = "stopped before call " + std::to_string(call_number) + ", " + std::to_string(jobs) + " jobs";
  const std::string where = rig.label;
  std::stop_source stop;
  std::jthread stopper;  // not the thread that makes the call: that may hold what is told of the stop
  FaultyFileSystem watched{rig.disk};
  watched.set_hook([&](const CallInfo& call) {
    if (call.number != call_number) return 0;
    stopper = std::jthread{[&] { stop.request_stop(); }};
    while (!stop.stop_requested()) std::this_thread::yield();
    return 0;
  });
  const TreeCopied result = rig.copy_tree(watched, stop.get_token());
  if (stopper.joinable()) stopper.join();
  if (!stop.stop_requested()) return false;
  const TreeSnapshot now = rig.copy_now();
  Broken broken = broken_names(now, rig.change());
  append(broken, broken_finished(now, rig.change(), result.finished, kCopy));
  for (const auto& [name, node] : now) {
    // Of a file that is transferred by itself what was copied is kept.
    if (is_temporary(name) && !name.ends_with(".holes.rcopy-part")) broken.push_back("'" + name + "' was left behind");
  }
  rig.restore_power(Loss::everything_unsynced);
  append(broken, broken_finished(rig.copy_now(), rig.change(), result.finished, kCopy));
  append(broken, rig.broken_by_next_copy());
  tally.count(where, broken);
  return true;
}

TEST_CASE("a stop at any call leaves nothing half done and no temporary name of a small file", "[fault]") {
  const bool whole = GENERATE(true, false);
  Tally all{whole ? "stops, trees" : "stops, trees, each file synced"};
  const auto start = planted({.syncs_whole = whole});
  REQUIRE_FALSE(start->row());
  start->remember();
  Sampler sampler;
  for (unsigned jobs = 1; jobs <= 3; ++jobs) {
    for (std::uint64_t number = jobs; !sampler.next() || stopped_before(*start, number, jobs, all); number += 2) {
    }
  }
  all.print();
  CHECK(all.broken() == 0);
  CHECK(tried_at_least(500, all));
}

}  // namespace
}  // namespace rcopy::test
