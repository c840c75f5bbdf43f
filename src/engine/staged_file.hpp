// SPDX-License-Identifier: MIT
//
// A small file on its way through a batch. It knows nothing of resuming or trying again: whatever is not as it
// should be is left to a transfer, which begins anew.
#pragma once

#include "engine/partial.hpp"
#include "engine/staged.hpp"
#include "engine/tree_route.hpp"

#include <memory>
#include <optional>
#include <span>

namespace rcopy::engine {

/// Whether these options leave something to decide about each file that only a transfer does.
[[nodiscard]] bool can_be_batched(const Options& options);

class StagedFile final : public Staged {
 public:
  /// Copies the file to its temporary name, with its attributes; `existing` is what has the final name now.
  /// `buffer` is aligned for direct reads. Null where it is to be left to a transfer: it is large, sparse,
  /// no regular file, or changed meanwhile. Where the destination's file system cannot sync as a whole, the
  /// copy is durable already. Throws Error; then nothing is left behind.
  [[nodiscard]] static std::unique_ptr<StagedFile> make(const Run& run, TreeDirectoryPtr directory,
                                                        const io::Entry& entry, std::optional<io::Stat> existing,
                                                        std::span<std::byte> buffer);

  void sync() override;
  /// Reads it back as the options say. False where it holds something else than was read from the source, or the
  /// source changed.
  [[nodiscard]] bool prove_and_publish(std::span<std::byte> buffer) override;
  void discard() noexcept override;
  [[nodiscard]] Done finish() override;

  [[nodiscard]] bool is_file() const override { return true; }
  [[nodiscard]] const TreeDirectoryPtr& directory() const override { return directory_; }
  [[nodiscard]] const io::Entry& entry() const override { return entry_; }
  [[nodiscard]] const io::Stat& source_stat() const override { return source_.stat; }

 private:
  StagedFile(const Run& run, TreeDirectoryPtr directory, io::Entry entry);

  [[nodiscard]] bool write(std::span<std::byte> buffer);
  [[nodiscard]] bool share_blocks();
  [[nodiscard]] bool holds_what_was_read(std::span<std::byte> buffer);

  const Run& run_;
  TreeDirectoryPtr directory_;
  io::Entry entry_;
  Source source_;
  Place place_;
  std::optional<Partial> partial_;
  hash::Digest digest_;
  bool shared_ = false;  ///< its blocks are the source's
  bool published_ = false;
};

}  // namespace rcopy::engine
