// SPDX-License-Identifier: MIT
#include "io/memory.hpp"

#include <cstdint>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace rcopy::io {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20U;

}  // namespace

std::uint64_t memory_bytes() {
  constexpr std::uint64_t kUnknown = std::uint64_t{1} << 30U;
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return kUnknown;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
}

HugeBuffer::HugeBuffer(std::size_t size_bytes) {
  const std::size_t mapped_bytes = size_bytes + kHugePageBytes;
  void* const start = ::mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc{};
  mapped_ = {static_cast<std::byte*>(start), mapped_bytes};
  const std::size_t past = reinterpret_cast<std::uintptr_t>(start) % kHugePageBytes;
  bytes_ = mapped_.subspan((kHugePageBytes - past) % kHugePageBytes, size_bytes);
  // Advice: a kernel without huge pages, or without one to spare, gives small ones.
  (void)::madvise(bytes_.data(), bytes_.size(), MADV_HUGEPAGE);
}

HugeBuffer::~HugeBuffer() { (void)::munmap(mapped_.data(), mapped_.size()); }

}  // namespace rcopy::io
