// SPDX-License-Identifier: MIT
//
// The file that a copy replaces, kept under another name.
#pragma once

#include "engine/place.hpp"

#include <rcopy/options.hpp>

namespace rcopy::engine {

/// Where the backup would go over the source, throws Error (io), before anything is touched.
void check_backup(const Place& place, const Source& source, const Options& options);

/// Gives what is to be replaced its second name; one that a run which was cut short here gave it will do. It
/// is not durable before the next sync of the directory. Nothing to do where nothing is there, or no backup is
/// wanted. A crash afterwards leaves both names for the old file; where there are no hard links, only the
/// second, until the copy is published.
/// Gives the second name where it is the only one now: should publishing fail, rename it back.
/// Throws Error (io).
[[nodiscard]] std::optional<io::Name> keep_backup(const Place& place, const Options& options);

}  // namespace rcopy::engine
