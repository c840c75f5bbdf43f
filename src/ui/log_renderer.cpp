// SPDX-License-Identifier: MIT
#include "ui/log_renderer.hpp"

#include "base/text.hpp"
#include "ui/phrases.hpp"
#include "ui/text_renderer.hpp"

#include <rcopy/version.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <system_error>
#include <utility>
#include <variant>

namespace rcopy::ui {
LogRenderer::LogRenderer(const std::filesystem::path& path, FailureText failure_text)
    : file_(path), failure_text_(std::move(failure_text)) {}

void LogRenderer::line(const char* kind, const std::string& text) {
  file_.append(fmt::format("{} [{}] {}: {}", base::format_time(std::chrono::system_clock::now()), ::getpid(), kind,
                           without_controls(text)));
}

void LogRenderer::begin(const RunStart& start) {
  std::string text = fmt::format("rcopy {}", kVersion);
  std::error_code unknown;
  const auto directory = std::filesystem::current_path(unknown);
  if (!unknown) text += " in " + base::quoted(directory);
  text += ": rcopy";
  for (const std::string& word : start.words) text += " " + base::quoted(word);
  line("start", text);
}

void LogRenderer::on_event(const Event& event) {
  std::visit([this](const auto& one) { render(one); }, event);
}

void LogRenderer::finish(const RunEnd& end) {
  std::string text = fmt::format("{}, exit code {}", total_line(end.summary, end.elapsed), end.exit_code);
  if (!end.signal_name.empty()) text += fmt::format(" ({})", end.signal_name);
  line("end", text);
  file_.close();
}

void LogRenderer::render(const TransferStarted& started) { line("plan", plan_line(started)); }
void LogRenderer::render(const Retrying& retrying) { line("retry", retry_line(retrying)); }
void LogRenderer::render(const Waiting& waiting) { line("waiting", waiting_line(waiting)); }
void LogRenderer::render(const Warning& warning) { line("warning", about(warning.path, warning.text)); }
void LogRenderer::render(const Notice& notice) { line("notice", about(notice.path, notice.text)); }
void LogRenderer::render(const TransferFinished& finished) { line("file", end_line(finished.summary)); }
void LogRenderer::render(const TransferFailed& failed) { line("error", failure_text_(failed)); }

}  // namespace rcopy::ui
