// SPDX-License-Identifier: MIT
//
// Retry and short-count loops, and the one place where an errno becomes an Error.
#include "io/calls.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace rcopy::io {
namespace {

/// Repeats a call that a signal cut short. Not for close(): its descriptor is gone.
template <class Call>
int repeat(Call call) {
  int error = 0;
  do {
    error = call();
  } while (error == EINTR);
  return error;
}

template <class Call>
auto repeat_result(Call call) {
  auto result = call();
  while (result.error == EINTR) result = call();
  return result;
}

/// What is asked for in two calls may grow in between (ERANGE).
template <class Call>
auto repeat_while_growing(Call call) {
  constexpr int kMostTimes = 10;
  auto result = repeat_result(call);
  for (int times = 1; result.error == ERANGE && times < kMostTimes; ++times) result = repeat_result(call);
  return result;
}

/// All of such a file counts as data.
bool tells_no_holes(int seek_error) { return seek_error == EINVAL || seek_error == EOPNOTSUPP; }

template <class Call>
void must(const char* operation, const std::filesystem::path& path, Call call) {
  if (const int error = repeat(call); error != 0) fail(operation, path, error);
}

}  // namespace

ErrorCode code_for(int os_error) {
  return os_error == ENOSPC || os_error == EDQUOT ? ErrorCode::no_space : ErrorCode::io;
}

bool is_transient(int os_error) {
  static constexpr std::array kTransient{
      EIO,        ETIMEDOUT,    ESTALE,       ENODEV,    ENXIO,        ENOMEDIUM, ENOTCONN,    EAGAIN, ENOLINK,
      EREMOTEIO,
      ECONNRESET, ECONNABORTED, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH, ENETDOWN,  ENETUNREACH, ESHUTDOWN};
  return std::ranges::find(kTransient, os_error) != kTransient.end();
}

void fail(const char* operation, const std::filesystem::path& path, int os_error,
          std::optional<std::uint64_t> offset_bytes) {
  throw Error{{.code = code_for(os_error),
               .operation = operation,
               .path = path,
               .offset_bytes = offset_bytes,
               .os_error = os_error}};
}

std::size_t read_full(File& file, std::span<std::byte> buffer, std::uint64_t offset_bytes) {
  return read_at_least(file, buffer, buffer.size(), offset_bytes);
}

std::size_t read_at_least(File& file, std::span<std::byte> buffer, std::size_t wanted_bytes,
                          std::uint64_t offset_bytes) {
  std::size_t done = 0;
  while (done < wanted_bytes) {
    const auto got = repeat_result([&] { return file.read_at(buffer.subspan(done), offset_bytes + done); });
    if (got.error != 0) fail("read", file.path(), got.error, offset_bytes + done);
    if (got.value == 0) break;
    done += got.value;
  }
  return done;
}

void write_full(File& file, std::span<const std::byte> data, std::uint64_t offset_bytes) {
  std::size_t done = 0;
  while (done < data.size()) {
    const auto put = repeat_result([&] { return file.write_at(data.subspan(done), offset_bytes + done); });
    if (put.error != 0) fail("write", file.path(), put.error, offset_bytes + done);
    // pwrite(2) gives 0 for a non-empty buffer only where a device is full.
    if (put.value == 0) fail("write", file.path(), ENOSPC, offset_bytes + done);
    done += put.value;
  }
}

void sync_data(File& file) {
  must("sync", file.path(), [&] { return file.sync_data(); });
}

void sync_all(File& file) {
  must("sync", file.path(), [&] { return file.sync_all(); });
}

bool is_cached(File& file, Extent extent) {
  const auto result = file.is_cached(extent);
  return result.error == 0 && result.value;
}

void truncate(File& file, std::uint64_t size_bytes) {
  must("truncate", file.path(), [&] { return file.truncate(size_bytes); });
}

int clone(File& file, File& source) {
  const int error = repeat([&] { return file.clone_from(source); });
  // Who cannot clone says so in many ways: EOPNOTSUPP, EXDEV, EINVAL, ENOTTY, ETXTBSY ...
  const bool real = is_transient(error) || code_for(error) == ErrorCode::no_space || error == ENOMEM;
  if (real) fail("clone to", file.path(), error);
  return error;
}

std::optional<std::uint64_t> next_data(File& file, std::uint64_t offset_bytes) {
  const auto found = repeat_result([&] { return file.seek_data(offset_bytes); });
  if (found.error == ENXIO) return std::nullopt;
  if (tells_no_holes(found.error)) return offset_bytes;
  if (found.error != 0) fail("look for data in", file.path(), found.error, offset_bytes);
  return found.value;
}

std::uint64_t next_hole(File& file, std::uint64_t offset_bytes) {
  const auto found = repeat_result([&] { return file.seek_hole(offset_bytes); });
  if (found.error == ENXIO) return offset_bytes;  // it was cut off there meanwhile
  if (tells_no_holes(found.error)) return std::numeric_limits<std::uint64_t>::max();
  if (found.error != 0) fail("look for a hole in", file.path(), found.error, offset_bytes);
  return found.value;
}

bool punch_hole(File& file, Extent extent) {
  const int error = repeat([&] { return file.punch_hole(extent); });
  if (error == EOPNOTSUPP) return false;
  if (error != 0) fail("punch a hole in", file.path(), error, extent.offset_bytes);
  return true;
}

std::vector<std::string> xattr_names(File& file) {
  auto result = repeat_while_growing([&] { return file.xattr_names(); });
  if (result.error == ENOTSUP) return {};
  if (result.error != 0) fail("read the extended attributes of", file.path(), result.error);
  return std::move(result.value);
}

