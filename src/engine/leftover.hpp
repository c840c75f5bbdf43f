// SPDX-License-Identifier: MIT
//
// What a row of the journal left on the disk, for who wants to forget the row: whether an rcopy works there, and the
// partial, which goes with it only where it is the one that the row means.
#pragma once

#include "io/file_system.hpp"
#include "journal/records.hpp"

#include <rcopy/journal.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace rcopy::engine {

[[noreturn]] void refuse_busy(const std::filesystem::path& destination);

/// The locks that an rcopy would want, one for each file, for a second one would be refused.
class HeldLocks {
 public:
  enum class Got { lock, nothing, no_access };

  /// `nothing`: there is no such file, or none that an rcopy could have. Throws Error: busy, of `destination`; io.
  [[nodiscard]] Got take(io::Directory& directory, const io::Name& name, const std::filesystem::path& destination);

  /// Whether it is one that is held.
  [[nodiscard]] bool contains(const io::Stat& file) const { return held_.contains({file.device, file.inode}); }

 private:
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::unique_ptr<io::File>> held_;
};

class Leftover {
 public:
  /// Takes the locks that an rcopy would want that copies there. Throws Error: busy where it has them; io where the
  /// disk does not answer, or is not the one that the row means.
  Leftover(io::FileSystem& fs, const journal::Row& row, HeldLocks& locks);
  Leftover(io::FileSystem& fs, const journal::TreeRow& tree, HeldLocks& locks);

  /// Once the row is gone, and the locks are still held: removes the partial, and says what became of it.
  void remove(Forgotten& forgotten);

 private:
  void look_at_partial(const journal::Row& row, const io::Name& name, HeldLocks& locks);

  std::shared_ptr<io::Directory> directory_;
  io::Name partial_;                ///< empty: there is none
  std::optional<io::Stat> locked_;  ///< the partial that goes
  std::string why_kept_;            ///< empty: it goes
  std::string why_destination_;     ///< what is left in the destination itself
};

/// Whether an rcopy works on it at this moment, as far as can be seen.
[[nodiscard]] Activity activity_of(io::FileSystem& fs, const journal::Row& row);
[[nodiscard]] Activity activity_of(io::FileSystem& fs, const journal::TreeRow& tree);

/// Whether what the row is about is not to be found any more. On what is not mounted everything is there.
[[nodiscard]] bool destination_is_gone(io::FileSystem& fs, const journal::Row& row);
[[nodiscard]] bool partial_is_gone(io::FileSystem& fs, const journal::Row& row);
/// Of what no mount is known: where the directory that held it is there. That may be a bare mount point.
[[nodiscard]] bool is_gone(io::FileSystem& fs, const std::filesystem::path& path);

}  // namespace rcopy::engine
