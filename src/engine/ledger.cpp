// SPDX-License-Identifier: MIT
//
// Order matters here: what destroys bytes happens after the claim on them is gone for good, and a
// claim is written after its bytes are safe.
#include "engine/ledger.hpp"

#include <rcopy/version.hpp>

#include <chrono>
#include <utility>

namespace rcopy::engine {

const char* to_text(Verify how) {
  switch (how) {
    case Verify::medium: return "medium";
    case Verify::cache: return "cache";
    case Verify::none: break;
  }
  return "none";
}

std::int64_t unix_now() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

template <class Action>
void Ledger::guarded(Action action) {
  if (journal_ == nullptr) return;
  try {
    action(*journal_);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::journal || !begun_) throw;
    const auto path = journal_->path();
    journal_ = nullptr;
    ErrorInfo info = error.info();
    if (info.path == path) info.path.clear();  // the warning names it
    events_.emit(Warning{.path = path,
                         .text = std::string{Error{std::move(info)}.what()} +
                                 "; the copy goes on, but a later run cannot continue it from here"});
  }
}

std::optional<journal::Row> Ledger::load(const std::filesystem::path& dest_path) {
  std::optional<journal::Row> found;
  guarded([&](journal::Journal& journal) { found = journal.find(dest_path); });
  if (journal_ == nullptr && begun_ && row_.dest_path == dest_path) found = row_;
  if (found) row_ = *found;
  return found;
}

void Ledger::begin(journal::Row row) {
  row_ = std::move(row);
  row_.rcopy_version = kVersion;
  write(journal::Commit::power_cut);
  begun_ = true;
}

void Ledger::move_positions(const Position& transferred, const Position& durable) {
  row_.transferred_bytes = transferred.offset_bytes;
  row_.file_hash = transferred.hasher.digest();
  row_.hash_state = transferred.hasher.save();
  if (durable.offset_bytes != row_.durable_bytes || row_.durable_hash_state.empty()) {
    row_.durable_bytes = durable.offset_bytes;
    row_.durable_hash_state = durable.hasher.save();
  }
}

journal::Written Ledger::checkpoint(const Position& transferred, const Position& durable) {
  move_positions(transferred, durable);
  auto written = journal::Written::yes;
  guarded([&](journal::Journal& journal) {
    written = journal.checkpoint(row_.id, {.transferred_bytes = row_.transferred_bytes,
                                           .file_hash = *row_.file_hash,
                                           .hash_state = row_.hash_state,
                                           .durable_bytes = row_.durable_bytes,
                                           .durable_hash_state = row_.durable_hash_state,
                                           .partial = row_.partial});
  });
  return written;
}

void Ledger::settle(const Position& transferred, const Position& durable) {
  move_positions(transferred, durable);
  write(journal::Commit::power_cut);
}

void Ledger::forget_window() {
  const auto durable = hash::Hasher::peek(row_.durable_hash_state);
  row_.transferred_bytes = durable ? row_.durable_bytes : 0;
  row_.durable_bytes = row_.transferred_bytes;
  row_.file_hash = durable ? std::optional{durable->digest} : std::nullopt;
  row_.hash_state = row_.durable_hash_state;
  write(journal::Commit::power_cut);
}

void Ledger::copied(const Position& end, const journal::ContentTimes& times) {
  move_positions(end, end);
  row_.status = journal::Status::copied;
  row_.content = times;
  write(journal::Commit::process);
}

void Ledger::verified(Verify how, const journal::ContentTimes& times) {
  row_.status = journal::Status::verified;
  row_.verified_by = to_text(how);
  row_.content = times;
  // Before the rename: otherwise a power cut after it leaves a row that looks for the partial.
  write(journal::Commit::power_cut);
}

void Ledger::cloned(const std::optional<hash::Digest>& digest, Verify how,
                    const journal::ContentTimes& times) {
  row_.transferred_bytes = row_.durable_bytes = row_.total_bytes;
  row_.file_hash = digest;
  verified(how, times);
}

void Ledger::complete(const journal::PartialIdentity& destination, const journal::ContentTimes& times) {
  row_.status = journal::Status::complete;
  row_.partial = destination;
  row_.content = times;
  row_.completed_at = unix_now();
  row_.last_error.clear();
  write(journal::Commit::process);
}

void Ledger::reset(journal::Status status, const std::string& why) {
  row_.transferred_bytes = 0;
  row_.durable_bytes = 0;
  row_.file_hash.reset();
  row_.hash_state.clear();
  row_.durable_hash_state.clear();
  row_.status = status;
  row_.verified_by.clear();
  row_.completed_at = 0;
  row_.last_error = why;
  write(journal::Commit::power_cut);
}

void Ledger::note_error(const std::string& text) {
  row_.last_error = text;
  write(journal::Commit::process);
}

void Ledger::write(journal::Commit commit) {
  row_.updated_at = unix_now();
  guarded([&](journal::Journal& journal) { journal.put(row_, commit); });
}

}  // namespace rcopy::engine
