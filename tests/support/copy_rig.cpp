// SPDX-License-Identifier: MIT
#include "support/copy_rig.hpp"

#include <stdexcept>
#include <string>

namespace rcopy::test {

namespace {

const std::filesystem::path kJournalDirectory = "/state";

}  // namespace

CopyRig::CopyRig(DiskSettings settings, JournalOn where)
    : disk{settings}, directory_{std::make_shared<TempDir>(TempPlace::memory)} {
  options.journal = journal_path();
  options.retry_wait = std::chrono::milliseconds{0};
  disk.mkdir("/src");
  disk.mkdir("/dst");
  if (where == JournalOn::real_files) return;
  disk.mkdir(kJournalDirectory);
  vfs_ = std::make_unique<SeamVfs>(disk, kJournalDirectory);
}

CopyRig::CopyRig(const CopyRig& at_rest, Seed seed)
    : disk{at_rest.disk, seed},
      options{at_rest.options},
      rhythm{at_rest.rhythm},
      directory_{at_rest.directory_},
      vfs_{std::make_unique<SeamVfs>(disk, kJournalDirectory)} {}

void CopyRig::restore_power(Loss loss, JournalLoss journal_loss) {
  if (journal_loss == JournalLoss::nothing) disk.write_back(kJournalDirectory);
  disk.restore_power(loss);
  if (vfs_) vfs_->reboot();
}

Copied CopyRig::copy(io::FileSystem& through, std::stop_token stop) {
  observer = std::make_unique<RecordingObserver>();
  observer->answer(answer);
  engine::EventSink events{*observer};
  std::optional<journal::Journal> journal;
  const auto warn = [&](const std::filesystem::path& path, const std::string& text) {
    events.emit(Warning{.path = path, .text = text});
  };
  try {
    if (options.journal) journal.emplace(*options.journal, warn, vfs_name());
    journal_opened();
    const engine::Run run{.fs = through,
                          .journal = journal ? &*journal : nullptr,
                          .options = options,
                          .events = events,
                          .stop = std::move(stop),
                          .rhythm = rhythm,
                          .target = target};
    return {.summary = engine::transfer_file(run, kSource, kDestination), .error = {}};
  } catch (const Error& error) {
    return {.summary = {}, .error = error};
  }
}

namespace {

journal::Journal open_journal(const std::filesystem::path& path, const char* vfs) {
  const auto refuse = [](const std::filesystem::path&, const std::string& text) {
    throw std::logic_error{"the journal warned: " + text};
  };
  return journal::Journal{path, refuse, vfs};
}

}  // namespace

std::optional<journal::Row> CopyRig::row() const {
  return open_journal(journal_path(), vfs_name()).find(kDestination);
}

void CopyRig::put_row(journal::Row row) const {
  open_journal(journal_path(), vfs_name()).put(row, journal::Commit::process);
}

hash::Digest digest_of(std::span<const std::byte> data) {
  hash::Hasher hasher;
  hasher.update(data);
  return hasher.digest();
}

}  // namespace rcopy::test
