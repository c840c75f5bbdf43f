// SPDX-License-Identifier: MIT
#include "support/faulty.hpp"

#include "support/aligned.hpp"
#include "support/catch.hpp"
#include "support/memory_disk.hpp"
#include "support/results.hpp"

namespace rcopy::test {
namespace {

using io::OpenMode;

struct Desk {
  Desk() {
    disk.mkdir("/d");
    disk.put("/d/f", content(Seed{1}, 10'000));
    directory = good(faulty.open_directory("/d", io::DirectoryUse::change_names));
    file = good(directory->open("f", OpenMode::partial));
    faulty.reset();
  }

  MemoryDisk disk;
  FaultyFileSystem faulty{disk};
  std::unique_ptr<io::Directory> directory;
  std::unique_ptr<io::File> file;
};

TEST_CASE("the n-th call of a kind fails once, and nothing of it happens", "[support]") {
  Desk desk;
  desk.faulty.add({.kind = Call::truncate, .nth = 2, .error = ESTALE});
  CHECK(desk.file->truncate(9'000) == 0);
  CHECK(desk.file->sync_all() == 0);
  CHECK(desk.file->truncate(8'000) == ESTALE);
  CHECK(desk.disk.get("/d/f").size() == 9'000);
  CHECK(desk.file->truncate(7'000) == 0);
  CHECK(desk.faulty.injected() == 1);
}

TEST_CASE("a fault for ever fails the n-th call and all after it", "[support]") {
  Desk desk;
  desk.faulty.add({.kind = Call::read, .nth = 2, .repeat = Repeat::forever});
  Bytes buffer(1);
  CHECK(desk.file->read_at(buffer, 0).error == 0);
  CHECK(desk.file->read_at(buffer, 0).error == EIO);
  CHECK(desk.file->read_at(buffer, 0).error == EIO);
  CHECK(desk.faulty.injected() == 2);
}

TEST_CASE("a fault without a kind counts calls of every kind", "[support]") {
  Desk desk;
  desk.faulty.add({.nth = 3});
  CHECK(desk.file->sync_data() == 0);
  CHECK(desk.directory->sync() == 0);
  CHECK(desk.faulty.open_directory("/d", io::DirectoryUse::change_names).error == EIO);
  CHECK(desk.faulty.open_directory("/d", io::DirectoryUse::change_names).error == 0);
}

TEST_CASE("a fault can be for one path only", "[support]") {
  Desk desk;
  desk.disk.put("/d/g", Bytes{"content"});
  desk.faulty.add({.kind = Call::open, .error = EACCES, .only_path = "/g"});
  CHECK(desk.directory->open("f", OpenMode::source).error == 0);
  CHECK(desk.directory->open("g", OpenMode::source).error == EACCES);
  desk.faulty.add({.kind = Call::rename, .only_path = "/h"});
  CHECK(desk.directory->rename("g", "h") == EIO);
}

TEST_CASE("a call can be made and reported as failed", "[support]") {
  Desk desk;
  desk.faulty.add({.kind = Call::rename, .effect = Effect::done});
  CHECK(desk.directory->rename("f", "g") == EIO);
  CHECK(desk.disk.exists("/d/g"));
  desk.faulty.add({.kind = Call::close, .error = EDQUOT});
  CHECK(desk.file->close() == EDQUOT);
  CHECK(desk.file->close() == EBADF);
}

TEST_CASE("limits shorten reads and writes, and keep direct reads aligned", "[support]") {
  Desk desk;
  Bytes buffer(5'000);
  desk.faulty.limit_reads(1'000);
  desk.faulty.limit_writes(3);
  CHECK(good(desk.file->read_at(buffer, 0)) == 1'000);
  CHECK(good(desk.file->write_at(buffer, 0)) == 3);
  const auto direct = good(desk.directory->open("f", OpenMode::read_direct));
  AlignedBuffer aligned{2 * io::kDirectAlignment};
  CHECK(good(direct->read_at(aligned.bytes(), 0)) == io::kDirectAlignment);
}

TEST_CASE("every other call that can be interrupted is", "[support]") {
  Desk desk;
  desk.faulty.interrupt_every_other();
  CHECK(desk.file->sync_all() == EINTR);
  CHECK(desk.file->truncate(1) == EINTR);
  CHECK(desk.file->sync_all() == 0);
  CHECK(desk.file->sync_all() == EINTR);
  CHECK(desk.file->stat().error == 0);
  CHECK(desk.faulty.injected() == 0);
}

TEST_CASE("the hook sees each call before it is made, and can refuse it", "[support]") {
  Desk desk;
  std::vector<std::uint64_t> sizes;
  desk.faulty.set_hook([&](const CallInfo& call) {
    sizes.push_back(desk.disk.look("/d/f").size_bytes);
    return call.kind == Call::truncate && call.number_of_kind == 2 ? EPERM : 0;
  });
  CHECK(desk.file->truncate(5'000) == 0);
  CHECK(desk.file->truncate(4'000) == EPERM);
  CHECK(desk.file->truncate(3'000) == 0);
  CHECK(sizes == std::vector<std::uint64_t>{10'000, 5'000, 5'000});
}

TEST_CASE("the trace tells the calls in order, and which failed", "[support]") {
  Desk desk;
  desk.faulty.add({.kind = Call::sync_data});
  Bytes buffer(100);
  (void)desk.file->read_at(buffer, 50);
  (void)desk.file->write_at(buffer, 4'096);
  (void)desk.file->sync_data();
  (void)desk.file->truncate(7);
  (void)desk.directory->stat("missing", io::Links::nofollow);
  (void)desk.directory->rename("f", "g");
  (void)desk.directory->sync();
  (void)desk.file->close();
  const std::vector<std::string> expected{
      "read f 50+100",        "write f 4096+100", "sync_data f = 5", "truncate f 7",
      "dir_stat missing = 2", "rename f -> g",    "dir_sync d",      "close f"};
  CHECK(desk.faulty.trace() == expected);
  CHECK(desk.faulty.calls() == expected.size());
  CHECK(desk.faulty.calls(Call::write) == 1);
  desk.faulty.reset();
  CHECK(desk.faulty.trace().empty());
}

}  // namespace
}  // namespace rcopy::test
