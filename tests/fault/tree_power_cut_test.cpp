// SPDX-License-Identifier: MIT
//
// The power goes after each call of a copy of a tree in turn: small files, symlinks and names that go through
// batches, and a file that is transferred by itself. As the threads have it, the n-th call is another one in each
// run; all together every call is cut.
#include "support/catch.hpp"
#include "support/tree_rig.hpp"

#include <array>
#include <memory>
#include <random>
#include <sstream>

namespace rcopy::test {
namespace {

struct Cut {
  Loss loss;
  std::uint64_t seeds_from = 1;
};

constexpr std::array kCuts{
    Cut{Loss::everything_unsynced},
    Cut{Loss::names_kept},
    Cut{Loss::random_pages, 1},
    Cut{Loss::random_pages, 10'001},
};

/// One run of the program that is to be cut.
struct Scenario {
  const char* name;
  void (*prepare)(TreeRig&);
  DiskSettings disk = {};
  std::uint64_t step = 1;  ///< one call of so many is cut, another one in each way to cut
};

void fresh(TreeRig& rig) { rig.plant(); }

void updating(TreeRig& rig) {
  rig.plant();
  rig.plant_old();
}

void not_to_verify(TreeRig& rig) {
  updating(rig);
  rig.options.verify = Verify::none;
}

void without_journal(TreeRig& rig) {
  updating(rig);
  rig.options.journal.reset();
}

/// Of its first copy the medium keeps a wrong byte.
void mismatch(TreeRig& rig) {
  rig.plant();
  rig.disk.spoil_write_back(kCopy / ".a.rcopy-part", 4321, 1);
}

/// One that is too large for a batch.
void large(TreeRig& rig) {
  updating(rig);
  rig.options.sparse = Sparse::never;
  rig.disk.put(kTree / "sub/large", sparse_content(Seed{59}, 4 * kMiB + 5));
}

/// In the middle of an earlier run; what it had in the page cache was written back since.
void killed_before(TreeRig& rig) {
  constexpr std::uint64_t kMiddle = 250;
  updating(rig);
  rig.disk.cut_power_after(kMiddle);
  REQUIRE_FALSE(rig.copy_tree().done());
  rig.disk.write_back("/");
  rig.restore_power(Loss::everything_unsynced);
}

constexpr DiskSettings kEachFile{.syncs_whole = false};
constexpr DiskSettings kEachFileAnySync{.syncs_whole = false, .names = NamesDurableBy::any_sync};

constexpr std::array kScenarios{
    Scenario{.name = "fresh", .prepare = fresh, .step = 2},
    Scenario{.name = "fresh, names by any sync",
             .prepare = fresh,
             .disk = {.names = NamesDurableBy::any_sync},
             .step = 8},
    Scenario{.name = "updating", .prepare = updating, .step = 2},
    Scenario{.name = "updating, each file synced", .prepare = updating, .disk = kEachFile, .step = 3},
    Scenario{.name = "fresh, each file synced", .prepare = fresh, .disk = kEachFile, .step = 3},
    Scenario{.name = "updating, each file and any name synced",
             .prepare = updating,
             .disk = kEachFileAnySync,
             .step = 8},
    Scenario{.name = "not to be verified", .prepare = not_to_verify, .step = 4},
    Scenario{.name = "not to be verified, each file synced", .prepare = not_to_verify, .disk = kEachFile, .step = 6},
    Scenario{.name = "without a journal", .prepare = without_journal, .step = 4},
    Scenario{.name = "retried after a mismatch", .prepare = mismatch, .step = 5},
    Scenario{.name = "cloned", .prepare = updating, .disk = {.can_clone = true}, .step = 6},
    Scenario{.name = "no direct reads",
             .prepare = updating,
             .disk = {.direct_io = DirectIo::refused_when_used},
             .step = 6},
    Scenario{.name = "with a large file", .prepare = large, .step = 8},
    Scenario{.name = "killed before", .prepare = killed_before, .step = 4},
};

std::unique_ptr<TreeRig> prepared(const Scenario& scenario) {
  auto rig = std::make_unique<TreeRig>(scenario.disk);
  rig->label = scenario.name;
  REQUIRE_FALSE(rig->row());  // makes the journal
  scenario.prepare(*rig);
  rig->remember();
  return rig;
}

/// Cuts the power after each call; the last run ends before its cut comes, and then loses all the same.
void cut_at_each_call(const Scenario& scenario, std::size_t way, Sampler& sampler, Tally& tally) {
  constexpr unsigned kMostJobs = 3;
  const Cut& cut = kCuts.at(way);
  const auto start = prepared(scenario);
  bool ended = false;
  for (std::uint64_t calls = way % scenario.step; !ended; calls += scenario.step) {
    if (!sampler.next()) continue;
    TreeRig rig{*start, Seed{cut.seeds_from + calls}};
    rig.options.jobs = 1 + static_cast<unsigned>(calls / scenario.step) % kMostJobs;
    std::ostringstream where;
    where << scenario.name << ", loss " << static_cast<int>(cut.loss) << ", seeds from " << cut.seeds_from << ", "
          << rig.options.jobs << " jobs, after call " << calls;
    rig.label = where.str();
    rig.disk.cut_power_after(calls);
    const TreeCopied result = rig.copy_tree();
    ended = rig.disk.power_on();
    rig.restore_power(cut.loss);
    Broken broken = rig.broken_tree(result);
    append(broken, rig.broken_by_next_copy());
    tally.count(where.str(), broken);
  }
}

TEST_CASE("a power cut at any call of a tree leaves each name whole or old", "[fault]") {
  Tally all{"power cuts, trees"};
  for (const Scenario& scenario : kScenarios) {
    Sampler sampler;
    Tally tally{std::string{"power cuts, trees, "} + scenario.name};
    for (std::size_t way = 0; way < kCuts.size(); ++way) cut_at_each_call(scenario, way, sampler, tally);
    tally.print();
    all.add(tally);
  }
  all.print();
  CHECK(all.broken() == 0);
  CHECK(tried_at_least(4'000, all));
}

}  // namespace
}  // namespace rcopy::test
