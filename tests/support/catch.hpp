// SPDX-License-Identifier: MIT
//
// Catch2, version 2 or 3. Tests include this header and nothing of Catch2 itself, and use the
// names of version 3.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)

#include <catch2/catch_all.hpp>

#else

#include <catch2/catch.hpp>

namespace Catch::Matchers {

inline auto ContainsSubstring(const std::string& text) { return Contains(text); }

}  // namespace Catch::Matchers

#endif
