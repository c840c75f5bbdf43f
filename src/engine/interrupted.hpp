// SPDX-License-Identifier: MIT
//
// What a stage throws that was asked to stop: no failure of the file.
#pragma once

#include <rcopy/error.hpp>

#include <filesystem>
#include <string>
#include <utility>

namespace rcopy::engine {

[[nodiscard]] inline Error interrupted(std::string operation, const std::filesystem::path& path) {
  return Error{{.code = ErrorCode::interrupted,
                .operation = std::move(operation),
                .path = path,
                .reason = "stopped as requested"}};
}

}  // namespace rcopy::engine
