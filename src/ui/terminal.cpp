// SPDX-License-Identifier: MIT
#include "ui/terminal.hpp"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace rcopy::ui {

Charset locale_charset() {
  const std::string_view codeset = ::nl_langinfo(CODESET);
  return codeset == "UTF-8" ? Charset::utf8 : Charset::ascii;
}

bool Terminal::is_terminal() const { return ::isatty(descriptor_) == 1; }

bool Terminal::can_redraw() const {
  const char* const type = std::getenv("TERM");
  const std::string_view name = type == nullptr ? "" : type;
  return is_terminal() && !name.empty() && name != "dumb";
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
