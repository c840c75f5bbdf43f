// SPDX-License-Identifier: MIT
//
// Step 7 of a transfer: attributes, name, durability of the name.
#pragma once

#include "engine/event_sink.hpp"
#include "engine/partial.hpp"

namespace rcopy::engine {

/// Gives the verified partial the attributes cp would leave, makes them durable, renames it over
/// the destination and syncs the directory; in place there is nothing to rename. A crash before the rename
/// leaves the old destination and a partial to publish; after it, the new destination.
/// Throws Error (io). Attributes the file system or the user's rights do not allow are warnings.
void publish(io::FileSystem& fs, const Place& place, Partial& partial, const Source& source, Attributes attributes,
             EventSink& events);

/// After a crash between rename and sync: makes the name durable.
void finish_publish(const Place& place);

/// Where the bytes are up to date and only -p is new: gives the destination the source's
/// attributes, durably. Gives the destination as it is afterwards.
[[nodiscard]] io::Stat refresh_attributes(io::FileSystem& fs, const Place& place, const Source& source,
                                          EventSink& events);

/// Whether refresh_attributes() has anything to change.
[[nodiscard]] bool attributes_differ(const io::Stat& destination, const Source& source);

}  // namespace rcopy::engine
