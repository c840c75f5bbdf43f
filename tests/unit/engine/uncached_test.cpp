// SPDX-License-Identifier: MIT
#include "engine/uncached.hpp"

#include "engine/limits.hpp"
#include "io/calls.hpp"
#include "io/memory.hpp"
#include "unit/engine/transfer_kit.hpp"

namespace rcopy::test {
namespace {

using engine::Pages;

/// /src/a behind the layer that counts, open through the cache.
struct Desk {
  explicit Desk(DirectIo direct_io = DirectIo::allowed) : rig{{.direct_io = direct_io}} {
    rig.disk.put(kSource, kContent);
    directory = io::open_directory(faulty, "/src", io::DirectoryUse::look_up);
    file = io::open(*directory, "a", io::OpenMode::source);
    (void)file->drop_cache({});
  }

  [[nodiscard]] std::unique_ptr<io::File> direct() {
    return engine::open_uncached({*directory, "a"}, *file, io::OpenMode::read_direct);
  }

  /// Reads the block at `offset_bytes`, which must come out right.
  void read(engine::UncachedReader& reader, std::uint64_t offset_bytes) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kMiB, kSize - offset_bytes));
    REQUIRE(reader.read(memory.bytes(), wanted, offset_bytes) >= wanted);
    REQUIRE(Bytes{memory.bytes().first(wanted)} == Bytes{std::span{kContent}.subspan(offset_bytes, wanted)});
  }

  [[nodiscard]] bool cached(std::uint64_t offset_bytes) {
    return io::is_cached(*file, {.offset_bytes = offset_bytes, .length_bytes = kMiB});
  }

  CopyRig rig;
  FaultyFileSystem faulty{rig.disk};
  std::unique_ptr<io::Directory> directory;
  std::unique_ptr<io::File> file;
  io::HugeBuffer memory{engine::kBlockBytes};
};

TEST_CASE("a file that is all cached is read from there", "[engine]") {
  Desk desk;
  Bytes warm(kSize);
  REQUIRE(io::read_full(*desk.file, warm, 0) == kSize);
  desk.faulty.reset();
  engine::UncachedReader reader{*desk.file, desk.direct(), Pages::keep_new};
  desk.faulty.set_hook([&](const CallInfo& call) { return call.kind == Call::read && call.direct ? EIO : 0; });
  for (std::uint64_t at = 0; at < kSize; at += kMiB) desk.read(reader, at);
}

TEST_CASE("a file that is not all cached is read past the cache, and what is cached stays there", "[engine]") {
  Desk desk;
  Bytes warm(kMiB);
  REQUIRE(io::read_full(*desk.file, warm, 2 * kMiB) == kMiB);
  engine::UncachedReader reader{*desk.file, desk.direct(), Pages::keep_new};
  for (std::uint64_t at = 0; at < kSize; at += kMiB) desk.read(reader, at);
  for (std::uint64_t at = 0; at < kSize; at += kMiB) CHECK(desk.cached(at) == (at == 2 * kMiB));
}

TEST_CASE("without direct reads the pages of a large file are dropped again, others stay", "[engine]") {
  const auto refused = GENERATE(DirectIo::refused_by_open, DirectIo::refused_when_used);
  const auto pages = GENERATE(Pages::drop_new, Pages::keep_new, Pages::drop_all);
  Desk desk{refused};
  Bytes warm(kMiB);
  REQUIRE(io::read_full(*desk.file, warm, 2 * kMiB) == kMiB);
  engine::UncachedReader reader{*desk.file, desk.direct(), pages};
  for (std::uint64_t at = 0; at < kSize; at += kMiB) desk.read(reader, at);
  CHECK(desk.cached(0) == (pages == Pages::keep_new));
  CHECK(desk.cached(2 * kMiB) == (pages != Pages::drop_all));
  // The kernel would read ahead and take that for somebody else's.
  CHECK(desk.faulty.calls(Call::expect_random) == (pages == Pages::drop_new ? 1 : 0));
}

TEST_CASE("what is to be kept goes through the cache", "[engine]") {
  Desk desk;
  engine::UncachedReader reader{*desk.file, nullptr, Pages::keep};
  desk.read(reader, 0);
  CHECK(desk.cached(0));
}

TEST_CASE("a name that means another file by now is not read", "[engine]") {
  Desk desk;
  desk.rig.disk.move(kSource, "/src/b");
  desk.rig.disk.put(kSource, Bytes{"another"});
  CHECK(desk.direct() == nullptr);
}

TEST_CASE("an error of a direct read is one, and not a reason to ask the cache", "[engine]") {
  Desk desk;
  engine::UncachedReader reader{*desk.file, desk.direct(), Pages::keep_new};
  desk.faulty.add({.kind = Call::read, .error = EIO});
  CHECK_THROWS_AS(reader.read(desk.memory.bytes(), kMiB, 0), Error);
}

TEST_CASE("files of more than an eighth of the memory are large", "[engine]") {
  const std::uint64_t eighth = io::memory_bytes() / 8;
  CHECK(engine::pages_for(Cache::automatic, eighth) == Pages::keep_new);
  CHECK(engine::pages_for(Cache::automatic, eighth + 1) == Pages::drop_new);
  CHECK(engine::pages_for(Cache::keep, eighth + 1) == Pages::keep);
  CHECK(engine::pages_for(Cache::drop, 1) == Pages::drop_all);
}

TEST_CASE("a copy is the same whether direct writes work, or are refused at once or later", "[transfer]") {
  const auto direct_io = GENERATE(DirectIo::allowed, DirectIo::refused_by_open, DirectIo::refused_when_used);
  const auto cache = GENERATE(Cache::automatic, Cache::keep, Cache::drop);
  CopyRig rig{{.direct_io = direct_io}};
  rig.options.cache = cache;
  rig.disk.put(kSource, kContent);
  REQUIRE(rig.copy().done());
  CHECK(rig.disk.get(kDestination) == kContent);
}

}  // namespace
}  // namespace rcopy::test
