// SPDX-License-Identifier: MIT
#include "engine/tree_queue.hpp"

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <future>
#include <thread>

namespace rcopy::engine {
namespace {

/// Only counts what becomes of it.
class FakeFile final : public Staged {
 public:
  explicit FakeFile(std::atomic<unsigned>& discarded) : discarded_{discarded} {}
  void sync() override {}
  bool prove_and_publish(std::span<std::byte> /*buffer*/) override { return true; }
  void discard() noexcept override { ++discarded_; }
  Done finish() override { return {}; }
  bool is_file() const override { return true; }
  const TreeDirectoryPtr& directory() const override { return directory_; }
  const io::Entry& entry() const override { return entry_; }
  const io::Stat& source_stat() const override { return stat_; }

 private:
  std::atomic<unsigned>& discarded_;
  TreeDirectoryPtr directory_;
  io::Entry entry_;
  io::Stat stat_;
};

struct Queue {
  explicit Queue(TreeQueue::Limits limits = {}) : queue{limits} {}

  [[nodiscard]] bool put(const char* name) {
    return queue.put({.directory = {}, .entry = {.name = name}});
  }
  void put_slow(const char* name) { queue.put_slow({.directory = {}, .entry = {.name = name}}); }
  [[nodiscard]] io::Name begun() {
    const auto work = queue.next();
    return work && std::holds_alternative<TreeTask>(*work) ? std::get<TreeTask>(*work).entry.name : io::Name{};
  }
  void stage() { queue.staged(std::make_unique<FakeFile>(discarded)); }
  /// A task that became a file of the next batch.
  void put_staged() {
    REQUIRE(put("file"));
    REQUIRE(begun() == "file");
    stage();
  }

  std::atomic<unsigned> discarded = 0;
  TreeQueue queue;
  test::Watchdog watchdog{"a queue"};
};

TEST_CASE("tasks come out in the order in which they went in", "[engine]") {
  Queue at;
  REQUIRE(at.put("a"));
  REQUIRE(at.put("b"));
  CHECK(at.begun() == "a");
  CHECK(at.begun() == "b");
}

TEST_CASE("the walk waits while too many tasks wait", "[engine]") {
  Queue at{{.waiting = 1}};
  REQUIRE(at.put("a"));
  auto second = std::async(std::launch::async, [&] { return at.put("b"); });
  CHECK(at.begun() == "a");
  CHECK(second.get());
  CHECK(at.begun() == "b");
}

TEST_CASE("no file is begun while too many are staged and not finished", "[engine]") {
  Queue at{{.staged = 1}};
  at.put_staged();
  REQUIRE(at.put("next"));
  const auto batch = at.queue.next_batch(0);  // nothing else can go on
  REQUIRE(batch);
  REQUIRE(batch->size() == 1);
  auto next = std::async(std::launch::async, [&] { return at.begun(); });
  at.queue.finished(1);
  CHECK(next.get() == "next");
}

TEST_CASE("a batch is given away when it is large enough, though more goes on", "[engine]") {
  Queue at{{.batch = 2}};
  REQUIRE(at.put("goes on"));
  REQUIRE(at.begun() == "goes on");
  at.put_staged();
  at.put_staged();
  const auto batch = at.queue.next_batch(0);
  REQUIRE(batch);
  CHECK(batch->size() == 2);
}

TEST_CASE("a batch is given away when it is old enough, though more goes on", "[engine]") {
  Queue at;
  REQUIRE(at.put("goes on"));
  REQUIRE(at.begun() == "goes on");
  at.put_staged();
  const auto batch = at.queue.next_batch(0);
  REQUIRE(batch);
  CHECK(batch->size() == 1);
}

TEST_CASE("published files get their sync when nothing else goes on", "[engine]") {
  Queue at;
  const auto batch = at.queue.next_batch(3);
  REQUIRE(batch);
  CHECK(batch->empty());
}

TEST_CASE("a file to prove goes before a new task", "[engine]") {
  Queue at;
  at.put_staged();
  const auto batch = at.queue.next_batch(0);
  REQUIRE(batch);
  REQUIRE(at.put("later"));
  std::jthread proving{[&] { at.queue.prove(*batch); }};
  bool proved = false;
  while (!proved) {  // until it came to that, the task may be first
    const auto work = at.queue.next();
    REQUIRE(work);
    proved = std::holds_alternative<Staged*>(*work);
    if (proved) at.queue.proved();
    else at.queue.again(std::get<TreeTask>(*work));
  }
}

TEST_CASE("whoever waits for the end waits for each task, and for those that came out of it", "[engine]") {
  Queue at;
  REQUIRE(at.put("a"));
  auto all = std::async(std::launch::async, [&] { at.queue.wait_until_done(); });
  REQUIRE(at.begun() == "a");
  at.queue.again({.directory = {}, .entry = {.name = "another"}});
  at.queue.ended();
  at.queue.done();
  CHECK(all.wait_for(std::chrono::seconds{0}) == std::future_status::timeout);
  REQUIRE(at.begun() == "another");
  at.queue.ended();
  at.queue.done();
  all.get();
}

TEST_CASE("a stop ends every wait", "[engine]") {
  Queue at{{.waiting = 1, .slow = 1}};
  at.put_slow("slow");
  REQUIRE(at.put("full"));
  std::vector<std::jthread> waiting;
  waiting.emplace_back([&] { CHECK_FALSE(at.put("more")); });
  waiting.emplace_back([&] { at.put_slow("more"); });
  waiting.emplace_back([&] { at.queue.wait_until_done(); });
  at.queue.stop();
  waiting.clear();
  CHECK_FALSE(at.queue.next());
  CHECK_FALSE(at.queue.next_slow());
  CHECK_FALSE(at.queue.next_batch(0));
  CHECK_FALSE(at.queue.next_batch(1));
}

TEST_CASE("a closed queue ends all who wait for more", "[engine]") {
  Queue at;
  at.queue.close();
  CHECK_FALSE(at.queue.next());
  CHECK_FALSE(at.queue.next_slow());
  CHECK_FALSE(at.queue.next_batch(0));
}

TEST_CASE("a stop discards the files that no batch took", "[engine]") {
  Queue at;
  at.put_staged();
  at.queue.stop();
  CHECK_FALSE(at.queue.next_batch(0));
  CHECK(at.discarded == 1);
}

TEST_CASE("a file that is staged after a stop, when nobody takes it any more, is discarded", "[engine]") {
  Queue at;
  REQUIRE(at.put("file"));
  REQUIRE(at.begun() == "file");
  at.queue.stop();
  CHECK_FALSE(at.queue.next_batch(0));
  at.stage();
  CHECK(at.discarded == 1);
}

TEST_CASE("a batch that is to be proven after a stop, when no worker is left, is discarded", "[engine]") {
  Queue at;
  at.put_staged();
  const auto batch = at.queue.next_batch(0);
  REQUIRE(batch);
  at.queue.stop();
  CHECK_FALSE(at.queue.next());  // a worker ends
  at.queue.prove(*batch);
  CHECK(at.discarded == 1);
}

}  // namespace
}  // namespace rcopy::engine
