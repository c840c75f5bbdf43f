// SPDX-License-Identifier: MIT
//
// From SQLite's C interface to the seam and back. Lines that copy a rule of os_unix.c name the
// function there.
#include "support/seam_vfs.hpp"

#include "support/vfs_locks.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <ostream>
#include <stdexcept>
#include <string>

namespace rcopy::test {
namespace {

constexpr int kSectorBytes = 4096;
constexpr int kPathMax = 4096;

}  // namespace

const char* name_of(VfsCall kind) {
  switch (kind) {
    case VfsCall::open: return "xOpen";
    case VfsCall::remove: return "xDelete";
    case VfsCall::access: return "xAccess";
    case VfsCall::read: return "xRead";
    case VfsCall::write: return "xWrite";
    case VfsCall::truncate: return "xTruncate";
    case VfsCall::sync: return "xSync";
    case VfsCall::file_size: return "xFileSize";
    case VfsCall::lock: return "xLock";
    case VfsCall::shm_map: return "xShmMap";
    case VfsCall::shm_lock: return "xShmLock";
  }
  return "?";
}

std::ostream& operator<<(std::ostream& out, VfsCall kind) { return out << name_of(kind); }

class SeamVfs::State {
 public:
  State(io::FileSystem& below, std::filesystem::path directory);
  ~State() { sqlite3_vfs_unregister(&vfs_); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  [[nodiscard]] const char* name() const { return name_.c_str(); }

  void set_fault(std::optional<VfsFault> fault) {
    const std::lock_guard lock{mutex_};
    fault_ = fault;
    seen_ = injected_ = 0;
  }

  [[nodiscard]] std::uint64_t injected() const {
    const std::lock_guard lock{mutex_};
    return injected_;
  }

  void reboot() {
    const std::lock_guard lock{mutex_};
    directory_.reset();
    databases_.clear();
  }

 private:
  struct OpenFile;
  /// What SQLite holds of an open file.
  struct Handle {
    const sqlite3_io_methods* methods;
    OpenFile* file;
  };
  struct OpenFile {
    State& vfs;
    io::Name name;
    std::unique_ptr<io::File> file;
    bool sync_directory = false;            ///< with the next sync: the name is new
    std::shared_ptr<DatabaseLocks> locks;   ///< main database only
    DatabaseLocks::Holder holder = {};
  };

  static State& of(sqlite3_vfs* vfs) { return *static_cast<State*>(vfs->pAppData); }
  static OpenFile& of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file)->file; }

  /// Makes the call, or does not, as the fault wants it.
  template <class Body>
  int run(VfsCall kind, Body body) {
    const int result = fault_for(kind);
    const bool make = result == SQLITE_OK || fault_effect() == Effect::done;
    const int made = make ? body() : SQLITE_OK;
    return result != SQLITE_OK ? result : made;
  }

  int fault_for(VfsCall kind) {
    const std::lock_guard lock{mutex_};
    if (!fault_ || fault_->kind != kind) return SQLITE_OK;
    ++seen_;
    const bool now = fault_->repeat == Repeat::once ? seen_ == fault_->nth : seen_ >= fault_->nth;
    if (!now) return SQLITE_OK;
    ++injected_;
    errno_ = fault_->result == SQLITE_FULL ? ENOSPC : EIO;
    return fault_->result;
  }

  [[nodiscard]] Effect fault_effect() const {
    const std::lock_guard lock{mutex_};
    return fault_ ? fault_->effect : Effect::none;
  }

  /// `result` where `error` is one; keeps the errno for messages.
  int failed(int error, int result) {
    const std::lock_guard lock{mutex_};
    if (error != 0) errno_ = error;
    return error == 0 ? SQLITE_OK : result;
  }

  [[nodiscard]] io::Result<std::shared_ptr<io::Directory>> directory() {
    const std::lock_guard lock{mutex_};
    if (directory_) return {.value = directory_};
    auto opened = below_.open_directory(where_, io::DirectoryUse::change_names);
    if (opened.error == 0) directory_ = std::move(opened.value);
    return {.value = directory_, .error = opened.error};
  }

