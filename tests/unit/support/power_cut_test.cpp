// SPDX-License-Identifier: MIT
//
// What a MemoryDisk forgets when the power goes. The proofs about copying stand on these rules.
#include "support/aligned.hpp"
#include "support/catch.hpp"
#include "support/memory_disk.hpp"
#include "support/results.hpp"

#include <set>

namespace rcopy::test {
namespace {

using io::OpenMode;

constexpr std::uint64_t kPage = FileData::kPageBytes;

/// A disk with /old in it, and the root directory open.
struct Machine {
  explicit Machine(DiskSettings settings = {}) : disk{settings} {
    disk.put("/old", old);
    directory = good(disk.open_directory("/", io::DirectoryUse::change_names));
  }

  std::unique_ptr<io::File> create(const char* name, const Bytes& bytes) {
    auto file = good(directory->open(name, OpenMode::create_partial));
    REQUIRE(good(file->write_at(bytes, 0)) == bytes.size());
    return file;
  }

  void reopen() { directory = good(disk.open_directory("/", io::DirectoryUse::change_names)); }

  Bytes old = content(Seed{1}, 5 * kPage);
  Bytes fresh = content(Seed{2}, 7 * kPage + 100);
  MemoryDisk disk;
  std::unique_ptr<io::Directory> directory;
};

TEST_CASE("after the cut nothing works, and after power is back nothing is open", "[support]") {
  Machine machine;
  const auto file = machine.create("f", Bytes{"content"});
  CHECK(file->try_lock() == 0);
  CHECK(file->sync_all() == 0);
  CHECK(machine.directory->sync() == 0);
  const std::uint64_t before = machine.disk.calls();
  machine.disk.cut_power_after(2);
  CHECK(file->stat().error == 0);
  CHECK(machine.disk.power_on());
  CHECK(file->sync_all() == 0);
  CHECK_FALSE(machine.disk.power_on());
  CHECK(file->sync_all() == EIO);
  CHECK(file->write_at(Bytes{"x"}, 0).error == EIO);
  CHECK(machine.directory->sync() == EIO);
  CHECK(machine.disk.open_directory("/", io::DirectoryUse::change_names).error == EIO);
  CHECK(machine.disk.stat("/old", io::Links::follow).error == EIO);
  CHECK(machine.disk.resolve("/old").error == EIO);
  CHECK(machine.disk.calls() == before + 2);

  machine.disk.restore_power(Loss::everything_unsynced);
  CHECK(machine.disk.power_on());
  CHECK(file->stat().error == EIO);
  CHECK(file->write_at(Bytes{"x"}, 0).error == EIO);
  CHECK(machine.directory->stat("f", io::Links::nofollow).error == EIO);
  machine.reopen();
  const auto again = good(machine.directory->open("f", OpenMode::partial));
  CHECK(again->try_lock() == 0);
  CHECK(machine.disk.get("/f") == Bytes{"content"});
}

TEST_CASE("two disks on one switch lose power at the same call", "[support]") {
  const auto power = std::make_shared<PowerSwitch>();
  MemoryDisk one{{}, power};
  MemoryDisk two{{}, power};
  power->cut_after(3);
  CHECK(one.resolve("/").error == 0);
  CHECK(two.resolve("/").error == 0);
  CHECK(one.resolve("/").error == 0);
  CHECK(two.resolve("/").error == EIO);
  CHECK(one.resolve("/").error == EIO);
}

TEST_CASE("data and size are durable with a sync and not before", "[support]") {
  Machine machine;
  auto file = good(machine.directory->open("old", OpenMode::partial));
  CHECK(good(file->write_at(machine.fresh, 0)) == machine.fresh.size());
  CHECK(machine.disk.get("/old") == machine.fresh);
  CHECK(machine.disk.get("/old", View::durable) == machine.old);

  SECTION("lost") {
    machine.disk.restore_power(Loss::everything_unsynced);
    CHECK(machine.disk.get("/old") == machine.old);
  }
  SECTION("lost also where the names are kept") {
    machine.disk.restore_power(Loss::names_kept);
    CHECK(machine.disk.get("/old") == machine.old);
  }
  SECTION("kept by sync_data") {
    CHECK(file->sync_data() == 0);
    CHECK(machine.disk.get("/old", View::durable) == machine.fresh);
    machine.disk.restore_power(Loss::everything_unsynced);
    CHECK(machine.disk.get("/old") == machine.fresh);
  }
  SECTION("a truncate is lost as well") {
    CHECK(file->sync_data() == 0);
    CHECK(file->truncate(100) == 0);
    CHECK(good(file->write_at(Bytes{"other"}, 3 * kPage)) == 5);
    machine.disk.restore_power(Loss::everything_unsynced);
    CHECK(machine.disk.get("/old") == machine.fresh);
  }
  SECTION("a truncate is kept by sync") {
    CHECK(file->truncate(100) == 0);
    CHECK(file->sync_data() == 0);
    machine.disk.restore_power(Loss::everything_unsynced);
    CHECK(machine.disk.get("/old") == Bytes{std::span{machine.fresh}.first(100)});
  }
}

TEST_CASE("a direct read shows what a power cut can still lose", "[support]") {
  Machine machine;
  const auto file = good(machine.directory->open("old", OpenMode::partial));
  CHECK(good(file->write_at(std::span{machine.fresh}.first(5 * kPage), 0)) == 5 * kPage);
  const auto direct = good(machine.directory->open("old", OpenMode::read_direct));
  AlignedBuffer buffer{5 * kPage};
  CHECK(good(direct->read_at(buffer.bytes(), 0)) == 5 * kPage);
  CHECK(std::ranges::equal(buffer.bytes(), std::span{machine.fresh}.first(5 * kPage)));
  machine.disk.restore_power(Loss::everything_unsynced);
  CHECK(machine.disk.get("/old") == machine.old);
}

TEST_CASE("mode, owner and times are durable with sync_all and not before", "[support]") {
  Machine machine;
  const auto file = good(machine.directory->open("old", OpenMode::partial));
  const io::Stat before = good(file->stat());
  CHECK(file->set_mode(0600) == 0);
  CHECK(file->set_times({.atime_ns = 1, .mtime_ns = 2}) == 0);
  CHECK(file->sync_data() == 0);
  const bool synced = GENERATE(false, true);
  if (synced) CHECK(file->sync_all() == 0);
  machine.disk.restore_power(Loss::everything_unsynced);
  const io::Stat after = machine.disk.look("/old");
  CHECK(after.mode == (synced ? 0600 : before.mode));
  CHECK(after.mtime_ns == (synced ? 2 : before.mtime_ns));
}

TEST_CASE("names are durable with the sync of their directory and not before", "[support]") {
  Machine machine;
  CHECK(machine.create("f", machine.fresh)->sync_all() == 0);

  SECTION("a new file without it is lost") {
    machine.disk.restore_power(Loss::everything_unsynced);
    CHECK_FALSE(machine.disk.exists("/f"));
  }
  SECTION("a new file with it is kept") {
    CHECK(machine.directory->sync() == 0);
    machine.disk.restore_power(Loss::everything_unsynced);
    CHECK(machine.disk.get("/f") == machine.fresh);
  }
  SECTION("a rename without it is lost, and the replaced file is back") {
    CHECK(machine.directory->sync() == 0);
    CHECK(machine.directory->rename("f", "old") == 0);
    machine.disk.restore_power(Loss::everything_unsynced);
    CHECK(machine.disk.get("/f") == machine.fresh);
    CHECK(machine.disk.get("/old") == machine.old);
  }
  SECTION("a rename with it is kept") {
    CHECK(machine.directory->rename("f", "old") == 0);
    CHECK(machine.directory->sync() == 0);
    machine.disk.restore_power(Loss::everything_unsynced);
    CHECK_FALSE(machine.disk.exists("/f"));
    CHECK(machine.disk.get("/old") == machine.fresh);
  }
  SECTION("a rename that is kept keeps the ctime that it gave") {
    CHECK(machine.directory->rename("f", "old") == 0);
    CHECK(machine.directory->sync() == 0);
    const std::int64_t ctime = machine.disk.look("/old").ctime_ns;
    machine.disk.restore_power(Loss::everything_unsynced);
    CHECK(machine.disk.look("/old").ctime_ns == ctime);
  }
  SECTION("an unlink without it is lost") {
    CHECK(machine.directory->unlink("old") == 0);
    machine.disk.restore_power(Loss::everything_unsynced);
    CHECK(machine.disk.get("/old") == machine.old);
    CHECK(machine.disk.look("/old").links == 1);
  }
  SECTION("names can be kept where data is lost") {
    CHECK(machine.directory->rename("f", "old") == 0);
    (void)machine.create("g", Bytes{"never synced"});
    machine.disk.restore_power(Loss::names_kept);
    CHECK(machine.disk.list("/") == std::vector<std::string>{"g", "old"});
    CHECK(machine.disk.get("/old") == machine.fresh);
    CHECK(machine.disk.get("/g").empty());
  }
}

TEST_CASE("where any sync commits the journal, a file's sync keeps its name", "[support]") {
  Machine machine{{.names = NamesDurableBy::any_sync}};
  CHECK(machine.directory->unlink("old") == 0);
  const auto file = machine.create("f", machine.fresh);
  CHECK(file->sync_data() == 0);
  machine.disk.restore_power(Loss::everything_unsynced);
  CHECK(machine.disk.list("/") == std::vector<std::string>{"f"});
}

TEST_CASE("what a test does by hand is durable, and other unsynced names stay so", "[support]") {
  Machine machine;
  const auto file = machine.create("f", machine.fresh);
  machine.disk.put("/g", Bytes{"g"});
  machine.disk.move("/g", "/h");
  machine.disk.remove("/old");
  machine.disk.restore_power(Loss::everything_unsynced);
  CHECK(machine.disk.list("/") == std::vector<std::string>{"h"});
  CHECK(machine.disk.get("/h") == Bytes{"g"});
}

TEST_CASE("a write-back that failed is told once and then forgotten", "[support]") {
  Machine machine;
  const auto file = good(machine.directory->open("old", OpenMode::partial));
  CHECK(good(file->write_at(std::span{machine.fresh}.first(5 * kPage), 0)) == 5 * kPage);
  machine.disk.fail_write_back(EIO);
  CHECK(file->sync_data() == EIO);
  CHECK(file->sync_data() == 0);  // which proves nothing
  CHECK(machine.disk.get("/old") == Bytes{std::span{machine.fresh}.first(5 * kPage)});
  CHECK(file->drop_cache({}) == 0);
  CHECK(machine.disk.get("/old") == machine.old);
}

TEST_CASE("random loss keeps each page old or new, and every mixture happens", "[support]") {
  std::set<std::string> mixtures;
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Machine machine{{.seed = Seed{seed}}};
    const auto file = good(machine.directory->open("old", OpenMode::partial));
    CHECK(good(file->write_at(machine.fresh, 0)) == machine.fresh.size());
    machine.disk.restore_power(Loss::random_pages);
    const Bytes left = machine.disk.get("/old");
    sizes.insert(left.size());
    REQUIRE((left.size() == machine.old.size() || left.size() == machine.fresh.size()));
    std::string mixture;
    for (std::size_t at = 0; at < left.size(); at += kPage) {
      const auto page = std::span{left}.subspan(at, std::min(kPage, left.size() - at));
      const bool is_new =
          std::ranges::equal(page, std::span{machine.fresh}.subspan(at, page.size()));
      Bytes durable(page.size());  // zeros, where the file was shorter
      if (at < machine.old.size()) {
        durable = Bytes{std::span{machine.old}.subspan(at, page.size())};
      }
      REQUIRE((is_new || std::ranges::equal(page, durable)));
      mixture += is_new ? 'n' : 'o';
    }
    mixtures.insert(mixture);
  }
  CHECK(sizes.size() == 2);
  CHECK(mixtures.size() > 50);
  CHECK(mixtures.contains("nnnnnnnn"));
  CHECK(mixtures.contains("ooooo"));
}

TEST_CASE("random loss touches nothing that was synced", "[support]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    Machine machine{{.seed = Seed{seed}}};
    auto file = machine.create("f", machine.fresh);
    CHECK(file->set_mode(0640) == 0);
    CHECK(file->sync_all() == 0);
    CHECK(machine.directory->rename("f", "old") == 0);
    CHECK(machine.directory->sync() == 0);
    (void)machine.create("f", machine.old);
    machine.disk.restore_power(Loss::random_pages);
    REQUIRE(machine.disk.get("/old") == machine.fresh);
    REQUIRE(machine.disk.look("/old").mode == 0640);
  }
}

