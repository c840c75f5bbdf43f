// SPDX-License-Identifier: MIT
//
// Takes the value out of an io::Result in a test; an error there ends the test.
#pragma once

#include "io/file_system.hpp"
#include "support/catch.hpp"

#include <utility>

namespace rcopy::test {

template <class Value>
[[nodiscard]] Value good(io::Result<Value> result) {
  REQUIRE(result.error == 0);
  return std::move(result.value);
}

}  // namespace rcopy::test