  std::shared_ptr<DatabaseLocks> locks_of(const io::Name& name) {
    const std::lock_guard lock{mutex_};
    auto& weak = databases_[name];
    auto locks = weak.lock();
    if (!locks) weak = locks = std::make_shared<DatabaseLocks>();
    return locks;
  }

  [[nodiscard]] io::Result<std::unique_ptr<io::File>> open_seam(const io::Name& name, bool create, bool& is_new) {
    const auto dir = directory();
    if (dir.error != 0) return {.value = nullptr, .error = dir.error};
    auto opened = dir.value->open(name, io::OpenMode::partial);
    is_new = opened.error == ENOENT && create;
    if (is_new) opened = dir.value->open(name, io::OpenMode::create_partial);
    return opened;
  }

  int open(const io::Name& name, sqlite3_file* out, int flags) {
    // The caller made the main database already, as a real file of the same path.
    const bool create = (flags & (SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB)) != 0;
    bool is_new = false;
    auto opened = open_seam(name, create, is_new);
    if (opened.error != 0) return failed(opened.error, SQLITE_CANTOPEN);
    // unixOpen(): UNIXFILE_DIRSYNC
    const bool named_by_sync = is_new && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    auto* handle = reinterpret_cast<Handle*>(out);
    handle->file = new OpenFile{.vfs = *this,
                                .name = name,
                                .file = std::move(opened.value),
                                .sync_directory = named_by_sync,
                                .locks = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? locks_of(name) : nullptr};
    handle->methods = &kMethods;
    return SQLITE_OK;
  }

  int remove(const io::Name& name, bool sync) {
    const auto dir = directory();
    if (dir.error != 0) return failed(dir.error, SQLITE_IOERR_DELETE);
    const int error = dir.value->unlink(name);
    if (error == ENOENT) return SQLITE_IOERR_DELETE_NOENT;
    if (error != 0) return failed(error, SQLITE_IOERR_DELETE);
    return sync ? failed(dir.value->sync(), SQLITE_IOERR_DIR_FSYNC) : SQLITE_OK;
  }

  /// unixAccess(): an empty file does not exist for SQLite.
  int access(const io::Name& name, int flags, int* out) {
    *out = 0;
    const auto dir = directory();
    if (dir.error != 0) return SQLITE_OK;
    const auto found = dir.value->stat(name, io::Links::follow);
    *out = found.error == 0 && (flags != SQLITE_ACCESS_EXISTS || found.value.size_bytes > 0) ? 1 : 0;
    return SQLITE_OK;
  }

  int read(OpenFile& file, std::span<std::byte> out, std::uint64_t offset_bytes) {
    while (!out.empty()) {
      const auto got = file.file->read_at(out, offset_bytes);
      if (got.error != 0) return failed(got.error, SQLITE_IOERR_READ);
      if (got.value == 0) break;
      out = out.subspan(got.value);
      offset_bytes += got.value;
    }
    std::fill(out.begin(), out.end(), std::byte{0});
    return out.empty() ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  int write(OpenFile& file, std::span<const std::byte> data, std::uint64_t offset_bytes) {
    while (!data.empty()) {
      const auto put = file.file->write_at(data, offset_bytes);
      if (put.error != 0) return failed(put.error, put.error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE);
      data = data.subspan(put.value);
      offset_bytes += put.value;
    }
    return SQLITE_OK;
  }

  /// unixSync(): fdatasync, and the directory's answer does not count.
  int sync(OpenFile& file) {
    const int result = failed(file.file->sync_data(), SQLITE_IOERR_FSYNC);
    if (result != SQLITE_OK || !file.sync_directory) return result;
    if (const auto dir = directory(); dir.error == 0) (void)dir.value->sync();
    file.sync_directory = false;
    return SQLITE_OK;
  }

  /// fileHasMoved()
  int has_moved(OpenFile& file) {
    const auto ours = file.file->stat();
    const auto dir = directory();
    if (dir.error != 0) return 1;
    const auto named = dir.value->stat(file.name, io::Links::follow);
    return named.error != 0 || ours.error != 0 || named.value.inode != ours.value.inode ? 1 : 0;
  }

  // --- the functions that SQLite calls
  static int x_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags, int* out_flags) {
    std::memset(out, 0, sizeof(Handle));
    if (name == nullptr) return SQLITE_CANTOPEN;  // a temporary file, which no statement here needs
    State& self = of(vfs);
    const int result = self.run(VfsCall::open, [&] {
      return self.open(std::filesystem::path{name}.filename(), out, flags);
    });
    if (out_flags != nullptr) *out_flags = flags;
    if (result != SQLITE_OK && out->pMethods != nullptr) {
      (void)x_close(out);
      out->pMethods = nullptr;
    }
    return result;
  }