TEST_CASE("after a cut truncate and rewrite leave old, new or zero pages", "[support]") {
  std::set<char> states;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Machine machine{{.seed = Seed{seed}}};
    const auto file = good(machine.directory->open("old", OpenMode::partial));
    CHECK(file->truncate(2 * kPage) == 0);
    const auto rest = std::span{machine.fresh}.subspan(2 * kPage, 3 * kPage);
    CHECK(good(file->write_at(rest, 2 * kPage)) == rest.size());
    machine.disk.restore_power(Loss::random_pages);
    const Bytes left = machine.disk.get("/old");
    REQUIRE((left.size() == machine.old.size() || left.size() == 2 * kPage));
    REQUIRE(std::ranges::equal(std::span{left}.first(2 * kPage),
                               std::span{machine.old}.first(2 * kPage)));
    for (std::size_t at = 2 * kPage; at < left.size(); at += kPage) {
      const auto page = std::span{left}.subspan(at, kPage);
      const auto is = [&](const Bytes& other) {
        return std::ranges::equal(page, std::span{other}.subspan(at, kPage));
      };
      const char state = is(machine.old)         ? 'o'
                         : is(machine.fresh)     ? 'n'
                         : is(Bytes(at + kPage)) ? 'z'
                                                 : '?';
      REQUIRE(state != '?');
      states.insert(state);
    }
  }
  CHECK(states.size() == 3);
}

