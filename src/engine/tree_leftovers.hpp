// SPDX-License-Identifier: MIT
//
// Temporary names that a run of the same job left when it was cut short, of sources that are gone since. Those of
// other sources are found and used, or replaced, when these are copied.
#pragma once

#include "engine/tree_directory.hpp"

namespace rcopy::engine {

/// Removes them from the destination of `directory`, unless somebody works on them, or the journal has a copy that
/// goes on there. What cannot be removed stays: it does no harm.
void remove_leftovers(const Run& run, const TreeDirectory& directory);

}  // namespace rcopy::engine
