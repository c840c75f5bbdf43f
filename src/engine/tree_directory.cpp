// SPDX-License-Identifier: MIT
#include "engine/tree_directory.hpp"

#include "engine/attributes.hpp"
#include "engine/identity.hpp"

#include <cerrno>
#include <utility>

namespace rcopy::engine {
namespace {

io::Stat stat_of(io::Directory& directory) {
  const auto found = io::find(directory, ".");
  if (!found) io::fail("stat", directory.path(), ENOENT);
  return *found;
}

/// One that may not be read has attributes all the same.
std::unique_ptr<io::File> open_for_attributes(io::Directory& directory) {
  auto opened = directory.open(".", io::OpenMode::read_back);
  return opened.error == 0 ? std::move(opened.value) : io::open(directory, ".", io::OpenMode::attributes);
}

}  // namespace

TreeSide::TreeSide(std::shared_ptr<io::Directory> handle, io::Name name, std::filesystem::path shown,
                   std::shared_ptr<const Volume> volume)
    : handle_{std::move(handle)},
      name_{std::move(name)},
      shown_{std::move(shown)},
      volume_{std::move(volume)},
      stat_{stat_of(*handle_)} {}

std::shared_ptr<io::Directory> TreeSide::handle() const {
  const std::lock_guard lock{mutex_};
  return handle_;
}

void TreeSide::renew(std::shared_ptr<io::Directory> handle) {
  // The device has another number after each plug.
  const bool numbered = volume_->fs.stable_inodes;
  if (numbered && stat_of(*handle).inode != stat_.inode) io::fail("use the directory", handle->path(), ESTALE);
  const std::lock_guard lock{mutex_};
  handle_ = std::move(handle);
}

TreeDirectory::TreeDirectory(TreeDirectoryPtr above, std::unique_ptr<TreeSide> source,
                             std::unique_ptr<TreeSide> destination, std::filesystem::path relative, DestinationState state,
                             std::shared_ptr<TreeJob> job)
    : above_{std::move(above)},
      source_{std::move(source)},
      destination_{std::move(destination)},
      relative_{std::move(relative)},
      state_{state},
      job_{std::move(job)} {}

bool TreeDirectory::is_behind_symlink() const {
  return above_ && destination_->handle()->path() != above_->destination().handle()->path() / destination_->name();
}

void TreeDirectory::renew(io::FileSystem& fs) {
  if (above_) above_->renew(fs);
  const auto opened = [&](const TreeSide& side, const TreeSide* above) -> std::shared_ptr<io::Directory> {
    if (above != nullptr) return io::open_directory(*above->handle(), side.name(), io::DirectoryUse::change_names);
    return io::open_directory(fs, side.handle()->path(), io::DirectoryUse::change_names);
  };
  source_->renew(opened(*source_, above_ ? &above_->source() : nullptr));
  destination_->renew(opened(*destination_, above_ && !is_behind_symlink() ? &above_->destination() : nullptr));
}

void TreeDirectory::check_still_there(io::FileSystem& fs) const {
  check_still_named(fs);
  if (above_) above_->check_still_there(fs);
}

void TreeDirectory::check_still_named(io::FileSystem& fs) const {
  const auto ours = destination_->handle();
  const auto opened = io::find(*ours, ".");
  const bool by_name = above_ && !is_behind_symlink();
  const auto named = by_name ? io::find(*above_->destination().handle(), destination_->name())
                             : io::find(fs, ours->path(), io::Links::follow);
  if (!opened || !named || !same_file(*opened, *named)) {
    throw Error{{.code = ErrorCode::io,
                 .operation = "publish in",
                 .path = ours->path(),
                 .reason = "it was moved or replaced while it was copied, so put that back first"}};
  }
}

void TreeDirectory::sync_name() {
  if (!above_ || origin() == Origin::found || name_durable_) return;  // the name of a root is durable from the start
  above_->sync_name();
  io::sync(*above_->destination().handle());
  name_durable_ = true;
}

void TreeDirectory::set_attributes(io::FileSystem& fs, const Options& options, EventSink& events) const {
  if (origin() == Origin::given) return;
  Source source;
  source.path = source_->handle()->path();
  source.directory = source_->handle();
  source.file = open_for_attributes(*source.directory);
  source.stat = source_->stat();
  source.fs = source_->volume().fs;
  Place place;
  place.named = destination_->shown();
  place.directory = destination_->handle();
  place.name = ".";
  place.in_new_directory = origin() == Origin::made;
  place.fs = destination_->volume().fs;
  const auto file = open_for_attributes(*place.directory);
  engine::set_attributes(fs, *file, place, source, options, events);
}

bool FinishedDirectories::wait_for_fewer(std::size_t most, const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, stop, [&] { return open_ < most || !finished_.empty(); });
  return open_ < most || finished_.empty();
}

void FinishedDirectories::closed() {
  const std::lock_guard lock{mutex_};
  --open_;
  changed_.notify_all();
}

TreeDirectoryPtr FinishedDirectories::watch(std::unique_ptr<TreeDirectory> directory) {
  {
    const std::lock_guard lock{mutex_};
    ++open_;
  }
  return {directory.release(), [this](TreeDirectory* last) {
            const std::lock_guard lock{mutex_};
            finished_.emplace_back(last);
            changed_.notify_all();
          }};
}

std::unique_ptr<TreeDirectory> FinishedDirectories::take() {
  const std::lock_guard lock{mutex_};
  if (finished_.empty()) return nullptr;
  auto first = std::move(finished_.front());
  finished_.pop_front();
  return first;
}

}  // namespace rcopy::engine
