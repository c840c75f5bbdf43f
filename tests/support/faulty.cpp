// SPDX-License-Identifier: MIT
//
// Script decides what happens to each call; the three wrappers only describe their calls to it.
#include "support/faulty.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <ostream>
#include <sstream>

namespace rcopy::test {
namespace {

template <class Value>
int error_of(const io::Result<Value>& result) {
  return result.error;
}
int error_of(int error) { return error; }

template <class Value>
void set_error(io::Result<Value>& result, int error) {
  result = {.value = Value{}, .error = error};
}
void set_error(int& result, int error) { result = error; }

/// Calls that a signal can interrupt, by their manual pages. Not close: it is never repeated.
bool interruptible(Call kind) {
  switch (kind) {
    case Call::open_directory:
    case Call::open:
    case Call::read:
    case Call::write:
    case Call::sync_data:
    case Call::sync_all:
    case Call::dir_sync:
    case Call::truncate:
    case Call::lock:
    case Call::clone:
    case Call::punch_hole:
    case Call::allocate:
    case Call::fs_info: return true;
    default: return false;
  }
}

}  // namespace

const char* name_of(Call kind) {
  switch (kind) {
    case Call::open_directory: return "open_directory";
    case Call::stat: return "stat";
    case Call::resolve: return "resolve";
    case Call::open: return "open";
    case Call::dir_stat: return "dir_stat";
    case Call::check_writable: return "check_writable";
    case Call::rename: return "rename";
    case Call::rename_new: return "rename_new";
    case Call::link: return "link";
    case Call::unlink: return "unlink";
    case Call::names: return "names";
    case Call::dir_sync: return "dir_sync";
    case Call::fs_info: return "fs_info";
    case Call::read: return "read";
    case Call::write: return "write";
    case Call::sync_data: return "sync_data";
    case Call::sync_all: return "sync_all";
    case Call::truncate: return "truncate";
    case Call::fstat: return "fstat";
    case Call::device_size: return "device_size";
    case Call::device_sequence: return "device_sequence";
    case Call::lock: return "lock";
    case Call::drop_cache: return "drop_cache";
    case Call::is_cached: return "is_cached";
    case Call::expect_random: return "expect_random";
    case Call::allocate: return "allocate";
    case Call::is_dirty: return "is_dirty";
    case Call::set_owner: return "set_owner";
    case Call::set_mode: return "set_mode";
    case Call::set_times: return "set_times";
    case Call::xattr_names: return "xattr_names";
    case Call::xattr: return "xattr";
    case Call::set_xattr: return "set_xattr";
    case Call::remove_xattr: return "remove_xattr";
    case Call::clone: return "clone";
    case Call::seek_data: return "seek_data";
    case Call::seek_hole: return "seek_hole";
    case Call::punch_hole: return "punch_hole";
    case Call::close: return "close";
  }
  return "?";
}

std::ostream& operator<<(std::ostream& out, Call kind) { return out << name_of(kind); }

std::string text_of(const CallInfo& call) {
  std::ostringstream text;
  text << name_of(call.kind) << ' ' << call.path.filename().native();
  if (!call.new_path.empty()) text << " -> " << call.new_path.filename().native();
  const bool extent = call.kind == Call::punch_hole || call.kind == Call::allocate;
  if (call.kind == Call::read || call.kind == Call::write || extent) {
    text << ' ' << call.offset_bytes << '+' << call.size_bytes;
  }
  const bool at_offset = call.kind == Call::truncate || call.kind == Call::seek_data || call.kind == Call::seek_hole;
  if (at_offset) text << ' ' << call.offset_bytes;
  return text.str();
}

class FaultyFileSystem::Script {
 public:
  /// Makes the call, or does not, as the script wants it.
  template <class Below>
  auto run(CallInfo call, Below below) {
    const Verdict verdict = begin(call);
    decltype(below()) result{};
    const bool make =
        verdict.error == 0 || verdict.effect == Effect::done || call.kind == Call::close;
    if (make) result = below();
    if (verdict.error != 0) set_error(result, verdict.error);
    if (const int error = error_of(result)) note_error(verdict.trace_index, error);
    return result;
  }

  [[nodiscard]] std::size_t read_limit(io::OpenMode mode) const {
    const std::lock_guard lock{mutex_};
    return mode == io::OpenMode::read_direct ? whole_sectors(settings_.read_limit) : settings_.read_limit;
  }

  [[nodiscard]] std::size_t write_limit(io::OpenMode mode) const {
    const std::lock_guard lock{mutex_};
    return mode == io::OpenMode::write_direct ? whole_sectors(settings_.write_limit) : settings_.write_limit;
  }

  /// A short direct call ends at a sector; one that did not could never be continued.
  [[nodiscard]] static std::size_t whole_sectors(std::size_t limit) {
    return std::max(limit / io::kDirectAlignment, std::size_t{1}) * io::kDirectAlignment;
  }

