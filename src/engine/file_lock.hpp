// SPDX-License-Identifier: MIT
//
// The lock (flock) that says that an rcopy works on a file, or in a directory. Who only looks whether somebody has it
// gets in the way of one who takes it, so this one is patient for a moment.
#pragma once

#include "io/file_system.hpp"

namespace rcopy::engine {

/// 0, or the errno; EWOULDBLOCK: somebody has it, and not just for an instant.
[[nodiscard]] int take_lock(io::File& file);

/// Whether somebody has it for himself. Where there are no locks, or that cannot be told, nobody has.
[[nodiscard]] bool is_locked(io::Directory& directory, const io::Name& name);

}  // namespace rcopy::engine
