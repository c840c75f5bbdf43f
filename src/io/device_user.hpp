// SPDX-License-Identifier: MIT
//
// Who uses a block device, and what is a part of what: read from /proc and /sys.
#pragma once

#include <cstdint>
#include <string>

namespace rcopy::io {

/// See FileSystem::device_user().
[[nodiscard]] std::string user_of_device(std::uint64_t rdev);

/// See FileSystem::share_blocks().
[[nodiscard]] bool devices_share_blocks(std::uint64_t rdev, std::uint64_t other_rdev);

}  // namespace rcopy::io
