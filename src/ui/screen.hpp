// SPDX-License-Identifier: MIT
//
// The one way to the user: finished lines to standard output and standard error, and below them
// one live line that is redrawn in place. The live line is erased before a finished line is
// written and drawn again after it, so that the two never mix. Any thread.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace rcopy::ui {

enum class Channel { out, err };

class Screen {
 public:
  /// Writes all of a text; where that fails, whoever made the sink remembers it.
  using Sink = std::function<void(std::string_view)>;

  struct Sinks {
    Sink out;
    Sink err;
  };

  explicit Screen(Sinks sinks);

  /// Writes `line` and a line feed.
  void print(Channel channel, std::string_view line);

  /// Writes `line` to standard error, unless what it announces has come.
  void announce(std::string_view line);

  /// Writes `line` to standard error: what was announced.
  void print_announced(std::string_view line);

  /// Shows `line` as the live line, on standard error. Empty: erases it. It should fit the
  /// terminal's width; of a terminal that gets narrower all the rows are erased that it takes then.
  void show_live(std::string line);

  /// The live line is not there any more: others write to the terminal now.
  void forget_live();

  /// Shows `prompt`, without a live line, until `read` has the answer; gives that.
  [[nodiscard]] std::string ask(std::string_view prompt, const std::function<std::string()>& read);

 private:
  void write(const Sink& sink, std::string_view line);
  void erase_live();
  void draw_live();

  std::mutex mutex_;
  Sinks sinks_;
  std::string live_;
  bool asking_ = false;
  bool announced_came_ = false;
};

/// The process's own standard output and standard error, unbuffered between lines. A failed write
/// to standard output is found by `ferror(stdout)`.
[[nodiscard]] Screen::Sinks standard_streams();

}  // namespace rcopy::ui
