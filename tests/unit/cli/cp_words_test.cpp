// SPDX-License-Identifier: MIT
//
// The options of cp that concern trees and links mean what they mean to cp.
#include "cli/arguments.hpp"
#include "support/catch.hpp"

#include <rcopy/error.hpp>

#include <string>
#include <vector>

using namespace rcopy;
using namespace rcopy::cli;

namespace {

using Words = std::vector<std::string>;

Options options_of(Words words) {
  words.insert(words.end(), {"a", "b"});
  return to_options(parse_arguments(words), {.rcopy_journal = "/j.db"});
}

std::string refusal(const Words& words) {
  try {
    static_cast<void>(to_job(parse_arguments(words)));
    return "";
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::usage);
    return error.what();
  }
}

}  // namespace

TEST_CASE("a directory is copied with -r and its other names") {
  CHECK(options_of({}).recursion == Recursion::none);
  for (const char* word : {"-r", "-R", "--recursive", "-a", "--archive"}) {
    CAPTURE(word);
    CHECK(options_of({word}).recursion == Recursion::all);
  }
}

TEST_CASE("-a is -dR --preserve=all, and -d is -P --preserve=links") {
  const Options archive = options_of({"-a"});
  const Options spelled = options_of({"-dR", "--preserve=all"});
  CHECK(archive.recursion == spelled.recursion);
  CHECK(archive.follow == spelled.follow);
  CHECK(archive.attributes == spelled.attributes);
  CHECK(archive.follow == Follow::none);
  CHECK(archive.attributes == Attributes{.mode = Mode::preserve,
                                         .ownership = Ownership::preserve,
                                         .timestamps = Timestamps::preserve,
                                         .xattrs = Xattrs::possible,
                                         .hard_links = HardLinks::preserve});
  const Options links = options_of({"-d"});
  CHECK(links.follow == Follow::none);
  CHECK(links.attributes == Attributes{.hard_links = HardLinks::preserve});
  CHECK(links.recursion == Recursion::none);
}

TEST_CASE("symlinks are followed unless a tree is copied, and as the last of -H, -L and -P says") {
  CHECK(options_of({}).follow == Follow::all);
  CHECK(options_of({"-r"}).follow == Follow::none);
  CHECK(options_of({"-rl"}).follow == Follow::all);
  CHECK(options_of({"-rs"}).follow == Follow::none);
  CHECK(options_of({"-P"}).follow == Follow::none);
  CHECK(options_of({"--no-dereference"}).follow == Follow::none);
  CHECK(options_of({"-rL"}).follow == Follow::all);
  CHECK(options_of({"-r", "--dereference"}).follow == Follow::all);
  CHECK(options_of({"-rH"}).follow == Follow::named);
  CHECK(options_of({"-LrHP"}).follow == Follow::none);
  CHECK(options_of({"-PrLH"}).follow == Follow::named);
  CHECK(options_of({"-La"}).follow == Follow::none);
  CHECK(options_of({"-aL"}).follow == Follow::all);
}

TEST_CASE("instead of a copy there may be one kind of link") {
  CHECK(options_of({}).make == Make::copy);
  CHECK(options_of({"-l"}).make == Make::hard_link);
  CHECK(options_of({"--link", "-l"}).make == Make::hard_link);
  CHECK(options_of({"-s"}).make == Make::symbolic_link);
  CHECK(options_of({"--symbolic-link"}).make == Make::symbolic_link);
  CHECK(options_of({"--attributes-only"}).make == Make::attributes);
  CHECK(options_of({"--attributes-only", "-l"}).make == Make::hard_link);
  CHECK(options_of({"-s", "--attributes-only"}).make == Make::symbolic_link);
  const std::string message = "cannot make both hard and symbolic links";
  CHECK(refusal({"-ls", "a", "b"}) == message);
  CHECK(refusal({"-s", "--link", "a", "b"}) == message);
}

TEST_CASE("-f replaces a name that becomes a link") {
  CHECK(options_of({"-f"}).replace == Replace::any);
  CHECK(options_of({"-fl"}).replace == Replace::name);
  CHECK(options_of({"-sf"}).replace == Replace::name);
  CHECK(options_of({"-l"}).replace == Replace::writable);
  CHECK(options_of({"-f", "--attributes-only"}).replace == Replace::any);
}

TEST_CASE("what else cp says of trees arrives") {
  CHECK(options_of({"-x"}).mounts == Mounts::stay);
  CHECK(options_of({"--one-file-system"}).mounts == Mounts::stay);
  CHECK(options_of({"--copy-contents"}).specials == Specials::contents);
  CHECK(options_of({"--keep-directory-symlink"}).directory_links == DirectoryLinks::follow);
  CHECK(options_of({"--reflink"}).reflink == Reflink::always);
  CHECK(parse_arguments({"--debug"}).verbosity == ui::Verbosity::verbose);
  const Options usual = options_of({});
  CHECK(usual.mounts == Mounts::cross);
  CHECK(usual.specials == Specials::nodes);
  CHECK(usual.directory_links == DirectoryLinks::refuse);
}

TEST_CASE("with --parents the destination must be a directory") {
  const Job job = to_job(parse_arguments({"--parents", "a/b", "c"}));
  CHECK(job.naming == Naming::whole_path);
  CHECK(job.target == Target::directory);
  CHECK(to_job(parse_arguments({"--parents", "-t", "d", "a/b"})).naming == Naming::whole_path);
  CHECK(to_job(parse_arguments({"a", "b"})).naming == Naming::last_component);
  CHECK(refusal({"--parents", "-T", "a/b", "c"}) == "with --parents, the destination must be a directory");
}

TEST_CASE("a directory may be copied to a new name with a slash at its end") {
  CHECK(to_job(parse_arguments({"-r", "a", "b/"})).target == Target::automatic);
  CHECK(to_job(parse_arguments({"-r", "a", "b", "c/"})).target == Target::directory);
  CHECK(to_job(parse_arguments({"a", "b/"})).target == Target::directory);
}
