// SPDX-License-Identifier: MIT
#include "ui/terminal.hpp"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace rcopy::ui {
namespace {

/// Empty where it is not set.
std::string_view environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// As `dircolors` lists them.
constexpr std::array<std::string_view, 17> kColoured{"alacritty", "ansi",  "cygwin", "Eterm", "foot",  "gnome",
                                                     "hurd",      "kitty", "konsole", "kterm", "linux", "putty",
                                                     "rxvt",      "screen", "st",    "tmux",  "xterm"};

}  // namespace

Charset locale_charset() {
  const std::string_view codeset = ::nl_langinfo(CODESET);
  return codeset == "UTF-8" ? Charset::utf8 : Charset::ascii;
}

bool Terminal::is_terminal() const { return ::isatty(descriptor_) == 1; }

bool Terminal::can_redraw() const {
  const std::string_view type = environment("TERM");
  return is_terminal() && !type.empty() && type != "dumb";
}

Colour Terminal::colour() const {
  const std::string_view type = environment("TERM");
  if (!can_redraw() || !environment("NO_COLOR").empty()) return Colour::none;
  if (type.ends_with("-m") || type.ends_with("-mono")) return Colour::none;
  const bool listed = std::ranges::any_of(kColoured, [&](std::string_view one) { return type.starts_with(one); });
  const bool says_so = type.find("color") != std::string_view::npos || !environment("COLORTERM").empty();
  return listed || says_so ? Colour::some : Colour::none;
}

bool Terminal::in_foreground() const {
  const pid_t foreground = ::tcgetpgrp(descriptor_);
  return foreground == -1 || foreground == ::getpgrp();  // -1: not our controlling terminal
}

unsigned Terminal::width() const {
  winsize size{};
  if (::ioctl(descriptor_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace rcopy::ui
