// SPDX-License-Identifier: MIT
//
// The library's version. The build reads it from here; nothing else states it.
#pragma once

#define RCOPY_VERSION_MAJOR 0
#define RCOPY_VERSION_MINOR 1
#define RCOPY_VERSION_PATCH 0

namespace rcopy {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace rcopy
