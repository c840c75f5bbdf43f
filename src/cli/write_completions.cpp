// SPDX-License-Identifier: MIT
//
// A program of the build: write_completions DIRECTORY puts the completions there, called as each shell
// looks for them. Not installed.
#include "cli/completions.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

/// False where it cannot be written.
bool write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream stream{file};
  stream << text;
  stream.close();
  if (!stream) std::fprintf(stderr, "write_completions: cannot write '%s'\n", file.c_str());
  return static_cast<bool>(stream);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rcopy::cli;
  if (argc != 2) {
    std::fputs("Usage: write_completions DIRECTORY\n", stderr);
    return 2;
  }
  const std::filesystem::path directory = argv[1];
  const bool good = write(directory / "rcopy", bash_completion()) && write(directory / "_rcopy", zsh_completion()) &&
                    write(directory / "rcopy.fish", fish_completion());
  return good ? 0 : 1;
}
