// SPDX-License-Identifier: MIT
//
// The power goes after each call of a copy in turn: of the copy's own calls and of SQLite's, which
// keep data and journal on one crash disk. What a cut takes is tried in every way the disk knows.
#include "support/catch.hpp"
#include "support/faulty.hpp"
#include "support/promises.hpp"
#include "support/results.hpp"

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <sstream>

namespace rcopy::test {
namespace {

const Bytes kNew = sparse_content(Seed{7}, 2 * kMiB + 777);
const Bytes kSmall = content(Seed{9}, 5000);  // copied and synced before the first rhythm of the syncs
const Bytes kHoles = content_with_holes(Seed{10});
const Bytes kOld = sparse_content(Seed{8}, kMiB + 1);
const Bytes kLong = sparse_content(Seed{10}, 3 * kMiB + 5);
constexpr std::uint32_t kMode = 0444;
constexpr std::uint64_t kBadSpot = kMiB + 321;
constexpr std::uint64_t kLateBadSpot = 2 * kMiB + 17;  // above what a cut-short run has copied
constexpr std::uint64_t kStopAt = kMiB;  // the block that begins there is still copied

/// How the machine loses, what its file system promises, and the first of the seeds.
struct Cut {
  Loss loss;
  NamesDurableBy names;
  std::uint64_t seeds_from = 1;
  JournalLoss journal = JournalLoss::as_the_disk;
};

constexpr std::array kCuts{
    Cut{Loss::everything_unsynced, NamesDurableBy::directory_sync},
    Cut{Loss::everything_unsynced, NamesDurableBy::any_sync},
    Cut{Loss::everything_unsynced, NamesDurableBy::directory_sync, 1, JournalLoss::nothing},
    Cut{Loss::names_kept, NamesDurableBy::directory_sync},
    Cut{Loss::random_pages, NamesDurableBy::directory_sync, 1, JournalLoss::nothing},
    Cut{Loss::random_pages, NamesDurableBy::directory_sync, 10'001},
    Cut{Loss::random_pages, NamesDurableBy::directory_sync, 20'001},
    Cut{Loss::random_pages, NamesDurableBy::any_sync, 30'001},
};

/// One run of the program that is to be cut.
struct Scenario {
  const char* name;
  void (*prepare)(CopyRig&);
  const Bytes* old = nullptr;
  const Bytes* fresh = &kNew;
  std::optional<std::uint64_t> bad_spot_bytes = {};
  bool stops = false;  ///< somebody presses Ctrl-C in the middle
  bool clones = false;
  bool holes = false;
  Writing writing = Writing::beside;
  std::optional<std::uint32_t> mode = kMode;
  const char* backup = nullptr;  ///< the name that the old content gets
  /// Of the ways to cut, so many share the calls of a run between them: each call is cut in some way.
  unsigned ways_a_call = 2;
};

Copied run(CopyRig& rig, const Scenario& scenario) {
  if (!scenario.stops) return rig.copy();
  FaultyFileSystem watched{rig.disk};
  std::stop_source stop;
  watched.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::write && call.offset_bytes >= kStopAt) stop.request_stop();
    return 0;
  });
  return rig.copy(watched, stop.get_token());
}

/// A journal that exists: what it takes to make one is tried where it is the scenario.
void with_journal(CopyRig& rig) { REQUIRE_FALSE(rig.row()); }

void with_old(CopyRig& rig) {
  with_journal(rig);
  rig.disk.put(kDestination, kOld);
  rig.options.attributes = kPreserved;
}

/// Leaves a partial and a row as a full disk in the middle of the copy would.
void cut_short(CopyRig& rig) {
  FaultyFileSystem full{rig.disk};
  full.add({.kind = Call::write, .nth = 2, .error = ENOSPC, .repeat = Repeat::forever});
  REQUIRE(rig.copy(full).failed_with(ErrorCode::no_space));
}

void resumed(CopyRig& rig) {
  with_old(rig);
  cut_short(rig);
}

/// The partial goes on behind what the journal knows, and behind what will be the end.
void with_a_tail(CopyRig& rig) {
  resumed(rig);
  const auto directory = good(rig.disk.open_directory(kPartial.parent_path(), io::DirectoryUse::look_up));
  const auto partial = good(directory->open(kPartial.filename(), io::OpenMode::partial));
  REQUIRE(good(partial->write_at(Bytes{"what somebody appended"}, kNew.size() + 1)) > 0);
  REQUIRE(partial->sync_all() == 0);
}

/// As a power cut leaves it: with a window above the durable point that is not what it was.
void resumed_after_cut(CopyRig& rig) {
  with_journal(rig);
  FaultyFileSystem cut{rig.disk};
  cut.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::write && call.offset_bytes == kStopAt) rig.disk.cut_power_after(0);
    return 0;
  });
  REQUIRE_FALSE(rig.copy(cut).done());
  rig.restore_power(Loss::random_pages);
}

