// SPDX-License-Identifier: MIT
//
// A crash before the rename leaves the old list, and a temporary file that the next run with this list replaces.
#include "engine/manifest.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

namespace rcopy::engine {
namespace {

namespace stdfs = std::filesystem;

constexpr std::string_view kSuffix = ".rcopy-sums";
constexpr std::size_t kWriteBytes = std::size_t{256} << 10U;
constexpr std::size_t kMostWaitingBytes = std::size_t{16} << 20U;  ///< until the job has made the directory
constexpr std::uint32_t kUsualMode = 0666;                         ///< less the umask

[[noreturn]] void refuse(ErrorCode code, const stdfs::path& path, const char* reason) {
  throw Error{{.code = code, .operation = "write the manifest", .path = path, .reason = reason}};
}

/// The directory, which the job was to make.
[[noreturn]] void refuse_missing(const stdfs::path& path) {
  refuse(ErrorCode::io, path, "the directory does not exist; name another");
}

stdfs::path parent_of(const stdfs::path& path) {
  return path.has_parent_path() ? path.parent_path() : stdfs::path{"."};
}

/// "a/./b" as "a/b": the name of a tree that is copied by its content.
stdfs::path without_dots(const stdfs::path& path) {
  stdfs::path plain;
  for (const stdfs::path& part : path) {
    if (plain.empty() || part != ".") plain /= part;
  }
  return plain;
}

/// By their names alone: neither needs to be there.
bool lies_in(const stdfs::path& path, const stdfs::path& directory) {
  const stdfs::path below = path.lexically_normal().lexically_relative(directory.lexically_normal());
  return !below.empty() && *below.begin() != "..";
}

/// Of the source only what `job.only` names is copied.
bool is_copied(const stdfs::path& path, const stdfs::path& source, const Job& job) {
  if (!lies_in(path, source) || !job.only) return lies_in(path, source);
  return std::ranges::any_of(*job.only, [&](const stdfs::path& name) { return lies_in(path, source / name); });
}

/// What grows in a source would be copied with it, and a source that is replaced by the list is lost.
void check_outside(io::FileSystem& fs, const stdfs::path& path, const Job& job) {
  const auto directory = fs.resolve(parent_of(path));
  if (directory.error != 0) return;
  for (const stdfs::path& source : job.sources) {
    const auto from = fs.resolve(source);
    if (from.error == 0 && is_copied(directory.value / path.filename(), from.value, job)) {
      refuse(ErrorCode::usage, path, "it is a source, or lies in one; name another place");
    }
  }
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span{text}); }

std::array<std::uint8_t, 16> name_hash(const stdfs::path& name) {
  hash::Hasher hasher;
  hasher.update(bytes_of(name.native()));
  return hasher.digest().bytes;
}

}  // namespace

std::string manifest_line(const stdfs::path& named, const hash::Digest& content) {
  const std::string& name = named.native();
  if (name.find('\n') == std::string::npos) return content.hex() + "  " + name + "\n";
  std::string escaped;
  for (const char c : name) {
    if (c == '\n') escaped += "\\n";
    else if (c == '\\') escaped += "\\\\";
    else escaped += c;
  }
  return "\\" + content.hex() + "  " + escaped + "\n";
}

Manifest::Manifest(io::FileSystem& fs, const stdfs::path& path, const Job& job)
    : fs_{fs}, path_{path}, names_{job.sources.size() > 1 || job.only ? Names::perhaps_again : Names::once} {
  const io::Name name = path.filename();
  if (name.empty() || name == "." || name == "..") refuse(ErrorCode::usage, path, "it is a directory");
  const auto found = io::find(fs, path, io::Links::follow);
  const auto itself = io::find(fs, path, io::Links::nofollow);
  if (itself && !found) refuse(ErrorCode::usage, path, "it is a dangling symbolic link");
  if (found && found->kind != io::FileKind::regular) refuse(ErrorCode::usage, path, "it is no regular file");
  if (itself && itself->kind == io::FileKind::symlink) path_ = io::resolve(fs, path);
  check_outside(fs, path_, job);
  if (open() || lies_in(parent_of(path_), job.destination)) return;
  refuse(ErrorCode::usage, path, "the directory does not exist");
}

Manifest::~Manifest() { abandon(); }

/// False where the directory is missing.
bool Manifest::open() {
  if (temporary_) return true;
  const stdfs::path parent = parent_of(path_);
  if (!io::find(fs_, parent, io::Links::follow)) return false;
  place_.named = path_;
  place_.directory = io::open_directory(fs_, io::resolve(fs_, parent), io::DirectoryUse::change_names);
  place_.name = path_.filename();
  place_.partial_name = hidden_name(place_.name, kSuffix);
  place_.existing = io::find(*place_.directory, place_.name);
  place_.fs = io::file_system(*place_.directory);
  temporary_.emplace(fs_, place_, std::nullopt);
  temporary_->recreate();
  return true;
}

void Manifest::add(const stdfs::path& named, const hash::Digest& content) {
  const std::lock_guard lock{mutex_};
  if (failed_) return;
  try {
    if (is_itself(named)) refuse(ErrorCode::io, path_, "this run copied a file to that name; name another");
    put(without_dots(named), content);
  } catch (const Error& error) {
    failed_.emplace(error);
  }
}

bool Manifest::is_itself(const stdfs::path& named) {
  if (named.filename() != path_.filename() || !open()) return false;
  const auto theirs = io::find(fs_, parent_of(named), io::Links::follow);
  const auto ours = io::find(*place_.directory, ".");
  return theirs && ours && same_file(*theirs, *ours);
}

void Manifest::put(const stdfs::path& named, const hash::Digest& content) {
  const std::string line = manifest_line(named, content);
  if (names_ == Names::perhaps_again) {
    const auto [at, first] = lines_.try_emplace(name_hash(named), written_bytes_ + waiting_.size());
    if (!first) return put_again(at->second, line);
  }
  waiting_ += line;
  if (waiting_.size() < kWriteBytes) return;
  const bool opened = open();
  if (opened) flush();
  else if (waiting_.size() > kMostWaitingBytes) refuse_missing(path_);
}

/// In place of the line of the same name, which is as long.
void Manifest::put_again(std::uint64_t offset_bytes, const std::string& line) {
  if (offset_bytes >= written_bytes_) waiting_.replace(offset_bytes - written_bytes_, line.size(), line);
  else io::write_full(temporary_->file(), bytes_of(line), offset_bytes);
}

void Manifest::flush() {
  io::write_full(temporary_->file(), bytes_of(waiting_), written_bytes_);
  written_bytes_ += waiting_.size();
  waiting_.clear();
}

void Manifest::publish() {
  const std::lock_guard lock{mutex_};
  if (failed_) throw Error{*failed_};
  if (!open()) refuse_missing(path_);
  flush();
  io::File& file = temporary_->file();
  const std::uint32_t mode = place_.existing ? place_.existing->mode : kUsualMode & ~fs_.umask();
  if (const int error = file.set_mode(mode); error != 0) io::fail("set the mode of", place_.partial_path(), error);
  io::sync_all(file);
  temporary_->check_named("publish");
  io::rename(*place_.directory, place_.partial_name, place_.name, "rename the manifest to");
  io::sync(*place_.directory);
  io::close(file);
  temporary_.reset();
}

void Manifest::abandon() noexcept {
  try {
    if (temporary_) temporary_->remove();
  } catch (const Error&) {
    // What is left is replaced by the next list of this name.
  }
  temporary_.reset();
}

}  // namespace rcopy::engine
