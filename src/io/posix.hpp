// SPDX-License-Identifier: MIT
//
// The seam on a real Linux kernel. Stateless; any thread.
#pragma once

#include "io/file_system.hpp"

namespace rcopy::io {

[[nodiscard]] std::unique_ptr<FileSystem> posix_file_system();

}  // namespace rcopy::io
