// SPDX-License-Identifier: MIT
//
// Whether what is there already leaves anything to copy of a file of a tree.
#pragma once

#include "engine/tree_links.hpp"

#include <rcopy/events.hpp>

#include <optional>

namespace rcopy::engine {

/// The outcome where nothing is to be copied; attributes are brought up to date by that. Nothing where there is, or
/// where only a transfer can tell. Throws Error.
[[nodiscard]] std::optional<Outcome> without_copying(const Run& run, const TreeTask& task, const io::Stat& source,
                                                     const io::Stat& existing);

/// Whether `existing` is that copy already. Throws Error.
[[nodiscard]] bool is_name_of(const CopiedName& copied, const io::Stat& existing);

}  // namespace rcopy::engine
