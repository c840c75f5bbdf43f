// SPDX-License-Identifier: MIT
//
// The file systems that the contract of the seam is checked on: the kernel's, and each double. A
// world has one empty directory to work in and a hand that makes files without the seam.
#pragma once

#include "io/posix.hpp"
#include "support/catch.hpp"
#include "support/faulty.hpp"
#include "support/memory_disk.hpp"
#include "support/results.hpp"
#include "support/temp_dir.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <system_error>

namespace rcopy::test {

class World {
 public:
  virtual ~World() = default;

  [[nodiscard]] virtual const char* name() const = 0;
  virtual io::FileSystem& fs() = 0;
  /// Absolute and free of symlinks. All names below are relative to it.
  [[nodiscard]] virtual std::filesystem::path root() const = 0;
  virtual void put(const io::Name& name, const Bytes& bytes) = 0;
  [[nodiscard]] virtual Bytes get(const io::Name& name) = 0;
  virtual void mkdir(const io::Name& name) = 0;
  virtual void symlink(const std::filesystem::path& target, const io::Name& name) = 0;
  virtual void hard_link(const io::Name& existing, const io::Name& name) = 0;
  virtual void fifo(const io::Name& name) = 0;
  virtual void set_mode(const io::Name& name, std::uint32_t mode) = 0;
  virtual void move(const io::Name& from, const io::Name& to) = 0;
  virtual void remove(const io::Name& name) = 0;
  /// From now on calls are root's; false where this process is not.
  virtual bool become_root() = 0;
};

class PosixWorld final : public World {
 public:
  const char* name() const override { return "kernel"; }
  io::FileSystem& fs() override { return *fs_; }
  std::filesystem::path root() const override { return directory_.path(); }

  void put(const io::Name& name, const Bytes& bytes) override {
    std::ofstream file{directory_ / name, std::ios::binary | std::ios::trunc};
    file.exceptions(std::ios::failbit | std::ios::badbit);
    file.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  }
  Bytes get(const io::Name& name) override {
    Bytes bytes(std::filesystem::file_size(directory_ / name));
    std::ifstream file{directory_ / name, std::ios::binary};
    file.exceptions(std::ios::failbit | std::ios::badbit);
    file.read(reinterpret_cast<char*>(bytes.data()), std::ssize(bytes));
    return bytes;
  }
  void mkdir(const io::Name& name) override {
    std::filesystem::create_directory(directory_ / name);
  }
  void symlink(const std::filesystem::path& target, const io::Name& name) override {
    std::filesystem::create_symlink(target, directory_ / name);
  }
  void hard_link(const io::Name& existing, const io::Name& name) override {
    std::filesystem::create_hard_link(directory_ / existing, directory_ / name);
  }
  void fifo(const io::Name& name) override {
    if (::mkfifo((directory_ / name).c_str(), 0600) != 0) {
      throw std::system_error{errno, std::generic_category(), "mkfifo"};
    }
  }
  void set_mode(const io::Name& name, std::uint32_t mode) override {
    std::filesystem::permissions(directory_ / name, std::filesystem::perms{mode});
  }
  void move(const io::Name& from, const io::Name& to) override {
    std::filesystem::rename(directory_ / from, directory_ / to);
  }
  void remove(const io::Name& name) override { std::filesystem::remove(directory_ / name); }
  bool become_root() override { return fs_->user() == 0; }

 private:
  TempDir directory_;
  std::unique_ptr<io::FileSystem> fs_ = io::posix_file_system();
};

class MemoryWorld : public World {
 public:
  MemoryWorld() { disk_.mkdir("/w"); }

  const char* name() const override { return "MemoryDisk"; }
  io::FileSystem& fs() override { return disk_; }
  std::filesystem::path root() const override { return "/w"; }

  void put(const io::Name& name, const Bytes& bytes) override { disk_.put(root() / name, bytes); }
  Bytes get(const io::Name& name) override { return disk_.get(root() / name); }
  void mkdir(const io::Name& name) override { disk_.mkdir(root() / name); }
  void symlink(const std::filesystem::path& target, const io::Name& name) override {
    disk_.symlink(target, root() / name);
  }
  void hard_link(const io::Name& existing, const io::Name& name) override {
    disk_.hard_link(root() / existing, root() / name);
  }
  void fifo(const io::Name& name) override { disk_.put_special(root() / name, io::FileKind::fifo); }
  void set_mode(const io::Name& name, std::uint32_t mode) override {
    disk_.set_mode(root() / name, mode);
  }
  void move(const io::Name& from, const io::Name& to) override {
    disk_.move(root() / from, root() / to);
  }
  void remove(const io::Name& name) override { disk_.remove(root() / name); }
  bool become_root() override {
    disk_.set_user({.uid = 0, .gid = 0});
    return true;
  }

 private:
  MemoryDisk disk_{{.can_clone = true}};
};

/// With nothing scripted the layer must not be noticed.
class FaultyWorld final : public MemoryWorld {
 public:
  const char* name() const override { return "MemoryDisk below FaultyFileSystem"; }
  io::FileSystem& fs() override { return faulty_; }

 private:
  FaultyFileSystem faulty_{MemoryWorld::fs()};
};

enum class WorldKind { posix, memory, faulty };

/// Runs the rest of the test case once in each world.
inline std::unique_ptr<World> every_world() {
  switch (GENERATE(WorldKind::posix, WorldKind::memory, WorldKind::faulty)) {
    case WorldKind::posix: return std::make_unique<PosixWorld>();
    case WorldKind::memory: return std::make_unique<MemoryWorld>();
    case WorldKind::faulty: break;
  }
  return std::make_unique<FaultyWorld>();
}

inline std::unique_ptr<io::Directory> root_of(World& world) {
  return good(world.fs().open_directory(world.root(), io::DirectoryUse::change_names));
}

inline Bytes read(io::File& file, std::size_t size_bytes, std::uint64_t offset_bytes = 0) {
  Bytes bytes(size_bytes);
  bytes.resize(good(file.read_at(bytes, offset_bytes)));
  return bytes;
}

inline void write(io::File& file, const Bytes& bytes, std::uint64_t offset_bytes = 0) {
  REQUIRE(good(file.write_at(bytes, offset_bytes)) == bytes.size());
}

}  // namespace rcopy::test
