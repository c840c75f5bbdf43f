// SPDX-License-Identifier: MIT
//
// The loops above the seam, against calls that are interrupted, short or fail.
#include "io/calls.hpp"

#include "support/catch.hpp"
#include "support/faulty.hpp"
#include "support/memory_disk.hpp"
#include "support/results.hpp"

#include <functional>

namespace rcopy::test {
namespace {

using io::OpenMode;

constexpr std::uint64_t kSize = 10'000;

/// A disk with /d/f in it, the layer that fails, and the file open for writing.
struct Desk {
  Desk() {
    disk.mkdir("/d");
    disk.put("/d/f", bytes);
    directory = io::open_directory(faulty, "/d", io::DirectoryUse::change_names);
    file = io::open(*directory, "f", OpenMode::partial);
    faulty.reset();
  }

  Bytes bytes = content(Seed{1}, kSize);
  MemoryDisk disk;
  FaultyFileSystem faulty{disk};
  std::unique_ptr<io::Directory> directory;
  std::unique_ptr<io::File> file;
};

/// The error that `call` throws.
ErrorInfo failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.info();
  }
  FAIL("no error was thrown");
  return {};
}

TEST_CASE("reads of any length are completed, and end at the end of the file", "[io]") {
  for (const std::size_t step : {1U, 7U, 4095U, 4096U, 9'999U, 10'000U}) {
    CAPTURE(step);
    Desk desk;
    desk.faulty.limit_reads(step);
    desk.faulty.interrupt_every_other();
    Bytes buffer(kSize);
    CHECK(io::read_full(*desk.file, buffer, 0) == kSize);
    CHECK(buffer == desk.bytes);
    CHECK(io::read_full(*desk.file, buffer, kSize - 100) == 100);
    CHECK(Bytes{std::span{buffer}.first(100)} == Bytes{std::span{desk.bytes}.last(100)});
    CHECK(io::read_full(*desk.file, buffer, kSize) == 0);
    CHECK(io::read_full(*desk.file, {}, 0) == 0);
  }
}

