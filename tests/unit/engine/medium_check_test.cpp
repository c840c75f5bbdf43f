// SPDX-License-Identifier: MIT
//
// What a check finds, on the memory disk: files read from the medium, those that fail, and one that changes meanwhile.
#include "engine/medium_check.hpp"

#include "support/bytes.hpp"
#include "support/catch.hpp"
#include "support/copy_rig.hpp"
#include "support/faulty.hpp"
#include "support/memory_disk.hpp"

#include <cerrno>
#include <map>
#include <string>
#include <vector>

namespace rcopy::test {
namespace {

class Collector final : public CheckObserver {
 public:
  void on_checked(const CheckedFile& file) override { found[file.path.native()] = file; }
  void on_warning(const Warning&) override {}
  void on_notice(const Notice&) override { ++notices; }

  std::map<std::string, CheckedFile> found;
  int notices = 0;
};

const Bytes kSmall = content(Seed{1}, 5000);
const Bytes kLarge = content(Seed{2}, 6 * kMiB + 5);

engine::CheckTask task(const char* path, const Bytes& expected) {
  return {.path = path, .links = io::Links::follow, .expected = digest_of(expected)};
}

void put_files(MemoryDisk& disk) {
  disk.mkdir("/d");
  disk.put("/d/small", kSmall);
  disk.put("/d/large", kLarge);
}

Collector check(io::FileSystem& fs, std::vector<engine::CheckTask> tasks, std::stop_token stop = {}) {
  Collector observer;
  engine::MediumCheck run{fs, {.jobs = 3}, observer, std::move(stop)};
  run.run([&]() -> std::optional<engine::CheckTask> {
    if (tasks.empty()) return std::nullopt;
    engine::CheckTask next = std::move(tasks.back());
    tasks.pop_back();
    return next;
  });
  return observer;
}

TEST_CASE("files are read from the medium, large and small, also where direct reads are refused", "[check]") {
  const auto direct = GENERATE(DirectIo::allowed, DirectIo::refused_by_open, DirectIo::refused_when_used);
  MemoryDisk disk{{.direct_io = direct}};
  put_files(disk);
  auto found = check(disk, {task("/d/small", kSmall), task("/d/large", kLarge)});
  CHECK(found.found["/d/small"].verdict == Verdict::intact);
  CHECK(found.found["/d/large"].verdict == Verdict::intact);
  CHECK(found.found["/d/large"].total_bytes == kLarge.size());
  CHECK(found.notices == (direct == DirectIo::allowed ? 0 : 1));

  // The cache goes on showing the old byte.
  disk.flip_on_medium("/d/small", 4000);
  disk.flip_on_medium("/d/large", 5 * kMiB);
  found = check(disk, {task("/d/small", kSmall), task("/d/large", kLarge)});
  CHECK(found.found["/d/small"].verdict == Verdict::different);
  CHECK(found.found["/d/large"].verdict == Verdict::different);
  CHECK(found.found["/d/large"].expected_hash == digest_of(kLarge).hex());
  CHECK(found.found["/d/large"].found_hash != found.found["/d/large"].expected_hash);
}

TEST_CASE("what is missing, unreadable, changed or has no hash is told apart", "[check]") {
  MemoryDisk disk;
  put_files(disk);
  engine::CheckTask changed = task("/d/small", kSmall);
  changed.is_same = [](io::Directory&, const io::Stat&) { return false; };
  CHECK(check(disk, {changed}).found["/d/small"].verdict == Verdict::changed);
  CHECK(check(disk, {{.path = "/d/small"}}).found["/d/small"].verdict == Verdict::no_hash);
  CHECK(check(disk, {task("/d/none", kSmall)}).found["/d/none"].verdict == Verdict::missing);
  CHECK(check(disk, {task("/d/small/none", kSmall)}).found["/d/small/none"].verdict == Verdict::missing);
  CHECK(check(disk, {task("/d", kSmall)}).found["/d"].verdict == Verdict::unreadable);

  FaultyFileSystem faulty{disk};
  const auto name = GENERATE(as<std::string>{}, "/d/small", "/d/large");
  faulty.add({.kind = Call::read, .nth = 1, .error = EIO, .repeat = Repeat::forever, .only_path = name});
  auto found = check(faulty, {task("/d/small", kSmall), task("/d/large", kLarge)});
  CHECK(found.found[name].verdict == Verdict::unreadable);
  CHECK(found.found[name].error->info().os_error == EIO);
  CHECK(found.found[name == "/d/small" ? "/d/large" : "/d/small"].verdict == Verdict::intact);
}

TEST_CASE("a file that is written to while it is read is not called corrupt", "[check]") {
  MemoryDisk disk;
  put_files(disk);
  FaultyFileSystem faulty{disk};
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::read) disk.put("/d/small", content(Seed{3}, 5000));
    return 0;
  });
  CHECK(check(faulty, {task("/d/small", kSmall)}).found["/d/small"].verdict == Verdict::unreadable);
  disk.put("/d/small", kSmall);
  engine::CheckTask known = task("/d/small", kSmall);
  known.is_same = [](io::Directory&, const io::Stat&) { return true; };
  CHECK(check(faulty, {known}).found["/d/small"].verdict == Verdict::changed);
}

TEST_CASE("a file that is replaced before it is opened is not called corrupt", "[check]") {
  MemoryDisk disk;
  put_files(disk);
  engine::CheckTask known = task("/d/small", kSmall);
  const bool by_name = GENERATE(false, true);
  known.is_same = [&](io::Directory&, const io::Stat&) {
    if (by_name) disk.remove("/d/small");
    disk.put("/d/small", content(Seed{3}, 5000));
    return true;
  };
  CHECK(check(disk, {known}).found["/d/small"].verdict == Verdict::changed);
}

TEST_CASE("a file that is replaced before its medium is read is not called unreadable", "[check]") {
  MemoryDisk disk;
  put_files(disk);
  FaultyFileSystem faulty{disk};
  faulty.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::open && faulty.calls(Call::open) > 1) {
      disk.remove("/d/small");
      disk.put("/d/small", kSmall);
    }
    return 0;
  });
  engine::CheckTask known = task("/d/small", kSmall);
  known.is_same = [](io::Directory&, const io::Stat&) { return true; };
  CHECK(check(faulty, {known}).found["/d/small"].verdict == Verdict::changed);
}

TEST_CASE("a check that is to stop does so, and a failure of the list ends it", "[check]") {
  MemoryDisk disk;
  put_files(disk);
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(check(disk, {task("/d/small", kSmall)}, stop.get_token()), Error);
  Collector observer;
  engine::MediumCheck run{disk, {}, observer, {}};
  CHECK_THROWS_AS(run.run([]() -> std::optional<engine::CheckTask> { throw Error{{.operation = "read"}}; }), Error);
}

}  // namespace
}  // namespace rcopy::test
