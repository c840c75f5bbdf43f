// SPDX-License-Identifier: MIT
#include "ui/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace rcopy::ui {
namespace {

constexpr int kClosed = -1;
constexpr int kMode = 0666;

/// A pipe may be the log, whose calls a signal interrupts.
template <class Call>
auto until_not_interrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

int open_log(const std::filesystem::path& path) {
  const int descriptor = until_not_interrupted(
      [&] { return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, kMode); });
  if (descriptor >= 0) return descriptor;
  throw Error{{.code = ErrorCode::usage, .operation = "open the log", .path = path, .os_error = errno}};
}

}  // namespace

LogFile::LogFile(std::filesystem::path path) : path_(std::move(path)), descriptor_(open_log(path_)) {}

LogFile::~LogFile() {
  if (descriptor_ != kClosed) ::close(descriptor_);
}

void LogFile::append(std::string line) {
  if (descriptor_ == kClosed) return;
  line += '\n';
  if (std::exchange(torn_, false)) line.insert(line.begin(), '\n');
  const ssize_t written = until_not_interrupted([&] { return ::write(descriptor_, line.data(), line.size()); });
  if (written == static_cast<ssize_t>(line.size())) return;
  torn_ = written > 0;
  failed(written < 0 ? errno : ENOSPC);  // a disk that gets full takes a part
}

void LogFile::close() {
  if (::close(std::exchange(descriptor_, kClosed)) != 0) failed(errno);
}

void LogFile::failed(int os_error) {
  if (failure_) return;
  failure_.emplace(ErrorInfo{.code = ErrorCode::io, .operation = kWriteLog, .path = path_, .os_error = os_error});
}

}  // namespace rcopy::ui
