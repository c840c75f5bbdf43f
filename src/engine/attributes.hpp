// SPDX-License-Identifier: MIT
//
// What a copy gets besides its content: owner, mode, ACL, times, extended attributes.
#pragma once

#include "engine/event_sink.hpp"
#include "engine/place.hpp"

namespace rcopy::engine {

/// Gives `copy`, which is to get the place's name, what cp would leave and the options ask for. What the file
/// system or the user's rights do not allow is a warning. Not durable yet.
/// Throws Error (io), also for extended attributes that must be preserved and cannot be.
void set_attributes(io::FileSystem& fs, io::File& copy, const Place& place, const Source& source,
                    const Options& options, EventSink& events);

/// Where the bytes are up to date and only the wish for attributes is new: gives the destination the
/// source's, durably. Gives the destination as it is afterwards.
[[nodiscard]] io::Stat refresh_attributes(io::FileSystem& fs, const Place& place, const Source& source,
                                          const Options& options, EventSink& events);

/// Whether what is made in the directory gets an ACL from it, as far as that can be told. Throws Error (io).
[[nodiscard]] bool has_default_acl(io::Directory& directory);

/// Whether refresh_attributes() has anything to change. Throws Error (io).
[[nodiscard]] bool attributes_differ(const Place& place, const Source& source, const Attributes& wanted);

}  // namespace rcopy::engine
