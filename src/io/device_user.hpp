// SPDX-License-Identifier: MIT
//
// Why the kernel refuses a block device that is to be written: read from /proc and /sys, for a message.
#pragma once

#include <cstdint>
#include <string>

namespace rcopy::io {

/// See FileSystem::device_user().
[[nodiscard]] std::string user_of_device(std::uint64_t rdev);

}  // namespace rcopy::io
