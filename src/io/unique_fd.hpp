// SPDX-License-Identifier: MIT
//
// Owns one descriptor. The destructor closes and forgets, which is right for what was only read
// and for what is abandoned; a file that was written ends with close(), whose answer counts.
#pragma once

#include <cerrno>
#include <unistd.h>
#include <utility>

namespace rcopy::io {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_{fd} {}
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  UniqueFd(UniqueFd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

  /// It is closed by whoever it was given to.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  /// Gives 0 or an errno. Never to be repeated: even after EINTR the descriptor is gone, and its
  /// number may belong to another thread by then.
  [[nodiscard]] int close() {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || ::close(fd) == 0 ? 0 : errno;
  }

 private:
  void reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  int fd_ = -1;
};

}  // namespace rcopy::io
