// SPDX-License-Identifier: MIT
//
// Which mount holds a directory, and whether it is the one that held it before: so that an empty
// mount point is not taken for the stick that was pulled. Touches nothing. Any thread.
#pragma once

#include "io/calls.hpp"
#include "journal/row.hpp"

#include <filesystem>

namespace rcopy::engine {

/// An open directory: its mount, from the bottom up. Throws Error (io) where its path means another
/// directory by now, or none.
[[nodiscard]] journal::MountIdentity mount_of(io::FileSystem& fs, io::Directory& directory);

enum class Presence {
  same,       ///< or nothing is known against it
  unmounted,  ///< the mount point lies bare
  other,      ///< another file system is mounted there
};

/// Of the mount `known` at a directory that is now on `now`.
[[nodiscard]] Presence presence(const journal::MountIdentity& known, const journal::MountIdentity& now);

/// A directory that a copy needs, and the mount it was on.
struct Anchor {
  std::filesystem::path directory;
  journal::MountIdentity mount;
};

/// The anchor of an existing directory. Throws Error (io).
[[nodiscard]] Anchor anchor_of(io::FileSystem& fs, const std::filesystem::path& directory);

/// Whether it is there, on that mount, and its device answers: a stick that was pulled can go on to
/// show what the cache has of it.
[[nodiscard]] bool answers(io::FileSystem& fs, const Anchor& anchor, io::DirectoryUse use);

}  // namespace rcopy::engine
