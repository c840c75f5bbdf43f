// SPDX-License-Identifier: MIT
//
// The calls of the seam as the rest of rcopy makes them: whole buffers, EINTR repeated, failures
// thrown as Error with operation, path and offset. Above the seam, so that doubles can hit it.
#pragma once

#include "io/file_system.hpp"

#include <rcopy/error.hpp>

#include <optional>

namespace rcopy::io {

/// no_space for ENOSPC and EDQUOT, io for all others.
[[nodiscard]] ErrorCode code_for(int os_error);

/// Errors that may pass: a device that was pulled or a server that went away can come back.
[[nodiscard]] bool is_transient(int os_error);

/// Throws the Error for a failed call. `operation` completes "cannot ...".
[[noreturn]] void fail(const char* operation, const std::filesystem::path& path, int os_error,
                       std::optional<std::uint64_t> offset_bytes = std::nullopt);

/// Fills `buffer` from `offset_bytes`; returns less only at the end of the file.
[[nodiscard]] std::size_t read_full(File& file, std::span<std::byte> buffer, std::uint64_t offset_bytes);

/// Reads until at least `wanted_bytes` of `buffer` are filled; less only at the end of the file.
/// For direct reads, whose buffer is a multiple of the alignment while the file need not be.
[[nodiscard]] std::size_t read_at_least(File& file, std::span<std::byte> buffer, std::size_t wanted_bytes,
                                        std::uint64_t offset_bytes);

/// Writes all of `data`. A write that makes no progress is an error (ENOSPC).
void write_full(File& file, std::span<const std::byte> data, std::uint64_t offset_bytes);

void sync_data(File& file);
void sync_all(File& file);
/// False where the system does not tell.
[[nodiscard]] bool is_cached(File& file, Extent extent);
void truncate(File& file, std::uint64_t size_bytes);
/// 0, or the errno that says that these two files cannot share blocks. Throws for what would stop a
/// copy as well: no space, an I/O error.
[[nodiscard]] int clone(File& file, File& source);
/// Where data begins at or after `offset_bytes`; nothing where only a hole is left, or the end. What a
/// file system that knows no holes (EINVAL, EOPNOTSUPP) has is data.
[[nodiscard]] std::optional<std::uint64_t> next_data(File& file, std::uint64_t offset_bytes);
/// Where the data at `offset_bytes`, which was before the end, comes to a hole or the end.
[[nodiscard]] std::uint64_t next_hole(File& file, std::uint64_t offset_bytes);
/// False where the file system has no holes (EOPNOTSUPP).
[[nodiscard]] bool punch_hole(File& file, Extent extent);
/// None where the file system has none.
[[nodiscard]] std::vector<std::string> xattr_names(File& file);
/// Nothing where there is none of that name.
[[nodiscard]] std::optional<std::vector<std::byte>> xattr(File& file, const std::string& name);
/// Of a block device, but for OpenMode::attributes, with its size, and with the disk behind it where the kernel tells. Throws Error
/// (io), with ENOMEDIUM where no disk is in it.
[[nodiscard]] Stat stat(File& file);
void close(File& file);

/// Nothing where the name does not exist.
[[nodiscard]] std::optional<Stat> find(FileSystem& fs, const std::filesystem::path& path, Links links);
[[nodiscard]] std::filesystem::path resolve(FileSystem& fs, const std::filesystem::path& path);
[[nodiscard]] std::unique_ptr<Directory> open_directory(FileSystem& fs, const std::filesystem::path& path,
                                                        DirectoryUse use);
[[nodiscard]] std::unique_ptr<File> open(Directory& directory, const Name& name, OpenMode mode);
/// For direct reads or writes: null where the file system has none (EINVAL).
[[nodiscard]] std::unique_ptr<File> open_direct(Directory& directory, const Name& name, OpenMode mode);
/// Nothing where the name does not exist.
[[nodiscard]] std::optional<Stat> find(Directory& directory, const Name& name, Links links = Links::nofollow);
/// `operation` completes "cannot ... TO".
void rename(Directory& directory, const Name& from, const Name& to, const char* operation);
/// The same, but an error (EEXIST) where there is a `to`; where the file system cannot tell in one step, in
/// two.
void rename_new(Directory& directory, const Name& from, const Name& to, const char* operation);
/// False where the file system has no hard links, or refuses one to a file of somebody else.
[[nodiscard]] bool link(Directory& directory, const Name& from, Directory& to_directory, const Name& to);
/// One in `directory`, or another handle of it where the name is "."; never through a symlink.
[[nodiscard]] std::unique_ptr<Directory> open_directory(Directory& directory, const Name& name, DirectoryUse use);
/// False where the name exists.
[[nodiscard]] bool make_directory(Directory& directory, const Name& name, std::uint32_t mode);
[[nodiscard]] std::filesystem::path read_link(Directory& directory, const Name& name);
[[nodiscard]] std::vector<Entry> entries(Directory& directory);
/// A name that is gone already is fine.
void unlink(Directory& directory, const Name& name);
void sync(Directory& directory);
/// 0, or the errno: then each file may tell whether it is its own.
[[nodiscard]] int sync_file_system(Directory& directory);
[[nodiscard]] FsInfo file_system(Directory& directory);

}  // namespace rcopy::io
