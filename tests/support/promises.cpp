// SPDX-License-Identifier: MIT
#include "support/promises.hpp"

#include <iostream>
#include <malloc.h>
#include <stdexcept>

namespace rcopy::test {
namespace {

constexpr std::uint64_t kShownInWords = 10;

/// Each copy needs megabytes for a moment; a new page from the kernel costs more than its use.
const bool kKeepsFreedMemory = mallopt(M_MMAP_THRESHOLD, 256 << 20) != 0 && mallopt(M_TRIM_THRESHOLD, 512 << 20) != 0;

bool is_device(const CopyRig& rig, const std::filesystem::path& path) {
  return rig.disk.exists(path) && rig.disk.look(path).kind == io::FileKind::block_device;
}

bool holds(const CopyRig& rig, const std::filesystem::path& path, const Bytes& bytes) {
  const auto is_so = [&](View view) {
    const bool fits = is_device(rig, path) || rig.disk.size_of(path, view) == bytes.size();
    return fits && rig.disk.begins_with(path, bytes, view);
  };
  return rig.disk.exists(path) && is_so(View::durable) && is_so(View::cached);
}

void check_mode(const CopyRig& rig, const Contents& contents, Broken& broken) {
  if (!contents.mode || rig.disk.look(kDestination).mode == *contents.mode) return;
  broken.emplace_back("the new content has its name, but not the mode that belongs to it");
}

/// Promises 1 and 3.
void check_final_name(const CopyRig& rig, const Contents& contents, const Copied& result, Broken& broken) {
  const bool is_new = holds(rig, kDestination, contents.fresh);
  const bool none = !rig.disk.exists(kDestination);
  const bool is_old = contents.old != nullptr ? holds(rig, kDestination, *contents.old) : none;
  const bool in_place = contents.writing == Writing::in_place;
  if (!is_new && !is_old && !in_place) broken.emplace_back("the final name holds neither the old nor the new content");
  if (is_new && (!in_place || result.done())) check_mode(rig, contents, broken);
  const auto& backup = contents.backup;
  if (is_new && backup && !holds(rig, backup->path, backup->bytes)) broken.emplace_back("the backup is lost");
  if (result.done() && !is_new) broken.emplace_back("success was reported and the copy is not there for good");
}

std::string positions(const journal::Row& row) {
  return " (transferred " + std::to_string(row.transferred_bytes) + ", durable " + std::to_string(row.durable_bytes) +
         ", " + std::string{to_text(row.status)} + ")";
}

/// The row by itself, and its hash, which is one of bytes that were read from the source.
std::string row_problem(const journal::Row& row, const Bytes& source) {
  if (row.transferred_bytes > source.size() || row.durable_bytes > row.transferred_bytes) return "impossible positions";
  if (row.transferred_bytes % kMiB != 0 && row.transferred_bytes != source.size()) return "no checkpoint is there";
  const auto claimed = std::span<const std::byte>{source}.first(row.transferred_bytes);
  if (!row.file_hash && row.verified_by == "none" && row.status != journal::Status::in_progress) return {};  // a clone
  if (row.transferred_bytes > 0 && row.file_hash != digest_of(claimed)) return "another hash than the source's";
  return {};
}

/// The durable bytes, on the medium, in the file that the row means.
std::string durable_problem(const CopyRig& rig, const journal::Row& row, const Contents& contents) {
  if (row.durable_bytes == 0) return {};
  const auto is_meant = [&](const std::filesystem::path& path) {
    return rig.disk.exists(path) && rig.disk.look(path).inode == row.partial.inode;
  };
  const auto& holder = is_meant(kPartial) ? kPartial : kDestination;
  if (!is_device(rig, holder) && !is_meant(holder)) return "no file has the durable bytes";
  if (rig.disk.size_of(holder, View::durable) < row.durable_bytes) return "fewer bytes are durable than claimed";
  Bytes claimed{std::span<const std::byte>{contents.fresh}.first(row.durable_bytes)};
  bool same = rig.disk.begins_with(holder, claimed, View::durable);
  if (const auto spot = contents.bad_spot_bytes; !same && spot && *spot < claimed.size()) {
    claimed[*spot] ^= std::byte{1};
    same = rig.disk.begins_with(holder, claimed, View::durable);
  }
  return same ? std::string{} : "the durable bytes are not the source's";
}

}  // namespace

void append(Broken& broken, const Broken& more) { broken.insert(broken.end(), more.begin(), more.end()); }

Broken broken_claims(const CopyRig& rig, const Contents& contents) {
  try {
    const auto row = rig.row();
    if (!row) return {};
    Broken broken;
    for (const std::string& problem : {row_problem(*row, contents.fresh), durable_problem(rig, *row, contents)}) {
      if (!problem.empty()) broken.push_back("the journal claims too much: " + problem + positions(*row));
    }
    return broken;
  } catch (const std::exception& error) {
    return {std::string{"the journal cannot be read: "} + error.what()};
  }
}

void check_claims(const CopyRig& rig, const Bytes& source) {
  const Broken broken = broken_claims(rig, {.fresh = source});
  if (!broken.empty()) throw std::logic_error{broken.front()};
}

Broken broken_promises(const CopyRig& rig, const Contents& contents, const Copied& result) {
  Broken broken = broken_claims(rig, contents);
  check_final_name(rig, contents, result, broken);
  return broken;
}

Broken broken_by_next_run(CopyRig& rig, const Contents& contents) {
  const Copied next = rig.copy();
  if (!next.done()) return {std::string{"the next run failed: "} + next.error->what()};
  Broken broken;
  if (!holds(rig, kDestination, contents.fresh)) broken.emplace_back("the next run left other content");
  if (broken.empty()) check_mode(rig, contents, broken);
  const std::size_t wanted = contents.backup ? 2 : 1;
  if (rig.disk.list(kDestination.parent_path()).size() != wanted) broken.emplace_back("the next run left a file behind");
  if (contents.backup && !holds(rig, contents.backup->path, contents.backup->bytes)) {
    broken.emplace_back("the next run lost the backup");
  }
  const unsigned allowed = contents.bad_spot_bytes ? 2 : 1;  // a mismatch would be found, but must not be there
  if (next.summary->attempts > allowed) broken.emplace_back("the next run found wrong bytes in what was kept");
  for (const Warning& warning : rig.observer->of<Warning>()) broken.push_back("the next run warned: " + warning.text);
  return broken;
}

void Tally::count(std::string_view where, const Broken& broken) {
  ++cases_;
  if (broken.empty()) return;
  ++broken_;
  if (broken_ > kShownInWords) return;
  for (const std::string& promise : broken) {
    std::cout << "broken: " << what_ << ", " << where << ": " << promise << std::endl;
  }
}

void Tally::print() const {
  std::cout << what_ << ": " << cases_ << " cases, broken promises: " << broken_;
  if (kEveryCase > 1) std::cout << " (under a sanitizer one case of " << kEveryCase << ")";
  std::cout << std::endl;
}

void Tally::add(const Tally& other) {
  cases_ += other.cases_;
  broken_ += other.broken_;
}

}  // namespace rcopy::test
