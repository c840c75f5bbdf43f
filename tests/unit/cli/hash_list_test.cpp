// SPDX-License-Identifier: MIT
#include "cli/hash_list.hpp"

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <rcopy/error.hpp>

#include <fstream>

using namespace rcopy;
using namespace rcopy::cli;

namespace {

const std::string kHash = "99aa06d3014798d86001c324468d497f";

std::string name_in(const std::string& line) {
  const auto file = parse_hash_line(line);
  if (!file) return "nothing";
  CHECK(file->hash == kHash);
  return file->path.native();
}

}  // namespace

TEST_CASE("lines as xxh128sum and others make them") {
  CHECK(name_in(kHash + "  a") == "a");
  CHECK(name_in(kHash + " *a") == "a");
  CHECK(name_in("99AA06D3014798D86001C324468D497F  a b ") == "a b ");
  CHECK(name_in(kHash + "   a") == " a");
  CHECK(name_in("XXH128 (a) = " + kHash) == "a");
  CHECK(name_in("XXH128 (a) = b) = " + kHash) == "a) = b");
  CHECK(name_in(kHash + "  c\\d") == "c\\d");
  CHECK(name_in("\\" + kHash + "  c\\\\d\\ne\\rf") == "c\\d\ne\rf");
  CHECK(name_in("\\XXH128 (c\\nd) = " + kHash) == "c\nd");
}

TEST_CASE("lines that mean nothing") {
  const auto line = GENERATE_COPY(as<std::string>{}, "", " ", "hello", kHash, kHash + " ", kHash + "  ", kHash + " a",
                                  kHash + "\ta", kHash.substr(1) + "  a", kHash + "0  a", "g" + kHash.substr(1) + "  a",
                                  "XXH128 (a) = ", "XXH128 () = " + kHash, "XXH128 (a = " + kHash,
                                  "XXH64 (a) = " + kHash, "\\" + kHash + "  a\\x", "\\" + kHash + "  a\\",
                                  kHash + "  a" + std::string(1, '\0') + "b");
  CAPTURE(line);
  CHECK(name_in(line) == "nothing");
}

TEST_CASE("a list: comments are passed over, what makes no sense is counted") {
  const test::TempDir directory;
  const auto file = directory / "list";
  std::ofstream{file} << "# made today\n\n" << kHash << "  a\nwhat?\n" << kHash << "  b";
  HashList list{file};
  CHECK(list.senseless() == 0);
  CHECK(list.next()->path == "a");
  CHECK(list.next()->path == "b");
  CHECK_FALSE(list.next());
  CHECK(list.senseless() == 1);
}

TEST_CASE("a file without one line of that kind is refused") {
  const test::TempDir directory;
  const auto file = directory / "list";
  std::ofstream{file} << "what?\n";
  CHECK_THROWS_AS(HashList{file}, Error);
  CHECK_THROWS_AS(HashList{directory / "none"}, Error);
}