TEST_CASE("a rename is whole or not at all in every random loss", "[support]") {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Machine machine{{.seed = Seed{seed}}};
    auto file = machine.create("part", machine.fresh);
    CHECK(file->sync_all() == 0);
    CHECK(machine.directory->rename("part", "old") == 0);
    file.reset();
    // The number of the replaced file is free now and is given to the next one.
    (void)machine.create("next", Bytes{"next"});
    CHECK(machine.directory->rename("next", "other") == 0);
    machine.disk.restore_power(Loss::random_pages);

    REQUIRE(machine.disk.exists("/old"));
    const Bytes left = machine.disk.get("/old");
    REQUIRE((left == machine.old || left == machine.fresh));
    std::set<std::uint64_t> numbers;
    std::string outcome = left == machine.old ? "old" : "new";
    for (const std::string& name : machine.disk.list("/")) {
      REQUIRE(numbers.insert(machine.disk.look(name).inode).second);
      REQUIRE(machine.disk.look(name).links == 1);
      outcome += ' ' + name;
    }
    outcomes.insert(outcome);
  }
  CHECK(outcomes.contains("old old"));
  CHECK(outcomes.contains("old old part"));
  CHECK(outcomes.contains("new old"));
  CHECK(outcomes.contains("new next old"));
  CHECK(outcomes.contains("new old other"));
}