/// Renamed, and the power went before anybody could say so.
void renamed(CopyRig& rig) {
  with_old(rig);
  FaultyFileSystem cut{rig.disk};
  cut.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::dir_sync && rig.disk.get(kDestination) == kNew) rig.disk.cut_power_after(0);
    return 0;
  });
  REQUIRE_FALSE(rig.copy(cut).done());
  rig.restore_power(Loss::names_kept);
}

void unknown_partial(CopyRig& rig) {
  with_journal(rig);
  rig.disk.put(kPartial, kOld);
}

void not_to_verify(CopyRig& rig) {
  with_old(rig);
  rig.options.verify = Verify::none;
}

void mismatch(CopyRig& rig) {
  with_journal(rig);
  rig.disk.spoil_write_back(kPartial, kBadSpot, 1);
}

void mismatch_of_resumed(CopyRig& rig) {
  resumed(rig);
  rig.disk.spoil_write_back(kPartial, kLateBadSpot, 1);
}

/// There is an older backup already.
void with_backup(CopyRig& rig) {
  with_old(rig);
  rig.disk.put("/dst/a~", kLong);
  rig.options.backup = Backup::simple;
}

void with_numbered_backup(CopyRig& rig) {
  with_old(rig);
  rig.options.backup = Backup::numbered;
}

void in_place(CopyRig& rig) {
  with_old(rig);
  rig.options.writing = Writing::in_place;
}

void in_place_over_longer(CopyRig& rig) {
  in_place(rig);
  rig.disk.put(kDestination, kLong);
}

void in_place_resumed(CopyRig& rig) {
  in_place_over_longer(rig);
  cut_short(rig);
}

/// The disk was too small for two copies; what is there of the second makes room.
void in_place_with_leftover(CopyRig& rig) {
  resumed(rig);
  rig.options.writing = Writing::in_place;
}

void in_place_mismatch(CopyRig& rig) {
  in_place(rig);
  rig.disk.spoil_write_back(kDestination, kBadSpot, 1);
}

void in_place_repaired(CopyRig& rig) {
  in_place_mismatch(rig);
  rig.options.rewrite = Rewrite::differing;
}

void repaired_beside(CopyRig& rig) {
  mismatch(rig);
  rig.options.rewrite = Rewrite::differing;
}

void onto_device(CopyRig& rig) {
  with_journal(rig);
  rig.disk.put_device(kDestination, 4 * kMiB);
}

void onto_device_resumed(CopyRig& rig) {
  onto_device(rig);
  cut_short(rig);
}

