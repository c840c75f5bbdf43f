// SPDX-License-Identifier: MIT
#include "support/tree_rig.hpp"

#include "engine/tree_copier.hpp"
#include "support/watchdog.hpp"

namespace rcopy::test {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::int64_t kLongAgo = 1'500'000'000'123'456'789;
constexpr std::int64_t kSecond = 1'000'000'000;

/// Pages of zeros between two of data.
Bytes with_hole() {
  Bytes bytes = content(Seed{56}, kPage);
  bytes.resize(4 * kPage);
  const Bytes end = content(Seed{57}, 100);
  bytes.insert(bytes.end(), end.begin(), end.end());
  return bytes;
}

/// Times of their own for everything below `directory`, the directories last.
void age(MemoryDisk& disk, const std::filesystem::path& directory, std::int64_t& time_ns) {
  for (const std::string& name : disk.list(directory)) {
    const auto path = directory / name;
    const auto kind = disk.look(path, io::Links::nofollow).kind;
    if (kind == io::FileKind::directory) age(disk, path, time_ns);
    else if (kind != io::FileKind::symlink) disk.set_mtime(path, time_ns += kSecond);
  }
  disk.set_mtime(directory, time_ns += kSecond);
}

}  // namespace

std::string TreeCopied::why() const {
  if (thrown) return *thrown;
  return summary.failed.empty() ? "" : summary.failed.front().what();
}

TreeRig::TreeRig(DiskSettings settings) : CopyRig{settings, JournalOn::crash_disk} {
  options.recursion = Recursion::all;
  options.follow = Follow::none;
  options.attributes = kPreserved;
  options.attributes.xattrs = Xattrs::possible;
  options.attributes.hard_links = HardLinks::preserve;
  options.retries = 1;
  options.jobs = 2;
  change_.names_keep_attributes = settings.syncs_whole;
}

TreeRig::TreeRig(const TreeRig& at_rest, Seed seed) : CopyRig{at_rest, seed}, change_{at_rest.change_} {}

void TreeRig::plant() {
  disk.mkdir(kTree);
  for (const char* name : {"sub", "sub/deep", "sub/deep/none", "shut"}) disk.mkdir(kTree / name);
  disk.put(kTree / "a", content(Seed{51}, 5000));
  disk.put(kTree / "block", content(Seed{52}, kPage));
  disk.put(kTree / "empty", {});
  disk.put(kTree / "holes", with_hole());
  disk.put(kTree / "one", content(Seed{53}, 3000));
  disk.put(kTree / "sub/b", content(Seed{54}, 17 * kPage + 1));
  disk.put(kTree / "sub/deep/c", content(Seed{55}, 1));
  disk.put(kTree / "shut/d", content(Seed{58}, 2 * kPage));
  disk.hard_link(kTree / "one", kTree / "sub/two");
  disk.symlink("sub/b", kTree / "link");
  disk.put_special(kTree / "pipe", io::FileKind::fifo);
  disk.set_xattr(kTree / "a", "user.kind", Bytes{"a source"});
  disk.set_mode(kTree / "sub/b", 0444);
  disk.set_mode(kTree / "sub/deep", 0750);
  std::int64_t time_ns = kLongAgo;
  age(disk, kTree, time_ns);
  disk.set_mode(kTree / "shut", 0555);
}

void TreeRig::plant_old() {
  disk.mkdir(kCopy);
  for (const char* name : {"sub", "sub/deep"}) disk.mkdir(kCopy / name);
  disk.put(kCopy / "a", content(Seed{61}, 5000));
  disk.put(kCopy / "block", disk.get(kTree / "block"));
  disk.set_mtime(kCopy / "block", disk.look(kTree / "block").mtime_ns);
  disk.put(kCopy / "one", content(Seed{63}, 100));
  disk.put(kCopy / "sub/two", content(Seed{64}, 3 * kPage));
  disk.put(kCopy / "sub/deep/c", content(Seed{65}, 70'000));
  disk.put(kCopy / "sub/extra", content(Seed{66}, 10));
  disk.symlink("somewhere", kCopy / "link");
}

void TreeRig::remember() {
  disk.remount();
  vfs().reboot();
  change_.fresh = snapshot(disk, kTree);
  change_.old = snapshot(disk, kCopy);
}

TreeCopied TreeRig::copy_tree(io::FileSystem& through, std::stop_token stop) {
  const Watchdog watchdog{label};
  observer = std::make_unique<RecordingObserver>();
  engine::EventSink events{*observer};
  engine::JobReport report{events};
  TreeCopied copied;
  try {
    std::optional<journal::Journal> journal;
    const auto warn = [&](const std::filesystem::path& path, const std::string& text) {
      events.emit(Warning{.path = path, .text = text});
    };
    if (options.journal) journal.emplace(*options.journal, warn, vfs().name());
    const engine::Run run{.fs = through,
                          .journal = journal ? &*journal : nullptr,
                          .options = options,
                          .events = events,
                          .stop = std::move(stop),
                          .rhythm = rhythm};
    engine::TreeCopier copier{run, report};
    copier.copy(kTree, kCopy);
    copier.finish();
  } catch (const std::exception& error) {
    copied.thrown = error.what();
  }
  copied.summary = report.take();
  copied.finished = observer->of<TransferFinished>();
  copied.failed = observer->of<TransferFailed>();
  return copied;
}

Broken TreeRig::broken_tree(const TreeCopied& result) {
  const TreeSnapshot now = copy_now();
  Broken broken = broken_names(now, change_);
  append(broken, broken_finished(now, change_, result.finished, kCopy));
  if (result.done()) append(broken, broken_copy(now, change_));
  if (observer->overlapped()) broken.emplace_back("two events came at once");
  return broken;
}

Broken TreeRig::broken_by_next_copy() {
  label += ", the next run";
  const TreeCopied next = copy_tree();
  if (!next.done()) return {"the next run failed: " + next.why()};
  Broken broken = broken_tree(next);
  TreeChange complete = change_;
  complete.names_keep_attributes = true;
  append(broken, broken_copy(copy_now(), complete));
  for (const Warning& warning : observer->of<Warning>()) broken.push_back("the next run warned: " + warning.text);
  return broken;
}

}  // namespace rcopy::test