  static int x_delete(sqlite3_vfs* vfs, const char* name, int sync) {
    return of(vfs).run(VfsCall::remove, [&] {
      return of(vfs).remove(std::filesystem::path{name}.filename(), sync != 0);
    });
  }

  static int x_access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
    return of(vfs).run(VfsCall::access, [&] {
      return of(vfs).access(std::filesystem::path{name}.filename(), flags, out);
    });
  }

  static int x_full_pathname(sqlite3_vfs*, const char* name, int size, char* out) {
    if (std::strlen(name) >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
    std::strcpy(out, name);  // only absolute paths come here
    return SQLITE_OK;
  }

  /// Nobody else is there to wait for, so the time is only counted.
  static int x_sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

  static int x_last_error(sqlite3_vfs* vfs, int, char*) {
    const std::lock_guard lock{of(vfs).mutex_};
    return of(vfs).errno_;
  }

  static int x_close(sqlite3_file* file) {
    OpenFile& open = of(file);
    if (open.locks) open.locks->release(open.holder);
    (void)open.file->close();  // unixClose() does not look either
    delete &open;
    return SQLITE_OK;
  }

  static int x_read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
    return of(file).vfs.run(VfsCall::read, [&] {
      return of(file).vfs.read(of(file), {static_cast<std::byte*>(out), static_cast<std::size_t>(size)},
                               static_cast<std::uint64_t>(offset));
    });
  }

  static int x_write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    return of(file).vfs.run(VfsCall::write, [&] {
      return of(file).vfs.write(of(file), {static_cast<const std::byte*>(data), static_cast<std::size_t>(size)},
                                static_cast<std::uint64_t>(offset));
    });
  }

  static int x_truncate(sqlite3_file* file, sqlite3_int64 size) {
    return of(file).vfs.run(VfsCall::truncate, [&] {
      return of(file).vfs.failed(of(file).file->truncate(static_cast<std::uint64_t>(size)), SQLITE_IOERR_TRUNCATE);
    });
  }

  static int x_sync(sqlite3_file* file, int) {
    return of(file).vfs.run(VfsCall::sync, [&] { return of(file).vfs.sync(of(file)); });
  }

  static int x_file_size(sqlite3_file* file, sqlite3_int64* out) {
    return of(file).vfs.run(VfsCall::file_size, [&] {
      const auto stat = of(file).file->stat();
      *out = static_cast<sqlite3_int64>(stat.value.size_bytes);
      return of(file).vfs.failed(stat.error, SQLITE_IOERR_FSTAT);
    });
  }

  static int x_lock(sqlite3_file* file, int level) {
    return of(file).vfs.run(VfsCall::lock, [&] {
      return of(file).locks->lock(of(file).holder, level) ? SQLITE_OK : SQLITE_BUSY;
    });
  }

  static int x_unlock(sqlite3_file* file, int level) {
    of(file).locks->unlock(of(file).holder, level);
    return SQLITE_OK;
  }

  static int x_check_reserved(sqlite3_file* file, int* out) {
    *out = of(file).locks->reserved() ? 1 : 0;
    return SQLITE_OK;
  }

  static int x_file_control(sqlite3_file* file, int what, void* argument) {
    if (what != SQLITE_FCNTL_HAS_MOVED) return SQLITE_NOTFOUND;
    *static_cast<int*>(argument) = of(file).vfs.has_moved(of(file));
    return SQLITE_OK;
  }

  static int x_sector_size(sqlite3_file*) { return kSectorBytes; }
  static int x_device(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }  // as unixOpen() says

  static int x_shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    *out = nullptr;
    return of(file).vfs.run(VfsCall::shm_map, [&] {
      *out = of(file).locks->shared_memory(static_cast<std::size_t>(region), static_cast<std::size_t>(size),
                                           extend != 0);
      return SQLITE_OK;
    });
  }

  static int x_shm_lock(sqlite3_file* file, int first, int count, int flags) {
    return of(file).vfs.run(VfsCall::shm_lock, [&] {
      return of(file).locks->lock_shared_memory(of(file).holder, first, count, flags) ? SQLITE_OK : SQLITE_BUSY;
    });
  }

  static void x_shm_barrier(sqlite3_file* file) { (void)of(file).locks->reserved(); }  // it takes a mutex

  static int x_shm_unmap(sqlite3_file* file, int) {
    of(file).locks->leave_shared_memory(of(file).holder);
    return SQLITE_OK;
  }

  static const sqlite3_io_methods kMethods;

  io::FileSystem& below_;
  std::filesystem::path where_;
  std::string name_;
  sqlite3_vfs vfs_{};
  mutable std::mutex mutex_;
  std::shared_ptr<io::Directory> directory_;
  std::map<io::Name, std::weak_ptr<DatabaseLocks>> databases_;
  std::optional<VfsFault> fault_;
  std::uint64_t seen_ = 0;
  std::uint64_t injected_ = 0;
  int errno_ = 0;
};

