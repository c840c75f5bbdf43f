// SPDX-License-Identifier: MIT
//
// What a row of the journal left on the disk, for who wants to forget the row: whether an rcopy works there, and the
// partial, which goes with it only where it is the one that the row means.
#pragma once

#include "io/file_system.hpp"
#include "journal/records.hpp"

#include <rcopy/journal.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace rcopy::engine {

[[noreturn]] void refuse_busy(const std::filesystem::path& destination);

class Leftover {
 public:
  /// Holds, as long as it lives, the locks that an rcopy would want that copies there. Throws Error: busy where it has
  /// them; io where the disk does not answer.
  Leftover(io::FileSystem& fs, const journal::Row& row);
  Leftover(io::FileSystem& fs, const journal::TreeRow& tree);

  /// Once the row is gone: removes the partial, and says what became of it.
  void remove(Forgotten& forgotten);

 private:
  void hold(io::Directory& directory, const io::Name& name);
  void look_at_partial(const journal::Row& row, const io::Name& name);

  std::filesystem::path destination_;
  std::shared_ptr<io::Directory> directory_;
  std::vector<std::unique_ptr<io::File>> held_;
  io::Name partial_;             ///< empty: there is none
  std::string why_kept_;         ///< empty: it goes
  std::string why_destination_;  ///< what is left in the destination itself
};

/// Whether an rcopy has these locks now. Takes each for an instant.
template <class AnyRow>
[[nodiscard]] Activity activity_of(io::FileSystem& fs, const AnyRow& row) {
  try {
    const Leftover free{fs, row};
  } catch (const Error& error) {
    if (error.code() == ErrorCode::busy) return Activity::running;
    // What does not answer has nobody who works on it, as far as can be told.
  }
  return Activity::none;
}

/// Whether what the row is about is not to be found any more. On what is not mounted everything is there.
[[nodiscard]] bool destination_is_gone(io::FileSystem& fs, const journal::Row& row);
[[nodiscard]] bool partial_is_gone(io::FileSystem& fs, const journal::Row& row);
[[nodiscard]] bool is_gone(io::FileSystem& fs, const std::filesystem::path& path);

}  // namespace rcopy::engine
