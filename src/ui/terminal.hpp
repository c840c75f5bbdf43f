// SPDX-License-Identifier: MIT
//
// What the descriptor that people look at can do. Every answer is asked for anew, because windows
// are resized and jobs are put in the background. Any thread.
#pragma once

namespace rcopy::ui {

/// What may be written besides ASCII.
enum class Charset { ascii, utf8 };

enum class Colour { none, some };

/// The character set of the user's locale; setlocale(LC_CTYPE, "") must have run.
[[nodiscard]] Charset locale_charset();

class Terminal {
 public:
  explicit Terminal(int descriptor) : descriptor_(descriptor) {}

  [[nodiscard]] bool is_terminal() const;

  /// A terminal on which a line can be erased and written again. Not so where TERM says "dumb" or
  /// nothing.
  [[nodiscard]] bool can_redraw() const;

  /// None where NO_COLOR is not empty, and on a type of terminal that is not known to have any.
  [[nodiscard]] Colour colour() const;

  /// False for a job in the background, which must not scribble over the foreground's output.
  [[nodiscard]] bool in_foreground() const;

  /// Columns; 80 where the terminal does not say.
  [[nodiscard]] unsigned width() const;

 private:
  int descriptor_;
};

}  // namespace rcopy::ui
