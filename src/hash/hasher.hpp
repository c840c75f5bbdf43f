// SPDX-License-Identifier: MIT
//
// The file hash: XXH3 128 bit, fed in order, whose state can be saved and restored, so that a
// resumed copy never reads again what was hashed. Copyable value (about 600 bytes); one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rcopy::hash {

/// 128 bit, canonical (big-endian) byte order.
struct Digest {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] std::string hex() const;  ///< 32 lower-case digits, as xxh128sum prints
  [[nodiscard]] static std::optional<Digest> from_hex(std::string_view text);
  friend bool operator==(const Digest&, const Digest&) = default;
};

/// What a saved state says without being restored: how many bytes it stands for, and their hash.
struct SavedPosition {
  std::uint64_t bytes = 0;
  Digest digest;
};

class Hasher {
 public:
  Hasher();

  void update(std::span<const std::byte> data);
  void update_zeros(std::uint64_t size_bytes);
  [[nodiscard]] Digest digest() const;         ///< of all bytes so far; may go on after
  [[nodiscard]] std::uint64_t bytes() const;   ///< how many so far

  /// A self-describing blob of 376 bytes; the format is in docs/journal-format.md.
  [[nodiscard]] std::vector<std::byte> save() const;

  /// Nothing where the blob is damaged or was written by another xxHash version.
  [[nodiscard]] static std::optional<Hasher> restore(std::span<const std::byte> saved);

  /// Reads position and hash from a blob of any xxHash version; nothing where it is damaged.
  [[nodiscard]] static std::optional<SavedPosition> peek(std::span<const std::byte> saved);

 private:
  struct alignas(64) State {
    std::array<std::byte, 576> bytes;
  };
  State state_;
};

}  // namespace rcopy::hash
