// SPDX-License-Identifier: MIT
//
// One source file to one destination file: the seven steps of the design, and the one way in
// which they are tried again.
#pragma once

#include "engine/event_sink.hpp"
#include "engine/limits.hpp"
#include "engine/mount.hpp"
#include "io/file_system.hpp"
#include "journal/journal.hpp"
#include "journal/tree_catalog.hpp"

#include <rcopy/copy.hpp>

#include <filesystem>
#include <optional>
#include <stop_token>

namespace rcopy::engine {

/// What all transfers of a job share. `journal` may be null: nothing outlives the process then.
struct Run {
  io::FileSystem& fs;
  journal::Journal* journal;
  const Options& options;
  EventSink& events;
  std::stop_token stop;
  journal::TreeCatalog* catalog = nullptr;  ///< of trees; may be null: then no later run knows what was finished
  SyncRhythm rhythm = {};
  Target target = Target::automatic;
  /// Of several files: their directory, as it was when the job began.
  std::optional<Anchor> directory = std::nullopt;
};

class Route;

/// Makes the destination of `route` a verified copy of its source, or carries on with one that was cut short. Its last event is TransferFinished or TransferFailed.
///
/// Durability: on return, data and name survive a power cut. On Error or stop, whatever the
/// journal claims is on stable storage and the old destination is untouched.
/// Throws Error: io, busy, journal, no_space, source_changed, verify_failed, interrupted.
FileSummary transfer_file(const Run& run, Route& route);

/// The same, by path.
FileSummary transfer_file(const Run& run, const std::filesystem::path& source,
                          const std::filesystem::path& destination);

}  // namespace rcopy::engine
