// SPDX-License-Identifier: MIT
//
// Whether what is there already leaves anything to copy of a file of a tree.
#pragma once

#include "engine/tree_links.hpp"

#include <rcopy/events.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace rcopy::engine {

/// Whether the content of such a source is copied, as far as these options copy content at all.
[[nodiscard]] bool has_content(const io::Stat& source, const Options& options);

/// Whether it is kept, as the options say or the user does. False also where only a transfer can tell. Throws Error
/// where it is not to be replaced, and that is a failure.
[[nodiscard]] bool keeps_existing(const Run& run, const TreeTask& task, const io::Stat& source,
                                  const io::Stat& existing);

/// Whether nothing is to be copied otherwise; attributes are brought up to date by that. False also where only a
/// transfer can tell. Throws Error, also where it cannot be replaced.
[[nodiscard]] bool is_up_to_date(const Run& run, const TreeTask& task, const io::Stat& source,
                                 const io::Stat& existing);

/// Of what is up to date, where the options ask for it: as an earlier run knew it, or read now. Empty for what has no
/// content. Throws Error.
[[nodiscard]] std::string hash_of_existing(const Run& run, const TreeTask& task, const io::Stat& source,
                                           const io::Stat& existing, std::span<std::byte> buffer);

/// Make::attributes: gives them to what is there, and through a symlink. Throws Error.
void give_attributes(const Run& run, const TreeTask& task);

/// Whether `existing` is that copy already. Throws Error.
[[nodiscard]] bool is_name_of(const CopiedName& copied, const io::Stat& existing);

}  // namespace rcopy::engine
