// SPDX-License-Identifier: MIT
//
// What is on its way through a batch: made under a temporary name, made durable with many others, proven, and only
// then given its name. docs/design.md has the order.
#pragma once

#include "engine/tree_directory.hpp"

#include <rcopy/events.hpp>

#include <memory>
#include <span>
#include <vector>

namespace rcopy::engine {

class Staged {
 public:
  virtual ~Staged() = default;
  Staged() = default;
  Staged(const Staged&) = delete;
  Staged& operator=(const Staged&) = delete;

  /// Makes it durable by itself. Throws Error.
  virtual void sync() = 0;

  /// Once it is durable: proves it, and gives it its name. `buffer` is aligned for direct reads. False where it
  /// is to be made anew. Throws Error. In both cases it is gone.
  [[nodiscard]] virtual bool prove_and_publish(std::span<std::byte> buffer) = 0;

  /// Removes it, unless it has its name already.
  virtual void discard() noexcept = 0;

  struct Done {
    FileSummary summary;
    io::Stat source;
    io::Stat destination;
  };
  /// Once the name is durable: what became of it. Throws Error.
  [[nodiscard]] virtual Done finish() = 0;

  enum class Stage { made, published, given_up };
  Stage stage = Stage::made;  ///< for whoever has it

  /// Whether a transfer makes the same of its task.
  [[nodiscard]] virtual bool is_file() const = 0;
  [[nodiscard]] virtual const TreeDirectoryPtr& directory() const = 0;
  [[nodiscard]] virtual const io::Entry& entry() const = 0;
  [[nodiscard]] virtual const io::Stat& source_stat() const = 0;
};

using Batch = std::vector<std::unique_ptr<Staged>>;

}  // namespace rcopy::engine
