// SPDX-License-Identifier: MIT
//
// What all of the program's machine output has in common: objects of one line each, and file names that
// lose nothing. docs/json-output.md is the contract. For ui/*.cpp; pure functions, any thread.
#pragma once

#include <rcopy/error.hpp>

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <filesystem>
#include <string>

namespace rcopy::ui {

/// Members keep the order in which they are added: "type" comes first.
using Json = nlohmann::ordered_json;

/// With type and time, which every object begins with.
[[nodiscard]] Json object(const char* type);

/// For a member that is a duration.
[[nodiscard]] double seconds(std::chrono::nanoseconds duration);

/// Adds `key` with the path as text. Where its bytes are not UTF-8, a second member, `key` and "_base64", has
/// them all.
void add_path(Json& object, const std::string& key, const std::filesystem::path& path);

void add_path_if_any(Json& to, const char* key, const std::filesystem::path& path);

/// Adds what a failure is, and as `message` how it reads.
void add_error(Json& to, const Error& error, const std::string& message);

/// One line without its line feed. All of it is ASCII, so that nothing in a name, which may be anything,
/// acts on a terminal or ends a line for somebody. What is not UTF-8 becomes U+FFFD.
[[nodiscard]] std::string to_line(const Json& object);

}  // namespace rcopy::ui
