// SPDX-License-Identifier: MIT
//
// An entry of the log is its offset and its length, then its data; a flush has the length 0.
#include "realfs/write_log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace rcopy::test {
namespace {

using Header = std::array<std::uint64_t, 2>;  // offset, length

io::UniqueFd open_or_throw(const std::filesystem::path& path, int flags) {
  io::UniqueFd fd{::open(path.c_str(), flags | O_CLOEXEC, 0600)};
  if (!fd.valid()) throw std::system_error{errno, std::generic_category(), path};
  return fd;
}

/// Calls `step` with how much is done already, until `bytes` are.
template <class Step>
void repeat(std::size_t bytes, const char* what, Step step) {
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t more = step(done);
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) throw std::system_error{more < 0 ? errno : EIO, std::generic_category(), what};
    done += static_cast<std::size_t>(more);
  }
}

/// Which pieces of the writes since the last flush the cut spares.
class Survivors {
 public:
  explicit Survivors(PowerCut cut) {
    std::seed_seq seeds{cut.seed, cut.seed >> 32U, cut.moment};
    random_.seed(seeds);
    // A cache that is lost whole is the likeliest; the others find other mistakes.
    static constexpr std::array kChances{0.0, 0.0, 1.0, 0.1, 0.5, 0.9};
    chance_ = kChances[random_() % kChances.size()];
  }

  bool next() { return std::bernoulli_distribution{chance_}(random_); }

 private:
  std::mt19937_64 random_;
  double chance_ = 0;
};

void apply_part(const Entry& entry, Survivors& survivors, Image& image) {
  const std::uint64_t end = entry.offset_bytes + entry.data.size();
  for (std::uint64_t at = entry.offset_bytes; at < end;) {
    const std::uint64_t next = std::min(end, (at / kPieceBytes + 1) * kPieceBytes);
    const auto piece = std::span{entry.data}.subspan(at - entry.offset_bytes, next - at);
    if (survivors.next()) image.write(piece, at);
    at = next;
  }
}

}  // namespace

Image::Image(const std::filesystem::path& path) : fd_{open_or_throw(path, O_RDWR)} {
  struct stat found {};
  if (::fstat(fd_.get(), &found) != 0)
    throw std::system_error{errno, std::generic_category(), path};
  size_bytes_ = static_cast<std::uint64_t>(found.st_size);
}

void Image::read(std::span<std::byte> buffer, std::uint64_t offset_bytes) const {
  repeat(buffer.size(), "read the image", [&](std::size_t done) {
    return ::pread(fd_.get(), &buffer[done], buffer.size() - done,
                   static_cast<off_t>(offset_bytes + done));
  });
}

void Image::write(std::span<const std::byte> data, std::uint64_t offset_bytes) {
  repeat(data.size(), "write the image", [&](std::size_t done) {
    return ::pwrite(fd_.get(), &data[done], data.size() - done,
                    static_cast<off_t>(offset_bytes + done));
  });
}

LogWriter::LogWriter(const std::filesystem::path& path)
    : fd_{open_or_throw(path, O_WRONLY | O_CREAT | O_TRUNC)} {}

void LogWriter::write(std::span<const std::byte> data, std::uint64_t offset_bytes) {
  const Header header{offset_bytes, data.size()};
  append(std::as_bytes(std::span{header}));
  append(data);
}

void LogWriter::append(std::span<const std::byte> bytes) {
  repeat(bytes.size(), "write the log",
         [&](std::size_t done) { return ::write(fd_.get(), &bytes[done], bytes.size() - done); });
}

std::vector<Entry> read_log(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::system_error{errno, std::generic_category(), path};
  std::vector<Entry> log;
  Header header{};
  while (file.read(reinterpret_cast<char*>(header.data()), sizeof header)) {
    Entry entry{.offset_bytes = header[0], .data = std::vector<std::byte>(header[1])};
    file.read(reinterpret_cast<char*>(entry.data.data()), static_cast<std::streamsize>(header[1]));
    if (!file) break;  // it is being written, so it comes after this moment
    log.push_back(std::move(entry));
  }
  return log;
}

void apply_cut(const std::vector<Entry>& log, PowerCut cut, Image& image) {
  if (cut.moment > log.size()) throw std::runtime_error{"the log has no such moment"};
  const auto end = log.begin() + static_cast<std::ptrdiff_t>(cut.moment);
  const auto unflushed =
      std::find_if(std::make_reverse_iterator(end), log.rend(), [](const Entry& entry) {
        return entry.is_flush();
      }).base();
  for (auto entry = log.begin(); entry != unflushed; ++entry)
    image.write(entry->data, entry->offset_bytes);
  Survivors survivors{cut};
  for (auto entry = unflushed; entry != end; ++entry) apply_part(*entry, survivors, image);
}

}  // namespace rcopy::test