std::optional<std::vector<std::byte>> xattr(File& file, const std::string& name) {
  auto result = repeat_while_growing([&] { return file.xattr(name); });
  if (result.error == ENODATA || result.error == ENOTSUP) return std::nullopt;
  if (result.error != 0) fail("read the extended attributes of", file.path(), result.error);
  return std::move(result.value);
}

Stat stat(File& file) {
  const auto result = repeat_result([&] { return file.stat(); });
  if (result.error != 0) fail("stat", file.path(), result.error);
  Stat found = result.value;
  if (found.kind != FileKind::block_device) return found;
  const auto size = repeat_result([&] { return file.device_size(); });
  if (size.error == EBADF) return found;  // OpenMode::attributes: only the node is asked about
  if (size.error != 0) fail("ask for the size of", file.path(), size.error);
  // An empty drive, or one whose disk was pulled: it ends at once and has no room, which is no content.
  if (size.value == 0) fail("read the size of", file.path(), ENOMEDIUM);
  found.size_bytes = size.value;
  const auto sequence = repeat_result([&] { return file.device_sequence(); });
  found.disk_sequence = sequence.error == 0 ? sequence.value : 0;
  return found;
}

void close(File& file) {
  // EINTR means closed on Linux; any other answer may be a write that was lost.
  if (const int error = file.close(); error != 0 && error != EINTR) fail("close", file.path(), error);
}

std::optional<Stat> find(FileSystem& fs, const std::filesystem::path& path, Links links) {
  const auto result = repeat_result([&] { return fs.stat(path, links); });
  if (result.error == ENOENT) return std::nullopt;
  if (result.error != 0) fail("stat", path, result.error);
  return result.value;
}

std::filesystem::path resolve(FileSystem& fs, const std::filesystem::path& path) {
  auto result = repeat_result([&] { return fs.resolve(path); });
  if (result.error != 0) fail("stat", path, result.error);
  return std::move(result.value);
}

std::unique_ptr<Directory> open_directory(FileSystem& fs, const std::filesystem::path& path, DirectoryUse use) {
  auto result = repeat_result([&] { return fs.open_directory(path, use); });
  if (result.error != 0) fail("open the directory", path, result.error);
  return std::move(result.value);
}

std::unique_ptr<File> open(Directory& directory, const Name& name, OpenMode mode) {
  auto result = repeat_result([&] { return directory.open(name, mode); });
  if (result.error != 0) {
    fail(mode == OpenMode::create_partial ? "create" : "open", directory.path() / name, result.error);
  }
  return std::move(result.value);
}

std::unique_ptr<File> open_direct(Directory& directory, const Name& name, OpenMode mode) {
  auto result = repeat_result([&] { return directory.open(name, mode); });
  if (result.error == EINVAL) return nullptr;
  if (result.error != 0) fail("open", directory.path() / name, result.error);
  return std::move(result.value);
}

std::optional<Stat> find(Directory& directory, const Name& name, Links links) {
  const auto result = repeat_result([&] { return directory.stat(name, links); });
  if (result.error == ENOENT) return std::nullopt;
  if (result.error != 0) fail("stat", directory.path() / name, result.error);
  return result.value;
}

void rename(Directory& directory, const Name& from, const Name& to, const char* operation) {
  must(operation, directory.path() / to, [&] { return directory.rename(from, to); });
}

void rename_new(Directory& directory, const Name& from, const Name& to, const char* operation) {
  const int error = repeat([&] { return directory.rename_new(from, to); });
  if (error == 0) return;
  if (error != EINVAL && error != ENOSYS) fail(operation, directory.path() / to, error);
  if (find(directory, to)) fail(operation, directory.path() / to, EEXIST);
  rename(directory, from, to, operation);
}

bool link(Directory& directory, const Name& from, Directory& to_directory, const Name& to) {
  const int error = repeat([&] { return directory.link(from, to_directory, to); });
  if (error == EPERM || error == EOPNOTSUPP || error == EMLINK) return false;
  if (error != 0) fail("link to", to_directory.path() / to, error);
  return true;
}

std::unique_ptr<Directory> open_directory(Directory& directory, const Name& name, DirectoryUse use) {
  auto result = repeat_result([&] { return directory.open_directory(name, use); });
  if (result.error != 0) fail("open the directory", name == "." ? directory.path() : directory.path() / name, result.error);
  return std::move(result.value);
}

bool make_directory(Directory& directory, const Name& name, std::uint32_t mode) {
  const int error = repeat([&] { return directory.make_directory(name, mode); });
  if (error == EEXIST) return false;
  if (error != 0) fail("create directory", directory.path() / name, error);
  return true;
}

std::filesystem::path read_link(Directory& directory, const Name& name) {
  auto result = repeat_result([&] { return directory.read_link(name); });
  if (result.error != 0) fail("read the symbolic link", directory.path() / name, result.error);
  return std::move(result.value);
}

std::vector<Entry> entries(Directory& directory) {
  auto result = repeat_result([&] { return directory.entries(); });
  if (result.error != 0) fail("read the directory", directory.path(), result.error);
  return std::move(result.value);
}

void unlink(Directory& directory, const Name& name) {
  const int error = repeat([&] { return directory.unlink(name); });
  if (error != 0 && error != ENOENT) fail("remove", directory.path() / name, error);
}

void sync(Directory& directory) {
  must("sync the directory", directory.path(), [&] { return directory.sync(); });
}

int sync_file_system(Directory& directory) {
  return repeat([&] { return directory.sync_file_system(); });
}

FsInfo file_system(Directory& directory) {
  const auto result = repeat_result([&] { return directory.file_system(); });
  if (result.error != 0) fail("ask for the free space of", directory.path(), result.error);
  return result.value;
}

}  // namespace rcopy::io
