// SPDX-License-Identifier: MIT
//
// What a stage throws that was asked to stop: no failure of the file.
#pragma once

#include <rcopy/error.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace rcopy::engine {

[[nodiscard]] inline Error interrupted(std::string operation, const std::filesystem::path& path,
                                       std::optional<std::uint64_t> offset_bytes = std::nullopt) {
  return Error{{.code = ErrorCode::interrupted,
                .operation = std::move(operation),
                .path = path,
                .offset_bytes = offset_bytes,
                .reason = "stopped as requested"}};
}

}  // namespace rcopy::engine
