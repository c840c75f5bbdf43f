// SPDX-License-Identifier: MIT
//
// What the page cache holds of an open file.
#pragma once

#include "io/file_system.hpp"

namespace rcopy::io {

/// See File::is_cached().
[[nodiscard]] Result<bool> cached_pages(int fd, Extent extent);

/// See File::is_dirty().
[[nodiscard]] Result<bool> dirty_pages(int fd);

}  // namespace rcopy::io
