// SPDX-License-Identifier: MIT
//
// The options that cp has, too: its letters, its words, and what it makes of them.
#include "cli/option_rows.hpp"
#include "cli/option_values.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace rcopy::cli {
namespace {

constexpr const char* kNoContexts = "SELinux contexts are not supported";

/// --context alone.
constexpr const char* kUsualContext = "default";

/// A link is made also where --attributes-only is given, as cp does.
void make_instead(Arguments& to, Make make) {
  const auto is_link = [](Make one) { return one == Make::hard_link || one == Make::symbolic_link; };
  if (is_link(to.make) && is_link(make) && to.make != make) {
    refuse("cannot make both hard and symbolic links");
  }
  if (!is_link(to.make)) to.make = make;
}

constexpr const char* kPlainPreserve = "mode,ownership,timestamps";

/// One of the words that --preserve and --no-preserve take.
enum class Kept { mode, ownership, timestamps, links, context, xattr, all };

const Choices<Kept>& kept_choices() {
  static const Choices<Kept> choices{{"mode", Kept::mode},
                                     {"ownership", Kept::ownership},
                                     {"timestamps", Kept::timestamps},
                                     {"links", Kept::links},
                                     {"context", Kept::context},
                                     {"xattr", Kept::xattr},
                                     {"all", Kept::all}};
  return choices;
}

std::vector<Kept> kept_words(const char* option, const std::string& list) {
  std::vector<Kept> words;
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    words.push_back(choose<Kept>(option, list.substr(begin, end - begin), kept_choices()));
    begin = end + 1;
  }
  return words;
}

/// Those that --preserve does not refuse.
std::vector<std::string> keepable_names() {
  std::vector<std::string> names = names_of(kept_choices());
  names.erase(std::find(names.begin(), names.end(), "context"));
  return names;
}

void keep_attributes(Arguments& to, const std::string& list) {
  for (const Kept word : kept_words("--preserve", list)) {
    if (word == Kept::context) refuse(kNoContexts);
    const bool all = word == Kept::all;
    if (all || word == Kept::mode) to.attributes.mode = Mode::preserve;
    if (all || word == Kept::ownership) to.attributes.ownership = Ownership::preserve;
    if (all || word == Kept::timestamps) to.attributes.timestamps = Timestamps::preserve;
    if (all || word == Kept::links) to.attributes.hard_links = HardLinks::preserve;
    if (word == Kept::xattr) to.attributes.xattrs = Xattrs::preserve;
    if (all && to.attributes.xattrs == Xattrs::like_cp) to.attributes.xattrs = Xattrs::possible;
  }
}

/// A context is never kept, so that there is nothing to do for that word.
void drop_attributes(Arguments& to, const std::string& list) {
  for (const Kept word : kept_words("--no-preserve", list)) {
    const bool all = word == Kept::all;
    if (all || word == Kept::mode) to.attributes.mode = Mode::usual;
    if (all || word == Kept::ownership) to.attributes.ownership = Ownership::like_cp;
    if (all || word == Kept::timestamps) to.attributes.timestamps = Timestamps::like_cp;
    if (all || word == Kept::links) to.attributes.hard_links = HardLinks::separate;
    if (all || word == Kept::xattr) to.attributes.xattrs = Xattrs::like_cp;
  }
}

/// --backup alone.
constexpr const char* kUsualBackup = "as-the-environment-says";

void choose_backup(Arguments& to, const std::string& value) {
  if (value != kUsualBackup) to.backup = parse_backup("--backup", value);
  to.backups = BackupChoice::wanted;
}

}  // namespace

