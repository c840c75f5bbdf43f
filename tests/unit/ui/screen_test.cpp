// SPDX-License-Identifier: MIT
//
// Finished lines and the live line do not mix.
#include "ui/screen.hpp"
#include "support/catch.hpp"

#include <string>
#include <thread>

using namespace rcopy::ui;

namespace {

/// Both channels in the order of writing.
struct Written {
  std::string text;
  Screen screen{{.out = [this](std::string_view part) { text += "out:" + std::string{part}; },
                 .err = [this](std::string_view part) { text += part; }}};
};

}  // namespace

TEST_CASE("without a live line nothing but the lines is written") {
  Written written;
  written.screen.print(Channel::err, "one");
  written.screen.print(Channel::out, "two");
  written.screen.show_live("");
  CHECK(written.text == "one\nout:two\n");
}

TEST_CASE("the live line is erased for a finished line and drawn again below it") {
  Written written;
  written.screen.show_live("50 %");
  written.screen.print(Channel::err, "warning");
  written.screen.print(Channel::out, "done");
  written.screen.show_live("");
  CHECK(written.text ==
        "\r50 %\x1b[J\r"
        "\r\x1b[Jwarning\n\r50 %\x1b[J\r"
        "\r\x1b[Jout:done\n\r50 %\x1b[J\r"
        "\r\x1b[J");
}

TEST_CASE("a live line that stays the same is not written again") {
  Written written;
  written.screen.show_live("50 %");
  const std::string once = written.text;
  written.screen.show_live("50 %");
  CHECK(written.text == once);
}

TEST_CASE("a live line that is forgotten is neither erased nor drawn again") {
  Written written;
  written.screen.show_live("50 %");
  written.screen.forget_live();
  written.text.clear();
  written.screen.print(Channel::err, "done");
  written.screen.show_live("");
  CHECK(written.text == "done\n");
}

TEST_CASE("lines of several threads stay whole") {
  Written written;
  const auto print = [&](char letter) {
    for (int i = 0; i < 200; ++i) written.screen.print(Channel::err, std::string(20, letter));
  };
  std::thread other{print, 'a'};
  print('b');
  other.join();
  for (std::size_t at = 0; at < written.text.size(); at += 21) {
    const std::string line = written.text.substr(at, 21);
    REQUIRE((line == std::string(20, 'a') + "\n" || line == std::string(20, 'b') + "\n"));
  }
}

TEST_CASE("what was announced is not announced any more once it has come") {
  Written written;
  written.screen.announce("stopping");
  written.screen.print_announced("stopped");
  written.screen.announce("stopping");
  written.screen.print(Channel::err, "done");
  CHECK(written.text == "stopping\nstopped\ndone\n");
}
