// SPDX-License-Identifier: MIT
//
// What is found out about a descriptor, on a real pseudo terminal.
#include "ui/terminal.hpp"
#include "support/catch.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>

using namespace rcopy::ui;

namespace {

/// The user's side of a pseudo terminal that nobody reads.
class PseudoTerminal {
 public:
  PseudoTerminal() : master_{::posix_openpt(O_RDWR | O_NOCTTY)} {
    ::grantpt(master_);
    ::unlockpt(master_);
    descriptor_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
  }
  ~PseudoTerminal() {
    ::close(descriptor_);
    ::close(master_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  void resize(unsigned short columns) const {
    winsize size{};
    size.ws_row = 24;
    size.ws_col = columns;
    ::ioctl(master_, TIOCSWINSZ, &size);
  }

 private:
  int master_;
  int descriptor_ = -1;
};

struct Variable {
  const char* name;
  const char* value;
};

/// In the environment, until its end.
class Setting {
 public:
  explicit Setting(const Variable& variable) : name_{variable.name} {
    if (const char* const before = std::getenv(name_)) before_ = before;
    ::setenv(name_, variable.value, 1);
  }
  ~Setting() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("a file is no terminal and 80 columns wide") {
  const int descriptor = ::open("/dev/null", O_RDWR);
  const Terminal terminal{descriptor};
  CHECK_FALSE(terminal.is_terminal());
  CHECK_FALSE(terminal.can_redraw());
  CHECK(terminal.width() == 80);
  ::close(descriptor);
}

TEST_CASE("a terminal's width is asked for anew each time") {
  const PseudoTerminal pseudo;
  const Terminal terminal{pseudo.descriptor()};
  REQUIRE(terminal.is_terminal());
  pseudo.resize(132);
  CHECK(terminal.width() == 132);
  pseudo.resize(20);
  CHECK(terminal.width() == 20);
  pseudo.resize(0);
  CHECK(terminal.width() == 80);
}

TEST_CASE("a dumb terminal is not redrawn") {
  const PseudoTerminal pseudo;
  const Terminal terminal{pseudo.descriptor()};
  {
    const Setting term{{"TERM", "xterm"}};
    CHECK(terminal.can_redraw());
  }
  for (const char* name : {"dumb", ""}) {
    const Setting term{{"TERM", name}};
    CHECK_FALSE(terminal.can_redraw());
  }
}

TEST_CASE("there is colour on terminals that have some, unless NO_COLOR says no") {
  const PseudoTerminal pseudo;
  const Terminal terminal{pseudo.descriptor()};
  const Setting no_wish{{"NO_COLOR", ""}};
  const Setting no_hint{{"COLORTERM", ""}};
  for (const char* name : {"xterm", "xterm-256color", "linux", "screen", "tmux-256color", "what-color"}) {
    const Setting term{{"TERM", name}};
    CAPTURE(name);
    CHECK(terminal.colour() == Colour::some);
    const Setting wish{{"NO_COLOR", "1"}};
    CHECK(terminal.colour() == Colour::none);
  }
  for (const char* name : {"", "dumb", "vt100", "xterm-mono", "linux-m"}) {
    const Setting term{{"TERM", name}};
    CAPTURE(name);
    CHECK(terminal.colour() == Colour::none);
  }
  const Setting term{{"TERM", "xterm"}};
  CHECK(Terminal{-1}.colour() == Colour::none);
}

TEST_CASE("a terminal that does not control this process does not put it in the background") {
  const PseudoTerminal pseudo;
  CHECK(Terminal{pseudo.descriptor()}.in_foreground());
}