// Version 2: with shared memory, without memory-mapped reads.
const sqlite3_io_methods SeamVfs::State::kMethods{
    2,        &x_close, &x_read,          &x_write,        &x_truncate,    &x_sync,     &x_file_size,
    &x_lock,  &x_unlock, &x_check_reserved, &x_file_control, &x_sector_size, &x_device,   &x_shm_map,
    &x_shm_lock, &x_shm_barrier, &x_shm_unmap, nullptr, nullptr};

SeamVfs::State::State(io::FileSystem& below, std::filesystem::path directory)
    : below_{below}, where_{std::move(directory)} {
  static std::atomic<unsigned> made{0};
  name_ = "rcopy-seam-" + std::to_string(++made);
  // Time and random numbers are those of SQLite's own VFS, which does not look at pAppData there.
  vfs_ = *sqlite3_vfs_find(nullptr);
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(Handle);
  vfs_.mxPathname = kPathMax;
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = &x_open;
  vfs_.xDelete = &x_delete;
  vfs_.xAccess = &x_access;
  vfs_.xFullPathname = &x_full_pathname;
  vfs_.xSleep = &x_sleep;
  vfs_.xGetLastError = &x_last_error;
  if (sqlite3_vfs_register(&vfs_, 0) != SQLITE_OK) throw std::runtime_error{"no VFS for the seam"};
}

SeamVfs::SeamVfs(io::FileSystem& below, std::filesystem::path directory)
    : state_{std::make_unique<State>(below, std::move(directory))} {}

SeamVfs::~SeamVfs() = default;

const char* SeamVfs::name() const { return state_->name(); }

void SeamVfs::set_fault(std::optional<VfsFault> fault) { state_->set_fault(fault); }

std::uint64_t SeamVfs::injected() const { return state_->injected(); }

void SeamVfs::reboot() { state_->reboot(); }

}  // namespace rcopy::test
