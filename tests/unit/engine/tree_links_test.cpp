// SPDX-License-Identifier: MIT
#include "engine/tree_links.hpp"

#include "support/catch.hpp"
#include "support/memory_disk.hpp"
#include "support/results.hpp"

#include <utility>

namespace rcopy::engine {
namespace {

using Turn = LinkTable::Turn;

/// A directory "/src" that is copied to "/dst", with one below it.
struct Pair {
  Pair() {
    disk.mkdir("/src");
    disk.mkdir("/dst");
    disk.mkdir("/src/sub");
    disk.mkdir("/dst/sub");
    root = finished.watch(opened(nullptr, "/src", "/dst", ""));
    sub = finished.watch(opened(root, "/src/sub", "/dst/sub", "sub"));
  }

  std::unique_ptr<TreeDirectory> opened(TreeDirectoryPtr above, const char* from, const char* to, const char* name) {
    const auto side = [&](const char* path) {
      return std::make_unique<TreeSide>(test::good(disk.open_directory(path, io::DirectoryUse::change_names)),
                                        std::filesystem::path{path}.filename(), path, std::make_shared<Volume>());
    };
    return std::make_unique<TreeDirectory>(std::move(above), side(from), side(to), name, DestinationState{},
                                           std::make_shared<TreeJob>(nullptr, journal::TreeCatalog::Wanted{}));
  }

  test::MemoryDisk disk;
  FinishedDirectories finished;
  TreeDirectoryPtr root, sub;
};

TreeTask task(const TreeDirectoryPtr& directory, const char* name) {
  return {.directory = directory, .entry = {.name = name}};
}

io::Stat file(std::uint64_t inode, std::uint64_t links) { return {.inode = inode, .links = links}; }

TEST_CASE("the first name of a file is copied, the others wait, and are then linked to it", "[engine]") {
  Pair tree;
  LinkTable table{Follow::none};
  CHECK(table.take_turn(file(5, 3), task(tree.sub, "a")).turn == Turn::copy);
  CHECK(table.take_turn(file(5, 3), task(tree.root, "b")).turn == Turn::wait);
  CHECK(table.take_turn(file(6, 2), task(tree.root, "other")).turn == Turn::copy);
  const auto waiting = table.there(*tree.sub, "a");
  REQUIRE(waiting.size() == 1);
  CHECK(waiting.front().entry.name == "b");
  for (const char* name : {"b", "c"}) {
    const auto answer = table.take_turn(file(5, 3), task(tree.root, name));
    CHECK(answer.turn == Turn::link);
    CHECK(answer.name.below == std::vector<io::Name>{"sub"});
    CHECK(answer.name.name == "a");
    CHECK(answer.name.root->path() == "/dst");
  }
}

TEST_CASE("where the first name cannot be copied, one of those that wait is", "[engine]") {
  Pair tree;
  LinkTable table{Follow::none};
  CHECK(table.take_turn(file(5, 3), task(tree.root, "a")).turn == Turn::copy);
  CHECK(table.take_turn(file(5, 3), task(tree.root, "b")).turn == Turn::wait);
  CHECK(table.take_turn(file(5, 3), task(tree.root, "c")).turn == Turn::wait);
  CHECK(table.failed(*tree.root, "a").size() == 2);
  CHECK(table.take_turn(file(5, 3), task(tree.root, "b")).turn == Turn::copy);
  CHECK(table.take_turn(file(5, 3), task(tree.root, "c")).turn == Turn::wait);
}

TEST_CASE("a name that is no copy changes nothing for the others", "[engine]") {
  Pair tree;
  LinkTable table{Follow::none};
  CHECK(table.take_turn(file(5, 3), task(tree.root, "a")).turn == Turn::copy);
  CHECK(table.there(*tree.root, "a").empty());
  CHECK(table.take_turn(file(5, 3), task(tree.root, "b")).turn == Turn::link);
  CHECK(table.failed(*tree.root, "b").empty());
  CHECK(table.there(*tree.sub, "a").empty());
  const auto answer = table.take_turn(file(5, 3), task(tree.root, "c"));
  CHECK(answer.turn == Turn::link);
  CHECK(answer.name.name == "a");
}

}  // namespace
}  // namespace rcopy::engine
