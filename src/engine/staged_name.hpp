// SPDX-License-Identifier: MIT
//
// What has no content of its own to prove: a symlink, a FIFO, a socket, a device node, another name of a file, an
// empty file.
#pragma once

#include "engine/staged.hpp"
#include "engine/tree_links.hpp"
#include "engine/tree_route.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace rcopy::engine {

/// What it has for a name until it is published.
[[nodiscard]] io::Name temporary_name_for(const io::Name& name);

class StagedName final : public Staged {
 public:
  /// Makes one under the temporary name it is called with, in the destination's directory.
  using Maker = std::function<void(io::Directory& directory, const io::Name& temporary)>;

  /// A symlink or a special file like the source, with its attributes. Throws Error; then nothing is left behind.
  [[nodiscard]] static std::unique_ptr<StagedName> another(const Run& run, const TreeTask& task);

  /// Another name of a copy. Throws Error, likewise.
  [[nodiscard]] static std::unique_ptr<StagedName> link_to(const Run& run, const TreeTask& task,
                                                           const CopiedName& copied, const io::Stat& source);

  /// As Make::hard_link or Make::symbolic_link say, to the source itself. Throws Error, likewise.
  [[nodiscard]] static std::unique_ptr<StagedName> to_source(const Run& run, const TreeTask& task,
                                                             const io::Stat& source);

  /// An empty file with the attributes of the source. Throws Error, likewise.
  [[nodiscard]] static std::unique_ptr<StagedName> empty(const Run& run, const TreeTask& task);

  void sync() override {}  // its name is what is durable or not
  [[nodiscard]] bool prove_and_publish(std::span<std::byte> buffer) override;
  void discard() noexcept override;
  [[nodiscard]] Done finish() override;

  [[nodiscard]] bool is_file() const override { return false; }
  [[nodiscard]] const TreeDirectoryPtr& directory() const override { return task_.directory; }
  [[nodiscard]] const io::Entry& entry() const override { return task_.entry; }
  [[nodiscard]] const io::Stat& source_stat() const override { return source_; }

 private:
  StagedName(const Run& run, const TreeTask& task, io::Stat source, Method method);
  void make(const Maker& maker);

  const Run& run_;
  TreeTask task_;
  io::Stat source_;
  Place place_;
  Method method_;
  std::string file_hash_;  ///< of another name of a copy
  bool published_ = false;
};

/// Whether it is a symlink with the same text, or the same special file, whatever its attributes. Throws Error.
[[nodiscard]] bool is_such(const TreeTask& task, const io::Stat& source, const io::Stat& existing);

/// Throws Error (io): what is there is a directory.
[[noreturn]] void refuse_directory(const TreeTask& task, const Place& place);

/// Whether the destination is such a symlink or special file already, as far as the options ask. Throws Error.
[[nodiscard]] bool is_like_source(const Run& run, const TreeTask& task, const io::Stat& source,
                                  const io::Stat& existing);

}  // namespace rcopy::engine