constexpr std::array kScenarios{
    Scenario{.name = "fresh, with a new journal", .prepare = [](CopyRig&) {}},
    Scenario{.name = "fresh", .prepare = with_journal},
    Scenario{.name = "fresh and small", .prepare = with_journal, .fresh = &kSmall},
    Scenario{.name = "replacing", .prepare = with_old, .old = &kOld},
    Scenario{.name = "replacing, with a backup", .prepare = with_backup, .old = &kOld, .backup = "/dst/a~"},
    Scenario{.name = "replacing, with a numbered backup",
             .prepare = with_numbered_backup,
             .old = &kOld,
             .backup = "/dst/a.~1~",
             .ways_a_call = 8},
    Scenario{.name = "resumed", .prepare = resumed, .old = &kOld},
    Scenario{.name = "resumed, with a tail", .prepare = with_a_tail, .old = &kOld, .ways_a_call = 8},
    Scenario{.name = "resumed after a cut", .prepare = resumed_after_cut, .ways_a_call = 8},
    Scenario{.name = "an unknown partial", .prepare = unknown_partial, .ways_a_call = 8},
    Scenario{.name = "retried after a mismatch", .prepare = mismatch, .bad_spot_bytes = kBadSpot, .ways_a_call = 8},
    Scenario{.name = "resumed, retried after a mismatch",
             .prepare = mismatch_of_resumed,
             .old = &kOld,
             .bad_spot_bytes = kLateBadSpot,
             .ways_a_call = 8},
    Scenario{.name = "stopped", .prepare = with_old, .old = &kOld, .stops = true},
    Scenario{.name = "with holes",
             .prepare = with_old,
             .old = &kOld,
             .fresh = &kHoles,
             .holes = true,
             .ways_a_call = 8},
    Scenario{.name = "with holes, stopped",
             .prepare = with_journal,
             .fresh = &kHoles,
             .stops = true,
             .holes = true,
             .ways_a_call = 8},
    Scenario{.name = "cloned", .prepare = with_old, .old = &kOld, .clones = true},
    Scenario{.name = "cloned, an unknown partial", .prepare = unknown_partial, .clones = true, .ways_a_call = 8},
    Scenario{.name = "cloned, not to be verified",
             .prepare = not_to_verify,
             .old = &kOld,
             .clones = true,
             .ways_a_call = 8},
    Scenario{.name = "only to be finished", .prepare = renamed, .old = &kOld},
    Scenario{.name = "in place", .prepare = in_place, .writing = Writing::in_place},
    Scenario{.name = "in place, over a longer one",
             .prepare = in_place_over_longer,
             .writing = Writing::in_place,
             .ways_a_call = 8},
    Scenario{.name = "in place, resumed", .prepare = in_place_resumed, .writing = Writing::in_place, .ways_a_call = 8},
    Scenario{.name = "in place, with a leftover",
             .prepare = in_place_with_leftover,
             .writing = Writing::in_place,
             .ways_a_call = 8},
    Scenario{.name = "in place, retried after a mismatch",
             .prepare = in_place_mismatch,
             .bad_spot_bytes = kBadSpot,
             .writing = Writing::in_place,
             .ways_a_call = 8},
    Scenario{.name = "in place, with holes",
             .prepare = in_place_over_longer,
             .fresh = &kHoles,
             .holes = true,
             .writing = Writing::in_place,
             .ways_a_call = 8},
    Scenario{.name = "in place, repaired after a mismatch",
             .prepare = in_place_repaired,
             .bad_spot_bytes = kBadSpot,
             .writing = Writing::in_place,
             .ways_a_call = 8},
    Scenario{.name = "repaired after a mismatch",
             .prepare = repaired_beside,
             .bad_spot_bytes = kBadSpot,
             .ways_a_call = 8},
    Scenario{.name = "onto a device", .prepare = onto_device, .writing = Writing::in_place, .mode = {}},
    Scenario{.name = "onto a device, resumed",
             .prepare = onto_device_resumed,
             .writing = Writing::in_place,
             .mode = {},
             .ways_a_call = 8},
};

std::unique_ptr<CopyRig> prepared(const Scenario& scenario, NamesDurableBy names) {
  const DiskSettings settings{.can_clone = scenario.clones, .names = names};
  auto rig = std::make_unique<CopyRig>(settings, JournalOn::crash_disk);
  rig->rhythm = {.every_bytes = kMiB, .not_durable_at_most_bytes = 2 * kMiB, .record_every = {}};
  // Pages of zeros would cut each block into many writes; holes are scenarios of their own.
  rig->options.sparse = scenario.clones || scenario.holes ? Sparse::automatic : Sparse::never;
  rig->disk.put(kSource, *scenario.fresh);
  rig->disk.set_mode(kSource, kMode);  // publishing gives the partial a mode that cannot be reopened
  scenario.prepare(*rig);
  rig->disk.remount();
  rig->vfs().reboot();
  return rig;
}

Contents contents_of(const Scenario& scenario) {
  return {.fresh = *scenario.fresh,
          .old = scenario.old,
          .bad_spot_bytes = scenario.bad_spot_bytes,
          .mode = scenario.mode,
          .writing = scenario.writing,
          .backup = scenario.backup ? std::optional{KeptAs{scenario.backup, *scenario.old}} : std::nullopt};
}