std::vector<Row> tree_rows() {
  return {
      {"-r", "--recursive", "", "copy directories with everything in them",
       [](auto& to, const auto&) { to.recursion = Recursion::all; }},
      {"-R", "", "", "the same as -r",
       [](auto& to, const auto&) { to.recursion = Recursion::all; }},
      {"-a", "--archive", "", "the same as -dr --preserve=all",
       [](auto& to, const auto&) {
         to.recursion = Recursion::all;
         to.follow = Follow::none;
         keep_attributes(to, "all");
       }},
      {"-d", "", "", "the same as -P --preserve=links",
       [](auto& to, const auto&) {
         to.follow = Follow::none;
         keep_attributes(to, "links");
       }},
      {"-P", "--no-dereference", "", "copy symbolic links as links (default with -r)",
       [](auto& to, const auto&) { to.follow = Follow::none; }},
      {"-L", "--dereference", "", "follow symbolic links (default without -r, or with -l)",
       [](auto& to, const auto&) { to.follow = Follow::all; }},
      {"-H", "", "", "follow only symbolic links that are named as SOURCE",
       [](auto& to, const auto&) { to.follow = Follow::named; }},
      {"-l", "--link", "", "make hard links instead of copies",
       [](auto& to, const auto&) { make_instead(to, Make::hard_link); }},
      {"-s", "--symbolic-link", "", "make symbolic links instead of copies",
       [](auto& to, const auto&) { make_instead(to, Make::symbolic_link); }},
      {"", "--attributes-only", "", "copy no content, only what -p or --preserve name",
       [](auto& to, const auto&) { make_instead(to, Make::attributes); }},
      {"-x", "--one-file-system", "", "leave out what is mounted below a SOURCE",
       [](auto& to, const auto&) { to.mounts = Mounts::stay; }},
      {"", "--copy-contents", "", "with -r: read special files instead of making such",
       [](auto& to, const auto&) { to.specials = Specials::contents; }},
      {"", "--keep-directory-symlink", "",
       "go through a symbolic link to a directory that stands\n"
       "where a directory of SOURCE goes",
       [](auto& to, const auto&) { to.directory_links = DirectoryLinks::follow; }},
  };
}

std::vector<Row> attribute_rows() {
  return {
      {"-p", "", "", "keep mode, owner (where permitted) and times",
       [](auto& to, const auto&) { keep_attributes(to, kPlainPreserve); }},
      offering({"", "--preserve", "LIST",
                "keep these, with commas between: mode, ownership,\n"
                "timestamps (the same as -p without LIST), links,\n"
                "xattr, all",
                keep_attributes, kPlainPreserve},
               keepable_names()),
      offering({"", "--no-preserve", "LIST", "do not keep these", drop_attributes}, names_of(kept_choices())),
      {"-Z", "", "", "refused, as are SELinux contexts in general",
       [](auto&, const auto&) { refuse(kNoContexts); }},
      {"", "--context", "CTX", "refused likewise",
       [](auto&, const auto&) { refuse(kNoContexts); }, kUsualContext},
  };
}

std::vector<Row> replace_rows() {
  return {
      {"-t", "--target-directory", "DIR", "copy all operands into this directory",
       [](auto& to, const auto& value) { to.target_directory = value; }},
      {"-T", "--no-target-directory", "", "DEST is the file to write, never a directory",
       [](auto& to, const auto&) { to.target = Target::file; }},
      {"", "--parents", "", "DEST is a directory; copy to DEST/SOURCE, path and all",
       [](auto& to, const auto&) { to.naming = Naming::whole_path; }},
      {"", "--strip-trailing-slashes", "", "take slashes off the ends of the sources",
       [](auto& to, const auto&) { to.slashes = TrailingSlashes::strip; }},
      {"-f", "--force", "", "replace also what may not be written",
       [](auto& to, const auto&) { to.replace = std::max(to.replace, Replace::any); }},
      {"", "--remove-destination", "",
       "replace what has the name itself, be it a link, and\n"
       "keep nothing of it",
       [](auto& to, const auto&) { to.replace = Replace::name; }},
      {"-i", "--interactive", "", "ask before something is replaced",
       [](auto& to, const auto&) {
         to.ask = Ask::before_replacing;
         to.clobber = Clobber::usual;
       }},
      {"-n", "--no-clobber", "", "replace nothing, whatever -u or --update say",
       [](auto& to, const auto&) {
         to.ask = Ask::never;
         to.clobber = Clobber::never;
       }},
      {"-u", "", "", "the same as --update=older",
       [](auto& to, const auto&) { to.update = Update::older; }},
      choosing({"", "--update", "WHICH",
                "replace all (default), or those that are older than\n"
                "the source (the same without WHICH), or none; or\n"
                "none-fail: none, and each is a failure",
                {}, "older"},
               &Arguments::update,
               {{"all", Update::all}, {"older", Update::older}, {"none", Update::none}, {"none-fail", Update::none_fail}}),
      {"-b", "", "", "the same as --backup",
       [](auto& to, const auto&) { choose_backup(to, kUsualBackup); }},
      offering({"", "--backup", "HOW",
                "keep what is replaced: simple, as NAME~; numbered, as\n"
                "NAME.~1~; existing (default): numbered where there\n"
                "are some; none",
                choose_backup, kUsualBackup},
               names_of(backup_choices())),
      {"-S", "--suffix", "SUFFIX", "of simple backups, instead of ~; implies --backup",
       [](auto& to, const auto& value) {
         if (to.backups == BackupChoice::unsaid) to.backups = BackupChoice::wanted;
         to.backup_suffix = value;
       }},
  };
}

}  // namespace rcopy::cli
