// SPDX-License-Identifier: MIT
//
// The Observer of a run: hands each event to all who tell of it, and counts. Threads as Observer says.
#pragma once

#include "ui/renderer.hpp"
#include "ui/statistics.hpp"

#include <rcopy/events.hpp>

#include <filesystem>
#include <functional>
#include <utility>
#include <vector>

namespace rcopy::ui {

class Reporter final : public Observer {
 public:
  /// `renderer` must last as long as there are events.
  void add(Renderer& renderer) { renderers_.push_back(&renderer); }

  /// Who asks the user; without anybody all answers are no. Before the copy begins.
  void ask_by(std::function<bool(const std::filesystem::path&)> may_replace) { may_replace_ = std::move(may_replace); }

  void on_event(const Event& event) override;
  [[nodiscard]] bool may_replace(const std::filesystem::path& destination) override;

  /// When there are no more events.
  [[nodiscard]] Statistics statistics() const;

 private:
  std::vector<Renderer*> renderers_;
  std::function<bool(const std::filesystem::path&)> may_replace_;
  Statistics statistics_;
};

}  // namespace rcopy::ui