  template <class Change>
  auto locked(Change change) {
    const std::lock_guard lock{mutex_};
    return change(settings_, counts_);
  }

  struct Settings {
    struct Pending {
      Fault fault;
      std::uint64_t seen = 0;
    };
    std::vector<Pending> faults;
    Hook hook;
    std::size_t read_limit = std::numeric_limits<std::size_t>::max();
    std::size_t write_limit = std::numeric_limits<std::size_t>::max();
    bool interrupts = false;
    std::array<bool, kCalls> interrupted_last{};
  };

  struct Counts {
    std::uint64_t all = 0;
    std::uint64_t injected = 0;
    std::array<std::uint64_t, kCalls> of_kind{};
    std::vector<std::string> trace;
    std::uint64_t round = 0;  ///< of reset(): a call may end after its trace was thrown away
  };

 private:
  struct TraceIndex {
    std::uint64_t round = 0;
    std::size_t index = 0;
  };
  struct Verdict {
    int error = 0;
    Effect effect = Effect::none;
    TraceIndex trace_index = {};
  };

  Verdict begin(CallInfo& call) {
    Hook hook;
    Verdict verdict;
    {
      const std::lock_guard lock{mutex_};
      const auto kind = static_cast<std::size_t>(call.kind);
      call.number = ++counts_.all;
      call.number_of_kind = ++counts_.of_kind.at(kind);
      verdict.trace_index = {.round = counts_.round, .index = counts_.trace.size()};
      counts_.trace.push_back(text_of(call));
      hook = settings_.hook;
    }
    verdict.error = hook ? hook(call) : 0;
    const std::lock_guard lock{mutex_};
    if (verdict.error == 0) apply_faults(call, verdict);
    if (verdict.error != 0) ++counts_.injected;
    if (verdict.error == 0 && interrupt(call)) verdict.error = EINTR;
    return verdict;
  }

  void apply_faults(const CallInfo& call, Verdict& verdict) {
    for (auto& [fault, seen] : settings_.faults) {
      if (fault.kind && *fault.kind != call.kind) continue;
      const bool named = call.path.native().find(fault.only_path) != std::string::npos ||
                         call.new_path.native().find(fault.only_path) != std::string::npos;
      if (!named) continue;
      ++seen;
      const bool now = fault.repeat == Repeat::once ? seen == fault.nth : seen >= fault.nth;
      if (now && verdict.error == 0) {
        verdict.error = fault.error;
        verdict.effect = fault.effect;
      }
    }
  }

  bool interrupt(const CallInfo& call) {
    if (!settings_.interrupts || !interruptible(call.kind)) return false;
    bool& last = settings_.interrupted_last.at(static_cast<std::size_t>(call.kind));
    last = !last;
    return last;
  }

  void note_error(TraceIndex at, int error) {
    const std::lock_guard lock{mutex_};
    if (at.round == counts_.round) counts_.trace.at(at.index) += " = " + std::to_string(error);
  }

  mutable std::mutex mutex_;
  Settings settings_;
  Counts counts_;
};

class FaultyFileSystem::FaultyFile final : public io::File {
 public:
  FaultyFile(std::unique_ptr<io::File> below, std::shared_ptr<Script> script, io::OpenMode mode)
      : below_{std::move(below)}, script_{std::move(script)}, mode_{mode} {}

  const std::filesystem::path& path() const override { return below_->path(); }

  io::Result<std::size_t> read_at(std::span<std::byte> buffer,
                                  std::uint64_t offset_bytes) override {
    const auto part = buffer.first(std::min(buffer.size(), script_->read_limit(mode_)));
    CallInfo call = info(Call::read);
    call.offset_bytes = offset_bytes;
    call.size_bytes = buffer.size();
    call.direct = mode_ == io::OpenMode::read_direct;
    return script_->run(call, [&] { return below_->read_at(part, offset_bytes); });
  }

  io::Result<std::size_t> write_at(std::span<const std::byte> data,
                                   std::uint64_t offset_bytes) override {
    const auto part = data.first(std::min(data.size(), script_->write_limit(mode_)));
    CallInfo call = info(Call::write);
    call.offset_bytes = offset_bytes;
    call.size_bytes = data.size();
    call.direct = mode_ == io::OpenMode::write_direct;
    return script_->run(call, [&] { return below_->write_at(part, offset_bytes); });
  }

