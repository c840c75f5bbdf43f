// SPDX-License-Identifier: MIT
#include "ui/screen.hpp"

#include <cstdio>
#include <utility>

namespace rcopy::ui {
namespace {

// The cursor stays in the first column of the live line: where a terminal that gets narrower wraps it, it is the first of
// its rows, and what is erased to the end of the screen are all of them.
constexpr std::string_view kEraseRest = "\x1b[J";

void write_to(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

}  // namespace

Screen::Screen(Sinks sinks) : sinks_(std::move(sinks)) {}

void Screen::print(Channel channel, std::string_view line) {
  const std::lock_guard lock{mutex_};
  write(channel == Channel::out ? sinks_.out : sinks_.err, line);
}

void Screen::announce(std::string_view line) {
  const std::lock_guard lock{mutex_};
  if (!announced_came_) write(sinks_.err, line);
}

void Screen::print_announced(std::string_view line) {
  const std::lock_guard lock{mutex_};
  announced_came_ = true;
  write(sinks_.err, line);
}

void Screen::write(const Sink& sink, std::string_view line) {
  erase_live();
  sink(std::string{line} + "\n");
  draw_live();
}

void Screen::show_live(std::string line) {
  const std::lock_guard lock{mutex_};
  if (line == live_) return;
  if (line.empty()) erase_live();
  live_ = std::move(line);
  draw_live();
}

void Screen::forget_live() {
  const std::lock_guard lock{mutex_};
  live_.clear();
}

std::string Screen::ask(std::string_view prompt, const std::function<std::string()>& read) {
  {
    const std::lock_guard lock{mutex_};
    erase_live();
    asking_ = true;
    sinks_.err(prompt);
  }
  std::string answer = read();
  const std::lock_guard lock{mutex_};
  asking_ = false;
  draw_live();
  return answer;
}

void Screen::erase_live() {
  if (!live_.empty() && !asking_) sinks_.err("\r" + std::string{kEraseRest});
}

void Screen::draw_live() {
  if (!live_.empty() && !asking_) sinks_.err("\r" + live_ + std::string{kEraseRest} + "\r");
}

Screen::Sinks standard_streams() {
  return {
      .out = [](std::string_view text) { write_to(stdout, text); },
      .err = [](std::string_view text) { write_to(stderr, text); },
  };
}

}  // namespace rcopy::ui
