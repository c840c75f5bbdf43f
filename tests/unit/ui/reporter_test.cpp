// SPDX-License-Identifier: MIT
//
// One event reaches everybody, also past one who cannot tell it.
#include "ui/reporter.hpp"
#include "support/catch.hpp"

#include <new>
#include <string>

using namespace rcopy;
using namespace rcopy::ui;

namespace {

class Listener final : public Renderer {
 public:
  void on_event(const Event& event) override { heard += std::get<Warning>(event).text; }
  std::string heard;
};

class Deaf final : public Renderer {
 public:
  void on_event(const Event& /*event*/) override { throw std::bad_alloc{}; }
};

}  // namespace

TEST_CASE("an event reaches all, past one who fails") {
  Reporter reporter;
  Listener first;
  Deaf second;
  Listener third;
  for (Renderer* const one : {static_cast<Renderer*>(&first), static_cast<Renderer*>(&second),
                              static_cast<Renderer*>(&third)}) {
    reporter.add(*one);
  }
  reporter.on_event(Warning{.path = {}, .text = "a"});
  reporter.on_event(Warning{.path = {}, .text = "b"});
  CHECK(first.heard == "ab");
  CHECK(third.heard == "ab");
}

TEST_CASE("nothing is replaced where nobody asks, and the answer counts where somebody does") {
  Reporter reporter;
  CHECK_FALSE(reporter.may_replace("a"));
  reporter.ask_by([](const std::filesystem::path& path) { return path == "a"; });
  CHECK(reporter.may_replace("a"));
  CHECK_FALSE(reporter.may_replace("b"));
}

TEST_CASE("files that the walk has found count, and those with an outcome at least") {
  Reporter reporter;
  reporter.on_event(TransferFinished{});
  CHECK(reporter.statistics().found_files == 1);
  reporter.tree.found_files = 5;
  CHECK(reporter.statistics().found_files == 5);
}
