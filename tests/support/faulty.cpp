// SPDX-License-Identifier: MIT
//
// The three wrappers only describe their calls to the script, which decides what happens to them.
#include "support/faulty.hpp"

#include "support/faulty_script.hpp"

namespace rcopy::test {

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
  int try_share() override {
    return script_->run(info(Call::lock), [&] { return below_->try_share(); });
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

  io::Result<std::unique_ptr<io::Directory>> open_directory(const io::Name& name, io::DirectoryUse use) override {
    auto opened = script_->run(info(Call::open_dir_at, name), [&] { return below_->open_directory(name, use); });
    if (opened.error == 0) opened.value = std::make_unique<FaultyDirectory>(std::move(opened.value), script_);
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
  int link(const io::Name& from, io::Directory& to_directory, const io::Name& to) override {
    CallInfo call = info(Call::link, from);
    call.new_path = to_directory.path() / to;
    const auto* const faulty = dynamic_cast<FaultyDirectory*>(&to_directory);
    return script_->run(call, [&] { return below_->link(from, faulty ? *faulty->below_ : to_directory, to); });
  }
  int make_directory(const io::Name& name, std::uint32_t mode) override {
    return script_->run(info(Call::make_directory, name), [&] { return below_->make_directory(name, mode); });
  }
  int make_symlink(const std::filesystem::path& target, const io::Name& name) override {
    return script_->run(info(Call::make_symlink, name), [&] { return below_->make_symlink(target, name); });
  }
  int make_node(const io::Name& name, const io::Node& node) override {
    return script_->run(info(Call::make_node, name), [&] { return below_->make_node(name, node); });
  }
  io::Result<std::filesystem::path> read_link(const io::Name& name) override {
    return script_->run(info(Call::read_link, name), [&] { return below_->read_link(name); });
  }
  io::Result<std::vector<io::Entry>> entries() override {
    return script_->run(info(Call::entries), [&] { return below_->entries(); });
  }
  int unlink(const io::Name& name) override {
    return script_->run(info(Call::unlink, name), [&] { return below_->unlink(name); });
  }
  int sync() override {
    return script_->run(info(Call::dir_sync), [&] { return below_->sync(); });
  }
  int sync_file_system() override {
    return script_->run(info(Call::sync_fs), [&] { return below_->sync_file_system(); });
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
