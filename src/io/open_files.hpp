// SPDX-License-Identifier: MIT
//
// How many files this process may have open.
#pragma once

#include <cstddef>

namespace rcopy::io {

/// Raises the soft limit to the hard one, as far as the system lets it, and gives the limit.
std::size_t raise_open_files_limit();

}  // namespace rcopy::io
