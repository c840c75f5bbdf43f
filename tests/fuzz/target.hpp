// SPDX-License-Identifier: MIT
//
// What the fuzz targets share: how a broken promise ends the run, how an input is taken apart, and
// the inputs to begin with. libFuzzer calls one function of a target, in one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace rcopy::test {

/// libFuzzer keeps the input of a run that aborts and prints where.
[[noreturn]] inline void broken(const std::string& promise) {
  std::fprintf(stderr, "broken: %s\n", promise.c_str());
  std::abort();
}

inline void expect(bool holds, const std::string& promise) {
  if (!holds) broken(promise);
}

/// Reads an input from its beginning; past its end there are zeros.
class Input {
 public:
  explicit Input(std::span<const std::byte> bytes) : bytes_{bytes} {}

  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  /// Little-endian, of `size` bytes.
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      if (i < bytes_.size()) value |= std::to_integer<std::uint64_t>(bytes_[i]) << (8 * i);
    }
    (void)take(size);
    return value;
  }

  std::span<const std::byte> take(std::size_t most) {
    const auto taken = bytes_.first(most < bytes_.size() ? most : bytes_.size());
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

  std::string text(std::size_t most) {
    const auto taken = take(most);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

 private:
  std::span<const std::byte> bytes_;
};

/// Writes the inputs to begin with into the first directory of a target's command line, so that
/// they are always those of the current format. Nothing where single inputs are run again.
inline void write_seeds(std::span<char*> arguments, const std::vector<std::string>& seeds) {
  for (const std::string argument : arguments.subspan(1)) {
    if (argument.starts_with("-") || !std::filesystem::is_directory(argument)) continue;
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      std::ofstream out{std::filesystem::path{argument} / ("seed-" + std::to_string(i)),
                        std::ios::binary};
      out.write(seeds[i].data(), static_cast<std::streamsize>(seeds[i].size()));
      out.close();
      expect(static_cast<bool>(out), "a seed can be written");
    }
    return;
  }
}

}  // namespace rcopy::test

// What libFuzzer calls.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