  int truncate(std::uint64_t size_bytes) override {
    return script_->run(info(Call::truncate, size_bytes), [&] { return below_->truncate(size_bytes); });
  }
  int clone_from(io::File& source) override {
    const auto* const faulty = dynamic_cast<FaultyFile*>(&source);
    return script_->run(info(Call::clone), [&] { return below_->clone_from(faulty ? *faulty->below_ : source); });
  }
  io::Result<std::uint64_t> seek_data(std::uint64_t offset_bytes) override {
    return script_->run(info(Call::seek_data, offset_bytes), [&] { return below_->seek_data(offset_bytes); });
  }
  io::Result<std::uint64_t> seek_hole(std::uint64_t offset_bytes) override {
    return script_->run(info(Call::seek_hole, offset_bytes), [&] { return below_->seek_hole(offset_bytes); });
  }
  int punch_hole(io::Extent extent) override {
    CallInfo call = info(Call::punch_hole, extent.offset_bytes);
    call.size_bytes = extent.length_bytes;
    return script_->run(call, [&] { return below_->punch_hole(extent); });
  }

  int sync_data() override {
    return script_->run(info(Call::sync_data), [&] { return below_->sync_data(); });
  }
  int sync_all() override {
    return script_->run(info(Call::sync_all), [&] { return below_->sync_all(); });
  }
  io::Result<io::Stat> stat() override {
    return script_->run(info(Call::fstat), [&] { return below_->stat(); });
  }
  io::Result<std::uint64_t> device_size() override {
    return script_->run(info(Call::device_size), [&] { return below_->device_size(); });
  }
  io::Result<std::uint64_t> device_sequence() override {
    return script_->run(info(Call::device_sequence), [&] { return below_->device_sequence(); });
  }
  int try_lock() override {
    return script_->run(info(Call::lock), [&] { return below_->try_lock(); });
  }
  int drop_cache(io::Extent extent) override {
    return script_->run(info(Call::drop_cache), [&] { return below_->drop_cache(extent); });
  }
  io::Result<bool> is_cached(io::Extent extent) override {
    return script_->run(info(Call::is_cached), [&] { return below_->is_cached(extent); });
  }
  io::Result<bool> is_dirty() override {
    return script_->run(info(Call::is_dirty), [&] { return below_->is_dirty(); });
  }
  int allocate(io::Extent extent) override {
    CallInfo call = info(Call::allocate, extent.offset_bytes);
    call.size_bytes = extent.length_bytes;
    return script_->run(call, [&] { return below_->allocate(extent); });
  }
  int expect_random() override {
    return script_->run(info(Call::expect_random), [&] { return below_->expect_random(); });
  }
  int set_owner(io::Owner owner) override {
    return script_->run(info(Call::set_owner), [&] { return below_->set_owner(owner); });
  }
  int set_mode(std::uint32_t mode) override {
    return script_->run(info(Call::set_mode), [&] { return below_->set_mode(mode); });
  }
  int set_times(io::Times times) override {
    return script_->run(info(Call::set_times), [&] { return below_->set_times(times); });
  }
  io::Result<std::vector<std::string>> xattr_names() override {
    return script_->run(info(Call::xattr_names), [&] { return below_->xattr_names(); });
  }
  io::Result<std::vector<std::byte>> xattr(const std::string& name) override {
    return script_->run(info(Call::xattr), [&] { return below_->xattr(name); });
  }
  int set_xattr(const std::string& name, std::span<const std::byte> value) override {
    return script_->run(info(Call::set_xattr), [&] { return below_->set_xattr(name, value); });
  }
  int remove_xattr(const std::string& name) override {
    return script_->run(info(Call::remove_xattr), [&] { return below_->remove_xattr(name); });
  }
  int close() override {
    return script_->run(info(Call::close), [&] { return below_->close(); });
  }

 private:
  [[nodiscard]] CallInfo info(Call kind, std::uint64_t offset_bytes = 0) const {
    CallInfo call;
    call.kind = kind;
    call.path = below_->path();
    call.offset_bytes = offset_bytes;
    return call;
  }

  std::unique_ptr<io::File> below_;
  std::shared_ptr<Script> script_;
  io::OpenMode mode_;
};

class FaultyFileSystem::FaultyDirectory final : public io::Directory {
 public:
  FaultyDirectory(std::unique_ptr<io::Directory> below, std::shared_ptr<Script> script)
      : below_{std::move(below)}, script_{std::move(script)} {}

  const std::filesystem::path& path() const override { return below_->path(); }

  io::Result<std::unique_ptr<io::File>> open(const io::Name& name, io::OpenMode mode) override {
    auto opened = script_->run(info(Call::open, name), [&] { return below_->open(name, mode); });
    if (opened.error == 0) {
      opened.value = std::make_unique<FaultyFile>(std::move(opened.value), script_, mode);
    }
    return opened;
  }

