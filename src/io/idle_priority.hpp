// SPDX-License-Identifier: MIT
//
// The priority of the calling thread's reads and writes, and of threads that it makes meanwhile:
// they inherit it.
#pragma once

#include <optional>

namespace rcopy::io {

/// While it lives, the disk is used only when no other process wants it (ioprio_set(2), class idle,
/// like `ionice -c 3`). Schedulers without classes take no notice. One thread.
class IdlePriority {
 public:
  IdlePriority();
  ~IdlePriority();  ///< the priority before; where that fails, the lower one stays
  IdlePriority(const IdlePriority&) = delete;
  IdlePriority& operator=(const IdlePriority&) = delete;

  [[nodiscard]] bool granted() const { return before_.has_value(); }

 private:
  std::optional<int> before_;
};

}  // namespace rcopy::io
