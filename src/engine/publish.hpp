// SPDX-License-Identifier: MIT
//
// Step 7 of a transfer: attributes, name, durability of the name.
#pragma once

#include "engine/event_sink.hpp"
#include "engine/partial.hpp"
#include "engine/route.hpp"

namespace rcopy::engine {

/// Gives the verified partial the attributes cp would leave, makes them durable, renames it over
/// the destination, which gets its backup first, and syncs the directory; in place there is nothing to
/// rename. A crash before the rename leaves the old destination and a partial to publish; after it, the
/// new destination.
/// Throws Error (io). Attributes the file system or the user's rights do not allow are warnings.
void publish(io::FileSystem& fs, const Route& route, const Place& place, Partial& partial, const Source& source,
             const Options& options, EventSink& events);

/// The rename alone: an error where something must not be replaced and appeared while it was copied, which
/// nobody was asked about.
void rename_partial(const Place& place, const Options& options);

/// After a crash between rename and sync: makes the name durable.
void finish_publish(const Place& place);

}  // namespace rcopy::engine