  io::Result<io::Stat> stat(const io::Name& name, io::Links links) override {
    return script_->run(info(Call::dir_stat, name), [&] { return below_->stat(name, links); });
  }
  int check_writable(const io::Name& name) override {
    return script_->run(info(Call::check_writable, name),
                        [&] { return below_->check_writable(name); });
  }
  int rename(const io::Name& from, const io::Name& to) override {
    CallInfo call = info(Call::rename, from);
    call.new_path = below_->path() / to;
    return script_->run(call, [&] { return below_->rename(from, to); });
  }
  int rename_new(const io::Name& from, const io::Name& to) override {
    CallInfo call = info(Call::rename_new, from);
    call.new_path = path() / to;
    return script_->run(call, [&] { return below_->rename_new(from, to); });
  }
  int link(const io::Name& from, const io::Name& to) override {
    CallInfo call = info(Call::link, from);
    call.new_path = path() / to;
    return script_->run(call, [&] { return below_->link(from, to); });
  }
  io::Result<std::vector<io::Name>> names() override {
    return script_->run(info(Call::names), [&] { return below_->names(); });
  }
  int unlink(const io::Name& name) override {
    return script_->run(info(Call::unlink, name), [&] { return below_->unlink(name); });
  }
  int sync() override {
    return script_->run(info(Call::dir_sync), [&] { return below_->sync(); });
  }
  io::Result<io::FsInfo> file_system() override {
    return script_->run(info(Call::fs_info), [&] { return below_->file_system(); });
  }

 private:
  [[nodiscard]] CallInfo info(Call kind, const io::Name& name = {}) const {
    CallInfo call;
    call.kind = kind;
    call.path = name.empty() ? below_->path() : below_->path() / name;
    return call;
  }

  std::unique_ptr<io::Directory> below_;
  std::shared_ptr<Script> script_;
};

FaultyFileSystem::FaultyFileSystem(io::FileSystem& below)
    : below_{below}, script_{std::make_shared<Script>()} {}

FaultyFileSystem::~FaultyFileSystem() = default;

void FaultyFileSystem::add(Fault fault) {
  script_->locked([&](auto& settings, auto&) { settings.faults.push_back({std::move(fault), 0}); });
}

void FaultyFileSystem::set_hook(Hook hook) {
  script_->locked([&](auto& settings, auto&) { settings.hook = std::move(hook); });
}

void FaultyFileSystem::limit_reads(std::size_t bytes) {
  script_->locked([&](auto& settings, auto&) { settings.read_limit = bytes; });
}

void FaultyFileSystem::limit_writes(std::size_t bytes) {
  script_->locked([&](auto& settings, auto&) { settings.write_limit = bytes; });
}

void FaultyFileSystem::interrupt_every_other() {
  script_->locked([](auto& settings, auto&) { settings.interrupts = true; });
}

void FaultyFileSystem::reset() {
  script_->locked([](auto& settings, auto& counts) {
    settings = {};
    const std::uint64_t round = counts.round + 1;
    counts = {};
    counts.round = round;
  });
}

std::uint64_t FaultyFileSystem::calls() const {
  return script_->locked([](auto&, auto& counts) { return counts.all; });
}

std::uint64_t FaultyFileSystem::calls(Call kind) const {
  return script_->locked(
      [&](auto&, auto& counts) { return counts.of_kind.at(static_cast<std::size_t>(kind)); });
}

std::uint64_t FaultyFileSystem::injected() const {
  return script_->locked([](auto&, auto& counts) { return counts.injected; });
}

std::vector<std::string> FaultyFileSystem::trace() const {
  return script_->locked([](auto&, auto& counts) { return counts.trace; });
}

io::Result<std::unique_ptr<io::Directory>> FaultyFileSystem::open_directory(
    const std::filesystem::path& path, io::DirectoryUse use) {
  CallInfo call;
  call.kind = Call::open_directory;
  call.path = path;
  auto opened = script_->run(call, [&] { return below_.open_directory(path, use); });
  if (opened.error == 0) {
    opened.value = std::make_unique<FaultyDirectory>(std::move(opened.value), script_);
  }
  return opened;
}

io::Result<io::Stat> FaultyFileSystem::stat(const std::filesystem::path& path, io::Links links) {
  CallInfo call;
  call.kind = Call::stat;
  call.path = path;
  return script_->run(call, [&] { return below_.stat(path, links); });
}

io::Result<std::filesystem::path> FaultyFileSystem::resolve(const std::filesystem::path& path) {
  CallInfo call;
  call.kind = Call::resolve;
  call.path = path;
  return script_->run(call, [&] { return below_.resolve(path); });
}

std::string FaultyFileSystem::device_user(std::uint64_t rdev) const { return below_.device_user(rdev); }

bool FaultyFileSystem::share_blocks(std::uint64_t rdev, std::uint64_t other_rdev) const {
  return below_.share_blocks(rdev, other_rdev);
}

std::uint32_t FaultyFileSystem::umask() const { return below_.umask(); }

std::uint32_t FaultyFileSystem::user() const { return below_.user(); }

}  // namespace rcopy::test
