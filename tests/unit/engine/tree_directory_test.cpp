// SPDX-License-Identifier: MIT
#include "engine/tree_directory.hpp"

#include "support/catch.hpp"
#include "support/memory_disk.hpp"
#include "support/results.hpp"

#include <cerrno>
#include <future>

namespace rcopy::engine {
namespace {

using test::good;

/// "/src" with directories "a" and "a/b", and the same at "/dst".
struct Tree {
  Tree() {
    for (const char* path : {"/src", "/src/a", "/src/a/b", "/dst", "/dst/a", "/dst/a/b"}) disk.mkdir(path);
    root = watched(nullptr, "");
    a = watched(root, "a");
    b = watched(a, "b");
  }

  TreeDirectoryPtr watched(const TreeDirectoryPtr& above, const char* name) {
    const auto side = [&](const char* top, const TreeSide* over) {
      auto handle = over == nullptr ? good(disk.open_directory(top, io::DirectoryUse::change_names))
                                    : good(over->handle()->open_directory(name, io::DirectoryUse::change_names));
      const auto path = handle->path();
      return std::make_unique<TreeSide>(std::move(handle), name, path, std::make_shared<Volume>());
    };
    return finished.watch(std::make_unique<TreeDirectory>(above, side("/src", above ? &above->source() : nullptr),
                                                          side("/dst", above ? &above->destination() : nullptr), name,
                                                          DestinationState{}, std::make_shared<TreeJob>(nullptr, journal::TreeCatalog::Wanted{})));
  }

  test::MemoryDisk disk;
  FinishedDirectories finished;
  TreeDirectoryPtr root, a, b;
};

TEST_CASE("a directory is finished when the last in it is, and before the one above it", "[engine]") {
  Tree tree;
  tree.root.reset();
  tree.a.reset();
  CHECK_FALSE(tree.finished.take());
  tree.b.reset();
  std::vector<std::filesystem::path> order;
  while (auto next = tree.finished.take()) order.push_back(next->destination().shown());
  CHECK(order == std::vector<std::filesystem::path>{"/dst/a/b", "/dst/a", "/dst"});
}

TEST_CASE("whoever waits for fewer open directories is told of each, and of a stop", "[engine]") {
  Tree tree;
  std::stop_source stop;
  const auto wait = [&](std::size_t most) {
    return std::async(std::launch::async, [&, most] { return tree.finished.wait_for_fewer(most, stop.get_token()); });
  };
  auto told = wait(3);
  tree.b.reset();
  CHECK_FALSE(told.get());  // there is one to take first
  auto taken = tree.finished.take();
  auto waiting = wait(3);
  taken.reset();
  tree.finished.closed();
  CHECK(waiting.get());
  auto for_ever = wait(1);
  stop.request_stop();
  CHECK(for_ever.get());
}

TEST_CASE("a directory that was moved or replaced is no longer there, nor is what is below it", "[engine]") {
  Tree tree;
  REQUIRE_NOTHROW(tree.b->check_still_there(tree.disk));
  const std::string which = GENERATE("/dst", "/dst/a", "/dst/a/b");
  CAPTURE(which);
  tree.disk.move(which, "/moved");
  CHECK_THROWS_AS(tree.b->check_still_there(tree.disk), Error);
  tree.disk.mkdir(which);
  CHECK_THROWS_AS(tree.b->check_still_there(tree.disk), Error);
}

TEST_CASE("a symlink that was put in place of a directory does not stand for it", "[engine]") {
  Tree tree;
  tree.disk.move("/dst/a", "/moved");
  tree.disk.symlink("/moved", "/dst/a");
  CHECK_THROWS_AS(tree.b->check_still_there(tree.disk), Error);
}

TEST_CASE("only the same directory can be opened anew", "[engine]") {
  Tree tree;
  CHECK_NOTHROW(tree.b->renew(tree.disk));
  tree.disk.move("/src/a", "/src/other");
  tree.disk.mkdir("/src/a");
  tree.disk.mkdir("/src/a/b");
  try {
    tree.b->renew(tree.disk);
    FAIL("took another directory");
  } catch (const Error& error) {
    CHECK(error.info().os_error == ESTALE);
  }
}

}  // namespace
}  // namespace rcopy::engine
