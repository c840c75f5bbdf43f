// SPDX-License-Identifier: MIT
#include "support/copy_rig.hpp"

#include <cstring>
#include <stdexcept>
#include <string>

namespace rcopy::test {

CopyRig::CopyRig(DiskSettings settings) : disk{settings} {
  options.journal = journal_path();
  options.retry_wait = std::chrono::milliseconds{0};
  disk.mkdir("/src");
  disk.mkdir("/dst");
}

Copied CopyRig::copy(io::FileSystem& through, std::stop_token stop) {
  observer = std::make_unique<RecordingObserver>();
  engine::EventSink events{*observer};
  std::optional<journal::Journal> journal;
  if (options.journal) {
    journal.emplace(*options.journal, [&](const std::filesystem::path& path, const std::string& text) {
      events.emit(Warning{.path = path, .text = text});
    });
  }
  const engine::Run run{.fs = through,
                        .journal = journal ? &*journal : nullptr,
                        .options = options,
                        .events = events,
                        .stop = std::move(stop),
                        .rhythm = rhythm};
  try {
    return {.summary = engine::transfer_file(run, kSource, kDestination), .error = {}};
  } catch (const Error& error) {
    return {.summary = {}, .error = error};
  }
}

namespace {

journal::Journal open_journal(const std::filesystem::path& path) {
  return journal::Journal{path, [](const std::filesystem::path&, const std::string& text) {
                            throw std::logic_error{"the journal warned: " + text};
                          }};
}

}  // namespace

std::optional<journal::Row> CopyRig::row() const { return open_journal(journal_path()).find(kDestination); }

void CopyRig::put_row(journal::Row row) const { open_journal(journal_path()).put(row, journal::Commit::process); }

hash::Digest digest_of(std::span<const std::byte> data) {
  hash::Hasher hasher;
  hasher.update(data);
  return hasher.digest();
}

void check_claims(const CopyRig& rig, std::span<const std::byte> source) {
  const auto row = rig.row();
  if (!row || row->transferred_bytes == 0) return;
  const auto say = [&](const std::string& what) {
    throw std::logic_error{what + ": transferred " + std::to_string(row->transferred_bytes) + ", durable " +
                           std::to_string(row->durable_bytes)};
  };
  if (row->transferred_bytes > source.size() || row->durable_bytes > row->transferred_bytes) say("impossible row");
  if (row->file_hash != digest_of(source.first(row->transferred_bytes))) say("wrong file_hash");
  if (row->transferred_bytes % kMiB != 0 && row->transferred_bytes != source.size()) say("no checkpoint there");
  const bool published = row->status == journal::Status::complete || !rig.disk.exists(kPartial);
  const auto& holder = published ? kDestination : kPartial;
  if (!rig.disk.exists(holder)) say("nothing holds the durable bytes");
  const Bytes kept = rig.disk.get(holder, View::durable);
  if (kept.size() < row->durable_bytes) say("fewer bytes are durable than claimed");
  if (row->durable_bytes > 0 && std::memcmp(kept.data(), source.data(), row->durable_bytes) != 0) {
    say("the durable bytes are not the source's");
  }
}

}  // namespace rcopy::test