/// What holds right after the power is back, seen in a twin, so that the next run is the first to
/// open the journal.
Broken broken_after_cut(const CopyRig& rig, const Contents& contents, const Copied& result) {
  const CopyRig twin{rig, Seed{1}};
  return broken_promises(twin, contents, result);
}

/// Who was stopped and ended before the power went has told the journal how far it got.
Broken broken_stop(const CopyRig& rig) {
  const auto row = CopyRig{rig, Seed{1}}.row();
  if (row && row->durable_bytes >= kStopAt) return {};
  return {"the position of a stopped copy is lost"};
}

std::ostream& operator<<(std::ostream& out, const Cut& cut) {
  return out << "loss " << static_cast<int>(cut.loss) << ", names by " << static_cast<int>(cut.names) << ", seeds from "
             << cut.seeds_from << ", journal " << static_cast<int>(cut.journal);
}

/// Cuts the power after each call; the last run ends before its cut comes, and then loses all the
/// same.
void cut_at_each_call(const Scenario& scenario, std::size_t way, Sampler& sampler, Tally& tally) {
  const Cut& cut = kCuts.at(way);
  const auto start = prepared(scenario, cut.names);
  const Contents contents = contents_of(scenario);
  bool ended = false;
  for (std::uint64_t calls = way % scenario.ways_a_call; !ended; calls += scenario.ways_a_call) {
    if (!sampler.next()) continue;
    CopyRig rig{*start, Seed{cut.seeds_from + calls}};
    rig.disk.cut_power_after(calls);
    const Copied result = run(rig, scenario);
    ended = rig.disk.power_on();
    rig.restore_power(cut.loss, cut.journal);
    Broken broken = broken_after_cut(rig, contents, result);
    if (ended && scenario.stops) append(broken, broken_stop(rig));
    append(broken, broken_by_next_run(rig, contents));
    std::ostringstream where;
    where << cut << ", after call " << calls;
    tally.count(where.str(), broken);
  }
}

/// Cut after cut, each at any call of what the one before has left, until a run gets through.
void cut_again_and_again(Seed seed, Tally& tally) {
  constexpr std::uint64_t kCallsOfACopy = 200;
  constexpr int kMostCuts = 8;
  std::mt19937_64 random{seed.value};
  const auto names = random() % 2 == 0 ? NamesDurableBy::directory_sync : NamesDurableBy::any_sync;
  const auto start = prepared({.name = "", .prepare = with_old}, names);
  const Contents contents{.fresh = kNew, .old = &kOld, .mode = kMode};
  CopyRig rig{*start, seed};
  for (int cut = 1; cut <= kMostCuts; ++cut) {
    rig.disk.cut_power_after(random() % kCallsOfACopy);
    const Copied result = rig.copy();
    const Cut& how = kCuts.at(random() % kCuts.size());
    rig.restore_power(how.loss, how.journal);
    Broken broken = broken_after_cut(rig, contents, result);
    const bool last = result.done() || cut == kMostCuts;
    if (last) append(broken, broken_by_next_run(rig, contents));
    tally.count("seed " + std::to_string(seed.value) + ", cut " + std::to_string(cut), broken);
    if (last) return;
  }
}

TEST_CASE("cut after cut loses time, never bytes", "[fault]") {
  constexpr std::uint64_t kSeeds = 300;
  Tally tally{"power cuts, again and again"};
  Sampler sampler;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    if (sampler.next()) cut_again_and_again(Seed{seed}, tally);
  }
  tally.print();
  CHECK(tally.broken() == 0);
  CHECK(tried_at_least(600, tally));
}

TEST_CASE("a power cut at any call loses time, never bytes", "[fault]") {
  Tally all{"power cuts"};
  for (const Scenario& scenario : kScenarios) {
    Sampler sampler;
    Tally tally{std::string{"power cuts, "} + scenario.name};
    for (std::size_t way = 0; way < kCuts.size(); ++way) cut_at_each_call(scenario, way, sampler, tally);
    tally.print();
    all.add(tally);
  }
  all.print();
  CHECK(all.broken() == 0);
  CHECK(tried_at_least(10'000, all));
}

}  // namespace
}  // namespace rcopy::test