TEST_CASE("a read that has what is wanted asks for no more", "[io]") {
  Desk desk;
  Bytes buffer(kSize);
  desk.faulty.limit_reads(4'000);
  CHECK(io::read_at_least(*desk.file, buffer, 4'001, 0) == 8'000);
  CHECK(desk.faulty.calls(Call::read) == 2);
  CHECK(io::read_at_least(*desk.file, buffer, 20'000, 5'000) == 5'000);
}

TEST_CASE("writes of any length are completed in place", "[io]") {
  for (const std::size_t step : {1U, 7U, 4095U, 4096U, 9'999U, 10'000U}) {
    CAPTURE(step);
    Desk desk;
    desk.faulty.limit_writes(step);
    desk.faulty.interrupt_every_other();
    const Bytes data = content(Seed{2}, kSize);
    io::write_full(*desk.file, data, 5'000);
    Bytes expected = desk.bytes;
    expected.resize(5'000 + kSize);
    std::ranges::copy(data, expected.begin() + 5'000);
    CHECK(desk.disk.get("/d/f") == expected);
  }
}

TEST_CASE("a write that makes no progress is a full disk and no endless loop", "[io]") {
  Desk desk;
  desk.faulty.limit_writes(0);
  const ErrorInfo info = failure_of([&] { io::write_full(*desk.file, Bytes{"x"}, 7); });
  CHECK(info.code == ErrorCode::no_space);
  CHECK(info.os_error == ENOSPC);
  CHECK(info.offset_bytes == 7);
  io::write_full(*desk.file, {}, 0);
}

TEST_CASE("a failed read or write names operation, path and the byte where it failed", "[io]") {
  Desk desk;
  desk.faulty.limit_reads(1'000);
  desk.faulty.limit_writes(1'000);
  desk.faulty.add({.kind = Call::read, .nth = 3, .error = EIO});
  desk.faulty.add({.kind = Call::write, .nth = 4, .error = EDQUOT});
  Bytes buffer(kSize);
  ErrorInfo info = failure_of([&] { (void)io::read_full(*desk.file, buffer, 100); });
  CHECK(info.code == ErrorCode::io);
  CHECK(info.operation == "read");
  CHECK(info.path == "/d/f");
  CHECK(info.offset_bytes == 2'100);
  CHECK(info.os_error == EIO);
  info = failure_of([&] { io::write_full(*desk.file, desk.bytes, 50); });
  CHECK(info.code == ErrorCode::no_space);
  CHECK(info.operation == "write");
  CHECK(info.path == "/d/f");
  CHECK(info.offset_bytes == 3'050);
  CHECK(info.os_error == EDQUOT);
}

TEST_CASE("nothing but ENXIO says that there is no more data", "[io]") {
  Desk desk;
  CHECK(io::next_data(*desk.file, 100) == 100);
  CHECK(io::next_hole(*desk.file, 100) == kSize);
  CHECK_FALSE(io::next_data(*desk.file, kSize));
  desk.faulty.add({.kind = Call::seek_data, .error = EIO});
  desk.faulty.add({.kind = Call::seek_hole, .error = ESTALE});
  const ErrorInfo no_data = failure_of([&] { (void)io::next_data(*desk.file, 100); });
  CHECK(no_data.os_error == EIO);
  CHECK(no_data.offset_bytes == 100);
  const ErrorInfo no_hole = failure_of([&] { (void)io::next_hole(*desk.file, 200); });
  CHECK(no_hole.os_error == ESTALE);
  CHECK(no_hole.path == "/d/f");
}

TEST_CASE("a file system without holes punches none, and a failure is an error", "[io]") {
  Desk desk;
  const io::Extent page{.offset_bytes = 4096, .length_bytes = 4096};
  CHECK(io::punch_hole(*desk.file, page));
  CHECK(io::next_hole(*desk.file, 0) == 4096);
  desk.faulty.add({.kind = Call::punch_hole, .error = EOPNOTSUPP});
  CHECK_FALSE(io::punch_hole(*desk.file, page));
  desk.faulty.add({.kind = Call::punch_hole, .error = ENOSPC});
  CHECK(failure_of([&] { (void)io::punch_hole(*desk.file, page); }).code == ErrorCode::no_space);

  MemoryDisk dense{{.has_holes = false}};
  dense.put("/f", desk.bytes);
  const auto root = io::open_directory(dense, "/", io::DirectoryUse::look_up);
  const auto file = io::open(*root, "f", OpenMode::partial);
  CHECK_FALSE(io::punch_hole(*file, page));
  CHECK(io::next_hole(*file, 0) == kSize);
  CHECK(io::next_data(*file, 17) == 17);
}

TEST_CASE("who cannot clone says so by its errno, and what would stop a copy as well is thrown", "[io]") {
  Desk desk;
  const auto fresh = io::open(*desk.directory, "new", OpenMode::create_partial);
  CHECK(io::clone(*fresh, *desk.file) == EOPNOTSUPP);
  for (const int refused : {EOPNOTSUPP, EXDEV, EINVAL, ENOTTY, ENOSYS, EPERM, EACCES, ETXTBSY, EBADF}) {
    desk.faulty.add({.kind = Call::clone, .error = refused});
    CHECK(io::clone(*fresh, *desk.file) == refused);
  }
  for (const int failed : {EIO, ENOSPC, EDQUOT, ENOMEM, ESTALE}) {
    desk.faulty.add({.kind = Call::clone, .error = failed});
    const ErrorInfo info = failure_of([&] { (void)io::clone(*fresh, *desk.file); });
    CHECK(info.os_error == failed);
    CHECK(info.path == "/d/new");
    CHECK(info.operation == "clone to");
  }
}

TEST_CASE("every call but close is repeated after a signal", "[io]") {
  Desk desk;
  desk.faulty.interrupt_every_other();
  const auto directory = io::open_directory(desk.faulty, "/d", io::DirectoryUse::change_names);
  const auto file = io::open(*directory, "new", OpenMode::create_partial);
  io::write_full(*file, Bytes{"content"}, 0);
  io::truncate(*file, 4);
  CHECK(io::punch_hole(*file, {.offset_bytes = 0, .length_bytes = 2}));
  CHECK(io::clone(*file, *desk.file) == EOPNOTSUPP);
  io::sync_data(*file);
  io::sync_all(*file);
  CHECK(io::stat(*file).size_bytes == 4);
  CHECK(io::file_system(*directory).available_bytes > 0);
  io::rename(*directory, "new", "newer", "rename to");
  io::sync(*directory);
  CHECK(io::find(*directory, "newer"));
  CHECK(io::open_direct(*directory, "newer", io::OpenMode::read_direct));
  io::close(*file);
  io::unlink(*directory, "newer");
  CHECK(desk.faulty.calls(Call::sync_all) == 2);
  CHECK(desk.faulty.calls(Call::dir_sync) == 2);
  CHECK(desk.faulty.calls(Call::close) == 1);
}

TEST_CASE("close is made once: EINTR means closed, anything else is a lost write", "[io]") {
  for (const int error : {EINTR, EIO, ENOSPC}) {
    Desk desk;
    desk.faulty.add({.kind = Call::close, .error = error});
    if (error == EINTR) {
      io::close(*desk.file);
    } else {
      const ErrorInfo info = failure_of([&] { io::close(*desk.file); });
      CHECK(info.os_error == error);
      CHECK(info.operation == "close");
      CHECK(info.path == "/d/f");
    }
    CHECK(desk.faulty.calls(Call::close) == 1);
    CHECK(desk.file->stat().error == EBADF);
  }
}

TEST_CASE("each call that fails is an Error with its operation and path", "[io]") {
  struct Case {
    Call kind;
    const char* operation;
    const char* path;
    std::function<void(Desk&)> call;
  };
  const std::vector<Case> cases{
      {Call::sync_data, "sync", "/d/f", [](Desk& desk) { io::sync_data(*desk.file); }},
      {Call::sync_all, "sync", "/d/f", [](Desk& desk) { io::sync_all(*desk.file); }},
      {Call::truncate, "truncate", "/d/f", [](Desk& desk) { io::truncate(*desk.file, 1); }},
      {Call::fstat, "stat", "/d/f", [](Desk& desk) { (void)io::stat(*desk.file); }},
      {Call::stat, "stat", "/d/f",
       [](Desk& desk) { (void)io::find(desk.faulty, "/d/f", io::Links::follow); }},
      {Call::dir_stat, "stat", "/d/f", [](Desk& desk) { (void)io::find(*desk.directory, "f"); }},
      {Call::resolve, "stat", "/d/f", [](Desk& desk) { (void)io::resolve(desk.faulty, "/d/f"); }},
      {Call::open_directory, "open the directory", "/d",
       [](Desk& desk) { (void)io::open_directory(desk.faulty, "/d", io::DirectoryUse::change_names); }},
      {Call::open, "open", "/d/f",
       [](Desk& desk) { (void)io::open(*desk.directory, "f", OpenMode::source); }},
      {Call::open, "create", "/d/g",
       [](Desk& desk) { (void)io::open(*desk.directory, "g", OpenMode::create_partial); }},
      {Call::open, "open", "/d/f", [](Desk& desk) { (void)io::open_direct(*desk.directory, "f", io::OpenMode::read_direct); }},
      {Call::unlink, "remove", "/d/f", [](Desk& desk) { io::unlink(*desk.directory, "f"); }},
      {Call::dir_sync, "sync the directory", "/d", [](Desk& desk) { io::sync(*desk.directory); }},
  };
  for (const Case& tried : cases) {
    CAPTURE(tried.kind, tried.operation);
    for (const int error : {EIO, EACCES, ENOSPC}) {
      Desk desk;
      desk.faulty.add({.kind = tried.kind, .error = error});
      const ErrorInfo info = failure_of([&] { tried.call(desk); });
      CHECK(info.code == (error == ENOSPC ? ErrorCode::no_space : ErrorCode::io));
      CHECK(info.operation == tried.operation);
      CHECK(info.path == tried.path);
      CHECK(info.os_error == error);
      CHECK_FALSE(info.offset_bytes);
      CHECK(desk.faulty.calls(tried.kind) == 1);  // a failure is not tried again
    }
  }
}

TEST_CASE("a missing name is an answer for find and fine for unlink", "[io]") {
  Desk desk;
  CHECK_FALSE(io::find(*desk.directory, "missing"));
  CHECK_FALSE(io::find(desk.faulty, "/d/missing", io::Links::follow));
  io::unlink(*desk.directory, "missing");
  CHECK(failure_of([&] {
          (void)io::open(*desk.directory, "missing", OpenMode::source);
        }).os_error == ENOENT);
}

TEST_CASE("find does not follow a link in a directory", "[io]") {
  Desk desk;
  desk.disk.symlink("f", "/d/link");
  CHECK(io::find(*desk.directory, "link")->kind == io::FileKind::symlink);
}

TEST_CASE("a file system without direct reads is an answer and not an error", "[io]") {
  Desk desk;
  CHECK(io::open_direct(*desk.directory, "f", io::OpenMode::read_direct));
  desk.disk.set_direct_io(DirectIo::refused_by_open);
  CHECK_FALSE(io::open_direct(*desk.directory, "f", io::OpenMode::read_direct));
}

TEST_CASE("a failed rename names the file that was to be published", "[io]") {
  Desk desk;
  desk.faulty.add({.kind = Call::rename, .error = EROFS});
  const ErrorInfo info = failure_of([&] { io::rename(*desk.directory, "f", "g", "rename to"); });
  CHECK(info.path == "/d/g");
  CHECK(info.os_error == EROFS);
  CHECK(desk.disk.exists("/d/f"));
}

}  // namespace
}  // namespace rcopy::test