TEST_CASE("the same seed and the same calls lose the same", "[support]") {
  const auto left_by = [](std::uint64_t seed) {
    Machine machine{{.seed = Seed{seed}}};
    const auto file = good(machine.directory->open("old", OpenMode::partial));
    CHECK(good(file->write_at(machine.fresh, 0)) == machine.fresh.size());
    machine.disk.restore_power(Loss::random_pages);
    return machine.disk.get("/old");
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) CHECK(left_by(seed) == left_by(seed));
}

TEST_CASE("space is counted anew after a cut", "[support]") {
  Machine machine{{.capacity_bytes = 20 * kPage}};
  const auto file = machine.create("f", machine.fresh);
  CHECK(good(machine.directory->file_system()).available_bytes == 7 * kPage);
  machine.disk.restore_power(Loss::everything_unsynced);
  machine.reopen();
  CHECK(good(machine.directory->file_system()).available_bytes == 15 * kPage);
}

TEST_CASE("a clean remount loses nothing but what was open", "[support]") {
  Machine machine{{.stable_inodes = false}};
  const auto file = machine.create("f", machine.fresh);
  CHECK(file->try_lock() == 0);
  machine.disk.hard_link("/old", "/link");
  const std::uint64_t number = machine.disk.look("/f").inode;
  machine.disk.remount();
  CHECK(file->sync_all() == EIO);
  CHECK(machine.disk.get("/f") == machine.fresh);
  CHECK(machine.disk.look("/f").inode != number);
  CHECK(machine.disk.look("/old").inode == machine.disk.look("/link").inode);
  CHECK(machine.disk.look("/old").links == 2);
  machine.disk.restore_power(Loss::everything_unsynced);
  CHECK(machine.disk.get("/f") == machine.fresh);
}

}  // namespace
}  // namespace rcopy::test
