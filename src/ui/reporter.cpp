// SPDX-License-Identifier: MIT
#include "ui/reporter.hpp"

#include <algorithm>
#include <exception>

namespace rcopy::ui {

// An observer must not throw. What is lost here is a line for which there was no memory; the
// result of the copy and the exit code do not depend on it.
void Reporter::on_event(const Event& event) {
  statistics_.add(event);
  for (Renderer* const renderer : renderers_) {
    try {
      renderer->on_event(event);
    } catch (const std::exception&) {
    }
  }
}

bool Reporter::may_replace(const std::filesystem::path& destination) {
  return may_replace_ && may_replace_(destination);
}

Statistics Reporter::statistics() const {
  Statistics all = statistics_;
  all.found_files = std::max(all.found_files, tree.found_files.load());
  return all;
}

}  // namespace rcopy::ui
