// SPDX-License-Identifier: MIT
//
// Tells whoever looks later what runs did: one line an event, with time and process, appended to a file.
#pragma once

#include "ui/log_file.hpp"
#include "ui/renderer.hpp"

#include <rcopy/error.hpp>
#include <rcopy/events.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace rcopy::ui {

class LogRenderer final : public Renderer {
 public:
  /// Opens the file. Throws Error (usage).
  LogRenderer(const std::filesystem::path& path, FailureText failure_text);

  void begin(const RunStart& start);
  void on_event(const Event& event) override;
  /// Writes the last line.
  void finish(const RunEnd& end);

  /// What kept a line from the log.
  [[nodiscard]] const std::optional<Error>& failure() const { return file_.failure(); }

 private:
  void render(const TransferStarted& started);
  void render(const Retrying& retrying);
  void render(const Waiting& waiting);
  void render(const Warning& warning);
  void render(const Notice& notice);
  void render(const TransferFinished& finished);
  void render(const TransferFailed& failed);
  void line(const char* kind, const std::string& text);

  LogFile file_;
  FailureText failure_text_;
};

}  // namespace rcopy::ui
