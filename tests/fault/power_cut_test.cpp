// SPDX-License-Identifier: MIT
//
// The power goes after each call of a copy in turn. The journal is a real one and keeps everything
// it was told, which is the harder half: it may claim too much, never too little.
#include "support/catch.hpp"
#include "support/copy_rig.hpp"

#include <iostream>

namespace rcopy::test {
namespace {

const Bytes kNew = content(Seed{7}, 5 * kMiB + 777);
const Bytes kOld = content(Seed{8}, 3 * kMiB + 1);

enum class Before { nothing, old_destination, cut_short, other_partial };

struct Scenario {
  const char* name;
  Before before;
  Loss loss;
  NamesDurableBy names;
  Attributes attributes;
};

std::ostream& operator<<(std::ostream& out, const Scenario& scenario) { return out << scenario.name; }

/// Leaves a partial and a row as a stop in the middle of the copy would.
void cut_short(CopyRig& rig) {
  rig.disk.cut_power_after(30);
  REQUIRE_FALSE(rig.copy().done());
  rig.disk.restore_power(Loss::names_kept);
}

void prepare(CopyRig& rig, Before before) {
  rig.disk.put(kSource, kNew);
  rig.disk.set_mode(kSource, 0444);  // publishing gives the partial a mode that cannot be reopened
  if (before == Before::old_destination) rig.disk.put(kDestination, kOld);
  if (before == Before::cut_short) cut_short(rig);
  if (before == Before::other_partial) rig.disk.put(kPartial, kOld);
}

bool final_name_is_whole(const CopyRig& rig, Before before) {
  if (!rig.disk.exists(kDestination)) return before != Before::old_destination;
  const Bytes now = rig.disk.get(kDestination, View::durable);
  return now == kNew || (before == Before::old_destination && now == kOld);
}

TEST_CASE("a power cut at any call loses time, never bytes", "[fault]") {
  const auto scenario = GENERATE(
      Scenario{"fresh", Before::nothing, Loss::everything_unsynced, NamesDurableBy::directory_sync, Attributes::like_cp},
      Scenario{"fresh, random pages", Before::nothing, Loss::random_pages, NamesDurableBy::directory_sync,
               Attributes::like_cp},
      Scenario{"fresh, names by any sync", Before::nothing, Loss::everything_unsynced, NamesDurableBy::any_sync,
               Attributes::preserve},
      Scenario{"replace", Before::old_destination, Loss::everything_unsynced, NamesDurableBy::directory_sync,
               Attributes::like_cp},
      Scenario{"replace, random pages", Before::old_destination, Loss::random_pages, NamesDurableBy::directory_sync,
               Attributes::preserve},
      Scenario{"replace, names kept", Before::old_destination, Loss::names_kept, NamesDurableBy::directory_sync,
               Attributes::like_cp},
      Scenario{"resumed", Before::cut_short, Loss::random_pages, NamesDurableBy::any_sync, Attributes::like_cp},
      Scenario{"resumed, all lost", Before::cut_short, Loss::everything_unsynced, NamesDurableBy::directory_sync,
               Attributes::preserve},
      Scenario{"an unknown partial", Before::other_partial, Loss::random_pages, NamesDurableBy::any_sync,
               Attributes::like_cp});
  CAPTURE(scenario);
  std::uint64_t cuts = 0;
  for (bool finished = false; !finished; ++cuts) {
    CAPTURE(cuts);
    CopyRig rig{{.seed = Seed{cuts + 1}, .names = scenario.names}};
    rig.options.attributes = scenario.attributes;
    prepare(rig, scenario.before);
    rig.disk.cut_power_after(cuts);
    finished = rig.copy().done();
    rig.disk.restore_power(scenario.loss);
    REQUIRE(final_name_is_whole(rig, scenario.before));
    if (finished) REQUIRE(rig.disk.get(kDestination, View::durable) == kNew);
    const Copied again = rig.copy();
    CAPTURE(again.error ? again.error->what() : "");
    REQUIRE(again.done());
    REQUIRE(again.summary->attempts == 1);  // a mismatch would be found, but must not be there
    REQUIRE(rig.disk.get(kDestination, View::durable) == kNew);
    REQUIRE(rig.disk.list("/dst") == std::vector<std::string>{"a"});
  }
  std::cout << "power cuts tried (" << scenario.name << "): " << cuts << '\n';
}

}  // namespace
}  // namespace rcopy::test
