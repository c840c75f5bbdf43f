// SPDX-License-Identifier: MIT
//
// A device is in use where it, one of its partitions, or the disk it is a partition of is mounted, swapped
// to, or a part of another device (LVM, RAID, encryption).
#include "io/device_user.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <vector>

namespace rcopy::io {
namespace {

namespace stdfs = std::filesystem;

/// One device that belongs to the one asked for.
struct Part {
  std::string number;   ///< "8:1"
  stdfs::path sys;      ///< its directory
  std::string subject;  ///< "" for the device itself, "its partition 'sda1' "
};

std::string first_line(const stdfs::path& path) {
  std::ifstream file{path};
  std::string line;
  std::getline(file, line);
  return line;
}

std::vector<stdfs::path> entries(const stdfs::path& directory) {
  std::vector<stdfs::path> found;
  std::error_code error;
  stdfs::directory_iterator at{directory, error};
  for (; !error && at != stdfs::directory_iterator{}; at.increment(error)) found.push_back(at->path());
  return found;
}

std::vector<Part> parts_of(const std::string& number) {
  std::error_code error;
  const stdfs::path own = stdfs::canonical("/sys/dev/block/" + number, error);
  if (error) return {};
  std::vector<Part> parts{{.number = number, .sys = own, .subject = ""}};
  for (const stdfs::path& entry : entries(own)) {
    if (!stdfs::exists(entry / "partition", error)) continue;
    parts.push_back({.number = first_line(entry / "dev"),
                     .sys = entry,
                     .subject = "its partition " + base::quoted(entry.filename()) + " "});
  }
  if (stdfs::exists(own / "partition", error)) {
    const stdfs::path disk = own.parent_path();
    parts.push_back({.number = first_line(disk / "dev"), .sys = disk, .subject = "its disk "});
  }
  return parts;
}

std::string number_text(std::uint64_t rdev) {
  return std::to_string(gnu_dev_major(rdev)) + ':' + std::to_string(gnu_dev_minor(rdev));
}

std::string number_of(const std::string& node) {
  struct stat found {};
  if (::stat(node.c_str(), &found) != 0 || !S_ISBLK(found.st_mode)) return {};
  return number_text(found.st_rdev);
}

/// A path as /proc writes it: a space as "\040".
std::string unescaped(std::string_view text) {
  constexpr std::size_t kDigits = 3;
  std::string plain;
  while (!text.empty()) {
    unsigned value = 0;
    const std::string_view digits = text.substr(1, kDigits);
    const char* const end = digits.data() + digits.size();
    const bool escaped = text.front() == '\\' && digits.size() == kDigits &&
                         std::from_chars(digits.data(), end, value, 8).ptr == end;
    plain += escaped ? static_cast<char>(value) : text.front();
    text.remove_prefix(escaped ? 1 + kDigits : 1);
  }
  return plain;
}

/// Where it is mounted. The device number of some file systems (btrfs) is not the device's; then the
/// source of the mount tells.
std::optional<std::string> mount_point(const std::string& number) {
  std::ifstream mounts{"/proc/self/mountinfo"};
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields{line};
    std::string id, parent, device, root, point, word;
    fields >> id >> parent >> device >> root >> point;
    while (fields >> word && word != "-") {
    }
    std::string type, source;
    fields >> type >> source;
    const bool meant = device == number || (source.starts_with('/') && number_of(unescaped(source)) == number);
    if (meant) return unescaped(point);
  }
  return std::nullopt;
}

bool is_swap(const std::string& number) {
  std::ifstream swaps{"/proc/swaps"};
  for (std::string line; std::getline(swaps, line);) {
    if (line.starts_with('/') && number_of(unescaped(line.substr(0, line.find_first_of(" \t")))) == number) return true;
  }
  return false;
}

}  // namespace

std::string user_of_device(std::uint64_t rdev) {
  for (const Part& part : parts_of(number_text(rdev))) {
    const std::string subject = part.subject.empty() ? "it " : part.subject;
    if (const auto point = mount_point(part.number)) return subject + "is mounted on " + base::quoted(*point);
    if (is_swap(part.number)) return subject + "is used as swap space";
    const auto holders = entries(part.sys / "holders");
    if (!holders.empty()) return subject + "is a part of " + base::quoted(holders.front().filename());
  }
  return {};
}

bool devices_share_blocks(std::uint64_t rdev, std::uint64_t other_rdev) {
  const auto parts = parts_of(number_text(rdev));
  return std::ranges::any_of(parts, [&](const Part& part) { return part.number == number_text(other_rdev); });
}

}  // namespace rcopy::io
