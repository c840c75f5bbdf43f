// SPDX-License-Identifier: MIT
#include "ui/screen.hpp"

#include <cstdio>
#include <utility>

namespace rcopy::ui {
namespace {

constexpr std::string_view kEraseRow = "\r\x1b[K";  // to the first column, erase to the end

void write_to(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

}  // namespace

Screen::Screen(Sinks sinks) : sinks_(std::move(sinks)) {}

void Screen::print(Channel channel, std::string_view line) {
  const std::lock_guard lock{mutex_};
  erase_live();
  (channel == Channel::out ? sinks_.out : sinks_.err)(std::string{line} + "\n");
  draw_live();
}

void Screen::show_live(std::string line) {
  const std::lock_guard lock{mutex_};
  if (line == live_) return;
  if (line.empty()) erase_live();
  live_ = std::move(line);
  draw_live();
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
  if (!live_.empty() && !asking_) sinks_.err(kEraseRow);
}

void Screen::draw_live() {
  if (!live_.empty() && !asking_) sinks_.err("\r" + live_ + "\x1b[K");
}

Screen::Sinks standard_streams() {
  return {
      .out = [](std::string_view text) { write_to(stdout, text); },
      .err = [](std::string_view text) { write_to(stderr, text); },
  };
}

}  // namespace rcopy::ui
