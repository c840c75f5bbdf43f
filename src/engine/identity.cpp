// SPDX-License-Identifier: MIT
#include "engine/identity.hpp"

#include "hash/hasher.hpp"

#include <array>
#include <bit>

namespace rcopy::engine {

std::uint64_t disk_identity(const io::Stat& device, const io::FsInfo& fs) {
  if (device.disk_sequence == 0 || fs.boot == 0) return 0;
  const std::array parts{fs.boot, device.disk_sequence, device.rdev, device.size_bytes};
  hash::Hasher hasher;
  hasher.update(std::as_bytes(std::span{parts}));
  std::uint64_t identity = 0;
  for (std::size_t i = 0; i < sizeof identity; ++i) identity = identity << 8U | hasher.digest().bytes.at(i);
  return identity;
}

}  // namespace rcopy::engine
