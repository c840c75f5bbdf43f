// SPDX-License-Identifier: MIT
//
// Step 1 of a transfer: which file is read, which name is written, and whether that makes sense.
// Touches nothing.
#pragma once

#include "io/calls.hpp"
#include "journal/row.hpp"

#include <rcopy/copy.hpp>

#include <memory>
#include <optional>
#include <string_view>

namespace rcopy::engine {

/// The source, open for reading.
struct Source {
  std::filesystem::path path;  ///< absolute, no symlinks
  std::shared_ptr<io::Directory> directory;
  std::unique_ptr<io::File> file;
  io::Stat stat;
  io::FsInfo fs;
  journal::MountIdentity mount;
};

/// Where the copy goes. The directory is opened once; every later step uses the descriptor.
struct Place {
  std::filesystem::path named;  ///< by the user; a link that leads there stays one
  std::shared_ptr<io::Directory> directory;
  io::Name name;
  Writing writing = Writing::beside;  ///< in place only where there is something to write into
  bool on_device = false;             ///< decided once: the node of a device that is pulled goes away
  io::Name partial_name;              ///< the name that is written: in place `name` itself
  std::optional<io::Stat> existing;
  bool in_new_directory = false;      ///< this run made the directory, so that nobody else has names in it
  bool gets_acl = true;               ///< what is made in the directory may get an ACL from it
  io::FsInfo fs;
  journal::MountIdentity mount;

  [[nodiscard]] std::filesystem::path path() const { return directory->path() / name; }
  [[nodiscard]] std::filesystem::path partial_path() const { return directory->path() / partial_name; }
};

/// Throws Error (io) where it is missing, cannot be read, or is neither a regular file nor a block
/// device.
[[nodiscard]] Source open_source(io::FileSystem& fs, const std::filesystem::path& given);

/// Throws Error (io) where that name is missing, or what has it is neither a regular file nor a block device.
/// Looked at before it is opened: opening a FIFO or a character device can have effects.
void check_can_be_copied(io::Directory& directory, const io::Name& name);

/// What the user asked for.
struct Wanted {
  std::filesystem::path destination;
  std::filesystem::path source;
  const Options& options;
  Target target = Target::automatic;
};

/// DEST as cp reads it: a directory means DEST/basename of the source, a symlink is followed unless it is
/// replaced itself.
/// Throws Error (io) where the directory is missing, what exists is not to be replaced (it is neither a
/// regular file nor a block device, or where all names are replaced a directory or a device), or it or its
/// partial is the source itself.
[[nodiscard]] Place resolve_place(io::FileSystem& fs, const Wanted& wanted, const Source& source);

/// The rest of `place`, of which directory and name are known, and perhaps the mount. Throws as
/// resolve_place().
void look_at(io::FileSystem& fs, Place& place, const Wanted& wanted, const Source& source);

/// Throws Error (io) where what exists may not be written: a rename would replace it all the same,
/// but cp refuses, and so do we. Not to be asked where nothing is to be replaced; in place it is opened
/// for writing anyway.
void check_replaceable(const Place& place, const Options& options);

/// Whether nothing of what is replaced, like its mode, is passed on to the copy.
[[nodiscard]] inline bool makes_new_file(const Options& options) {
  return options.replace == Replace::name || options.backup != Backup::none;
}

/// Throws Error (io) where the path of the directory means another one by now: it was moved away, or
/// something was mounted over it. What is written goes into the directory that was opened, so the
/// copy would not be where its name says.
void check_still_there(io::FileSystem& fs, const Place& place);

/// The name a source gets in a destination directory: its last component, also of "a//".
[[nodiscard]] io::Name destination_name(const std::filesystem::path& given_source);

inline constexpr std::string_view kPartialSuffix = ".rcopy-part";  ///< of a file that is being written
inline constexpr std::string_view kNewSuffix = ".rcopy-new";       ///< of a link or a node that is made

/// `.NAME` and the suffix; a name that would be longer than 255 bytes is cut and a hash appended.
[[nodiscard]] io::Name hidden_name(const io::Name& name, std::string_view suffix);

/// `.NAME.rcopy-part`, likewise.
[[nodiscard]] io::Name partial_name_for(const io::Name& name);

}  // namespace rcopy::engine
