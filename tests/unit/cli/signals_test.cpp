// SPDX-License-Identifier: MIT
//
// Signals, sent to real processes: each test forks a child and looks at how it ends.
#include "cli/signals.hpp"
#include "support/catch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>

using namespace rcopy::cli;
using namespace std::chrono_literals;

namespace {

/// Runs `body` in a child; it must end the child itself. Gives the status of waitpid.
class Child {
 public:
  explicit Child(const std::function<void(const Child&)>& body) {
    REQUIRE(::pipe(lines_.data()) == 0);
    pid_ = ::fork();
    if (pid_ != 0) {
      ::close(std::exchange(lines_[1], -1));  // so that hear() ends when the child does
      return;
    }
    ::alarm(60);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
      std::signal(signal, SIG_DFL);  // not Catch2's
    body(*this);
    std::_Exit(99);
  }
  ~Child() {
    ::close(lines_[0]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// In the child: one letter to the parent.
  void tell(char letter) const {
    if (::write(lines_[1], &letter, 1) != 1) std::_Exit(98);
  }
  /// In the parent: the next letter.
  [[nodiscard]] char hear() const {
    char letter = 0;
    CHECK(::read(lines_[0], &letter, 1) == 1);
    return letter;
  }
  void send(int signal) const { ::kill(pid_, signal); }
  [[nodiscard]] int end() const {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return status;
  }

 private:
  pid_t pid_ = -1;
  std::array<int, 2> lines_{};
};

void wait_for_stop(const StopSignals& signals) {
  std::binary_semaphore stopped{0};
  const std::stop_callback callback{signals.token(), [&] { stopped.release(); }};
  stopped.acquire();
}

void wait_for_question(StopSignals& signals) {
  while (!signals.asked().exchange(false)) std::this_thread::yield();
}

[[noreturn]] void hang() {
  for (;;) ::pause();
}

}  // namespace

TEST_CASE("the first signal requests a stop, and the process can then die by it") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const Child child{[](const Child& self) {
      int received = 0;
      {
        const StopSignals signals{[&](int one) { self.tell(one == SIGHUP ? 'h' : 's'); }};
        self.tell('r');
        wait_for_stop(signals);
        received = signals.received();
      }
      die_by_signal(received);
    }};
    REQUIRE(child.hear() == 'r');
    child.send(signal);
    CHECK(child.hear() == (signal == SIGHUP ? 'h' : 's'));
    const int status = child.end();
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
  }
}

TEST_CASE("a second signal ends the process at once, though everything hangs") {
  const Child child{[](const Child& self) {
    const StopSignals signals{[&](int) {
                                self.tell('s');
                                hang();
                              },
                              {.same_wish = 0ms}};
    self.tell('r');
    hang();
  }};
  REQUIRE(child.hear() == 'r');
  child.send(SIGINT);
  REQUIRE(child.hear() == 's');
  child.send(SIGTERM);
  const int status = child.end();
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
}

TEST_CASE("signals that follow the first at once are the same wish") {
  const Child child{[](const Child& self) {
    const StopSignals signals{[](int) {}, {.same_wish = 1h}};
    self.tell('r');
    wait_for_stop(signals);
    ::kill(::getpid(), SIGHUP);
    ::kill(::getpid(), SIGTERM);
    self.tell('a');  // alive
    std::_Exit(0);
  }};
  REQUIRE(child.hear() == 'r');
  child.send(SIGTERM);
  CHECK(child.hear() == 'a');
  CHECK(child.end() == 0);
}

TEST_CASE("a signal that was ignored at the start stays ignored") {
  const Child child{[](const Child& self) {
    std::signal(SIGHUP, SIG_IGN);
    const StopSignals signals{[&](int one) { self.tell(one == SIGTERM ? 't' : 'x'); }};
    ::kill(::getpid(), SIGHUP);
    self.tell('r');
    wait_for_stop(signals);
    std::_Exit(signals.received() == SIGTERM ? 0 : 1);
  }};
  REQUIRE(child.hear() == 'r');
  child.send(SIGTERM);
  CHECK(child.end() == 0);
}

TEST_CASE("without a signal nothing happens, and signals work as before afterwards") {
  const Child child{[](const Child&) {
    {
      const StopSignals signals{[](int) { std::_Exit(1); }};
      if (signals.received() != 0 || signals.token().stop_requested()) std::_Exit(2);
    }
    ::raise(SIGTERM);
  }};
  const int status = child.end();
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
}

TEST_CASE("when the time is over a stop is requested without a signal, and a signal after that still counts") {
  const Child child{[](const Child& self) {
    std::binary_semaphore told{0};
    const auto tell = [&](int one) {
      self.tell(one == 0 ? 'l' : 's');
      if (one != 0) told.release();
    };
    const StopSignals signals{tell, {.limit = 1ms}};
    wait_for_stop(signals);
    self.tell(signals.out_of_time() && signals.received() == 0 ? 'y' : 'n');
    told.acquire();
    std::_Exit(signals.received() == SIGTERM ? 0 : 1);
  }};
  const std::string heard{child.hear(), child.hear()};
  CHECK((heard == "ly" || heard == "yl"));
  child.send(SIGTERM);
  CHECK(child.hear() == 's');
  CHECK(child.end() == 0);
}

TEST_CASE("a signal that comes before the time is over is what stopped it") {
  const Child child{[](const Child& self) {
    const StopSignals signals{[](int) {}, {.limit = 1h}};
    self.tell('r');
    wait_for_stop(signals);
    std::_Exit(!signals.out_of_time() && signals.received() == SIGINT ? 0 : 1);
  }};
  REQUIRE(child.hear() == 'r');
  child.send(SIGINT);
  CHECK(child.end() == 0);
}

TEST_CASE("SIGUSR1 is a question: it stops nothing, may be asked again, and also when a stop is under way") {
  const Child child{[](const Child& self) {
    ignore_questions();
    StopSignals signals{[](int) {}, {.same_wish = 0ms}};
    for (int i = 0; i < 3; ++i) {
      ::kill(::getpid(), SIGUSR1);
      wait_for_question(signals);
    }
    if (signals.received() != 0 || signals.token().stop_requested()) std::_Exit(1);
    ::kill(::getpid(), SIGTERM);
    wait_for_stop(signals);
    ::kill(::getpid(), SIGUSR1);
    wait_for_question(signals);
    if (signals.received() != SIGTERM) std::_Exit(2);
    self.tell('a');
    hang();
  }};
  REQUIRE(child.hear() == 'a');
  child.send(SIGINT);
  const int status = child.end();
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
}

TEST_CASE("a question that comes before or after the copy ends nothing") {
  const Child child{[](const Child&) {
    ignore_questions();
    ::raise(SIGUSR1);
    {
      const StopSignals signals{[](int) {}};
      for (int i = 0; i < 100; ++i) ::kill(::getpid(), SIGUSR1);  // some of them wait when it ends
    }
    ::raise(SIGUSR1);
    std::_Exit(0);
  }};
  CHECK(child.end() == 0);
}

TEST_CASE("a broken pipe does not end the process") {
  const Child child{[](const Child&) {
    ignore_write_signals();
    ::raise(SIGPIPE);
    ::raise(SIGXFSZ);
    std::_Exit(0);
  }};
  CHECK(child.end() == 0);
}

TEST_CASE("signals have names") {
  CHECK(signal_name(SIGINT) == "SIGINT");
  CHECK(signal_name(SIGTERM) == "SIGTERM");
  CHECK(signal_name(SIGHUP) == "SIGHUP");
  CHECK(signal_name(SIGUSR1) == "signal " + std::to_string(SIGUSR1));
}
