// SPDX-License-Identifier: MIT
#include "engine/tree_leftovers.hpp"

#include <string_view>

namespace rcopy::engine {
namespace {

/// Whose temporary name it is; nothing where it is none, or was too long to tell.
std::optional<io::Name> owner_of(const io::Name& name) {
  const std::string_view text = name.native();
  for (const std::string_view suffix : {kPartialSuffix, kNewSuffix}) {
    if (!text.starts_with('.') || !text.ends_with(suffix) || text.size() <= suffix.size() + 1) continue;
    const io::Name owner = std::string{text.substr(1, text.size() - suffix.size() - 1)};
    if (hidden_name(owner, suffix) == name) return owner;
  }
  return std::nullopt;
}

/// Throws Error (io).
bool is_nobodys(io::Directory& directory, const io::Entry& entry, std::uint32_t user) {
  const auto found = io::find(directory, entry.name);
  if (!found || found->uid != user || found->kind == io::FileKind::directory || found->links > 1) return false;
  if (found->kind != io::FileKind::regular) return true;  // a link or a node, which nobody continues
  auto opened = directory.open(entry.name, io::OpenMode::read_back);
  return opened.error == 0 && opened.value->try_lock() == 0;
}

}  // namespace

void remove_leftovers(const Run& run, const TreeDirectory& directory) {
  const auto destination = directory.destination().handle();
  const auto source = directory.source().handle();
  try {
    for (const io::Entry& entry : io::entries(*destination)) {
      const auto owner = owner_of(entry.name);
      if (!owner || io::find(*source, *owner) || !is_nobodys(*destination, entry, run.fs.user())) continue;
      if (directory.job()->may_go_on(destination->path() / *owner)) continue;
      io::unlink(*destination, entry.name);
    }
  } catch (const Error&) {
    // It would only have been tidier.
  }
}

}  // namespace rcopy::engine
