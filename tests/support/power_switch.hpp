// SPDX-License-Identifier: MIT
//
// The machine's power: counts the calls that reach a disk and goes off after a given one. Several
// doubles may hang on one switch, so that data and journal are cut at the same instant. Any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

namespace rcopy::test {

class PowerSwitch {
 public:
  /// Asks for one call. False: the machine is off, and the call must fail with EIO.
  [[nodiscard]] bool spend() {
    const std::lock_guard lock{mutex_};
    if (left_ && *left_ == 0) return false;
    if (left_) --*left_;
    ++calls_;
    return true;
  }

  /// `calls` more calls work, then the machine is off.
  void cut_after(std::uint64_t calls) {
    const std::lock_guard lock{mutex_};
    left_ = calls;
  }

  /// On, with no cut ahead.
  void restore() {
    const std::lock_guard lock{mutex_};
    left_.reset();
  }

  [[nodiscard]] bool on() const {
    const std::lock_guard lock{mutex_};
    return !left_ || *left_ > 0;
  }

  /// Calls that were made with the power on, ever.
  [[nodiscard]] std::uint64_t calls() const {
    const std::lock_guard lock{mutex_};
    return calls_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<std::uint64_t> left_;
  std::uint64_t calls_ = 0;
};

}  // namespace rcopy::test
