// SPDX-License-Identifier: MIT
//
// The seven steps. What each crash leaves behind is in docs/durability.md, in the same order.
#include "engine/attempt.hpp"

#include "base/text.hpp"
#include "engine/attributes.hpp"
#include "engine/backup.hpp"
#include "engine/data_finder.hpp"
#include "engine/identity.hpp"
#include "engine/pipeline.hpp"
#include "engine/publish.hpp"
#include "engine/verifier.hpp"

#include <array>
#include <cerrno>

namespace rcopy::engine {
namespace {

Verify verify_from_text(const std::string& text) {
  if (text == "medium") return Verify::medium;
  return text == "cache" ? Verify::cache : Verify::none;
}

Error not_mounted(const std::filesystem::path& destination, const std::filesystem::path& point, Presence now) {
  const std::string text = base::quoted(point);
  return Error{{.code = ErrorCode::not_mounted,
                .operation = "copy to",
                .path = destination,
                .reason = now == Presence::unmounted
                              ? "the file system that was mounted on " + text + " before is not mounted now"
                              : "another file system is mounted on " + text + " than when this copy was begun"}};
}

}  // namespace

Attempt::Attempt(const Run& run, Ledger& ledger, const Route& route, AttemptOrder order)
    : run_{run}, ledger_{ledger}, route_{route}, order_{std::move(order)} {}

AttemptEnd Attempt::run() {
  run_.events.counters().file.set(route_.source());
  source_ = route_.open_source();
  start_counters();
  place_ = route_.resolve_place(source_);
  check_still_device();
  row_ = ledger_.load(place_->path());
  check_mount();
  if (up_to_date() || keeps_existing()) return AttemptEnd::done;
  if (!is_published()) check_replaceable(*place_, run_.options);
  if (!is_published()) check_backup(*place_, source_, run_.options);
  if (run_.options.execution == Execution::dry) return tell_plan();
  lock_and_plan();
  say_in_place();
  warn_of_users();
  switch (plan_.entry) {
    case Entry::copy: return enter_at_copy();
    case Entry::verify:
      announce(ledger_.row().total_bytes);
      begin(continued_row());
      return enter_at_verify();
    case Entry::publish:
      announce(ledger_.row().total_bytes);
      begin(continued_row());
      return enter_at_publish();
    case Entry::finish:
    case Entry::nothing: enter_at_finish(); return AttemptEnd::done;
  }
  return AttemptEnd::done;
}

AttemptEnd Attempt::tell_plan() {
  summary_ = {.source = route_.source(),
              .destination = place_->path(),
              .outcome = Outcome::planned,
              .total_bytes = source_.stat.size_bytes,
              .file_hash = {},
              .reason = plan_.reason};
  return AttemptEnd::done;
}

void Attempt::start_counters() const {
  phase(Phase::checking);
  Counters& counters = run_.events.counters();
  counters.total_bytes = source_.stat.size_bytes;
  for (auto* const bytes : {&counters.resumed_bytes, &counters.written_bytes, &counters.durable_bytes,
                            &counters.same_bytes, &counters.to_check_bytes, &counters.checked_bytes,
                            &counters.verified_bytes}) {
    *bytes = 0;
  }
}

std::filesystem::path Attempt::destination() const { return place_ ? place_->path() : route_.destination(); }

void Attempt::failed(const Error& error, Next next) {
  if (!partial_) return;
  if (begun_) ledger_.note_error(error.what());
  const bool empty = partial_->created() && (!begun_ || ledger_.row().transferred_bytes == 0);
  const bool lost = next == Next::another_run && run_.journal == nullptr;
  try {
    if (empty || lost) {
      partial_->remove();
    } else {
      give_back_room();
    }
  } catch (const Error&) {
    // The error that ended the attempt is the one to report; a partial left over does no harm.
  }
}

std::optional<std::uint64_t> Attempt::kept_bytes() const {
  if (partial_ && partial_->lost()) return 0;
  if (begun_) return ledger_.row().transferred_bytes;
  if (!partial_) {
    // What the absent file system keeps is there when it is.
    return absent_ && row_ && row_->status != journal::Status::complete ? std::optional{row_->transferred_bytes}
                                                                        : std::nullopt;
  }
  const bool keeps = plan_.entry != Entry::copy || plan_.keep != Keep::nothing;
  return row_ && keeps && !is_published() ? row_->transferred_bytes : 0;
}

void Attempt::begin(journal::Row row) {
  ledger_.begin(std::move(row));
  begun_ = true;
}

/// Before anything is touched: what the user wants to write to may be a stick that is not there.
void Attempt::check_mount() {
  if (place_->on_device) return;
  const Presence now = presence(known_mount(), place_->mount);
  const bool finished = row_ && row_->status == journal::Status::complete;
  if (now == Presence::same || (now == Presence::other && finished)) return;
  absent_ = known_mount();
  throw not_mounted(place_->path(), absent_->point, now);
}

journal::MountIdentity Attempt::known_mount() const {
  if (row_ && plan_options().resume != Resume::never) return row_->mount;
  if (!order_.mount.point.empty()) return order_.mount;
  // A file that is new has no row, and the mount may have gone since the job began.
  const bool in_job_directory = run_.directory && run_.directory->directory == place_->directory->path();
  return in_job_directory ? run_.directory->mount : journal::MountIdentity{};
}

std::optional<Anchor> Attempt::source_anchor() const {
  if (!source_.file) return std::nullopt;
  return Anchor{.directory = source_.path.parent_path(), .mount = source_.mount};
}

std::optional<Anchor> Attempt::destination_anchor() const {
  if (!place_) return run_.directory;
  return Anchor{.directory = place_->directory->path(), .mount = absent_.value_or(place_->mount)};
}

/// Before the lock, so that an up-to-date file is neither locked nor its directory touched.
bool Attempt::up_to_date() {
  plan_ = make_plan(row_, situation(peek_partial(*place_)), plan_options());
  if (plan_.entry != Entry::nothing || needs_refresh()) return false;
  finish(Outcome::up_to_date, *place_->existing);
  return true;
}

void Attempt::lock_and_plan() {
  partial_.emplace(run_.fs, *place_, row_);
  if (place_->on_device) disk_ = partial_->found().identity.inode;
  // Under the lock everything is looked at again: another rcopy may just have finished.
  row_ = ledger_.load(place_->path());
  place_->existing = io::find(*place_->directory, place_->name);
  if (place_->writing == Writing::beside && begun_in_place()) check_nobody_in_place(*place_);
  const auto kept = partial_->created() ? std::nullopt : std::optional{partial_->found()};
  plan_ = make_plan(row_, situation(kept), plan_options());
}

AttemptEnd Attempt::enter_at_copy() {
  check_may_clone();
  const auto no_space = check_space();
  const Start start = prepare_start();
  announce(start.end.offset_bytes);
  phase(Phase::copying);
  if (clone_instead()) return enter_with_clone();
  if (no_space) throw Error{*no_space};
  UncachedReader source = source_reader();
  const auto old = overwrites() && repairs() ? partial_reader() : nullptr;
  UncachedWriter target{partial_->file(), uncached(partial_name(), partial_->file(), io::OpenMode::write_direct),
                        makes_holes() ? Zeros::hole : Zeros::write};
  allocate_from(start.end.offset_bytes);
  DataFinder data{*source_.file};
  const bool skip = makes_holes() && has_reliable_holes(*source_.file, source_.stat, source_.fs);
  const CopyTask task{.source = source,
                      .target = target,
                      .partial = partial_->file(),
                      .directory = *place_->directory,
                      .start = start.end,
                      .durable = start.durable,
                      .total_bytes = source_.stat.size_bytes,
                      .rhythm = run_.rhythm,
                      .bytes_per_second = run_.options.bytes_per_second,
                      .data = skip ? &data : nullptr,
                      .old = old.get()};
  const auto end = copy_or_shrunk(task);
  if (!end || !source_unchanged()) return start_over_because(source_changed_error());
  phase(Phase::syncing);
  allocated_ = false;  // all of it is used
  cut_tail();
  sync_partial();
  ledger_.copied(*end, partial_->found().times);
  return enter_at_verify();
}

/// What is skipped on a device would keep the bytes that were there.
bool Attempt::makes_holes() const {
  if (place_->on_device || !place_->fs.has_holes) return false;
  const Sparse sparse = run_.options.sparse;
  return sparse == Sparse::always || (sparse == Sparse::automatic && looks_sparse(source_.stat));
}

/// Only a courtesy to others: a file system that keeps its pages fails nothing.
void Attempt::drop_pages() {
  if (pages() == Pages::drop_new || pages() == Pages::drop_all) (void)partial_->file().drop_cache({});
  if (pages() == Pages::drop_all) (void)source_.file->drop_cache({});
}

UncachedReader Attempt::source_reader() const {
  const FileName name{*source_.directory, source_.path.filename()};
  return {*source_.file, uncached(name, *source_.file, io::OpenMode::read_direct), pages()};
}

/// After a write-back that failed, pages can be clean in the cache and absent on the medium.
std::unique_ptr<UncachedReader> Attempt::partial_reader() {
  drop_cache(*place_, *partial_);
  return std::make_unique<UncachedReader>(
      partial_->file(), uncached(partial_name(), partial_->file(), io::OpenMode::read_direct), pages());
}

Pages Attempt::pages() const { return pages_for(run_.options.cache, source_.stat.size_bytes); }

/// Null where it is to be read or written through the page cache.
std::unique_ptr<io::File> Attempt::uncached(const FileName& name, io::File& file, io::OpenMode mode) const {
  if (pages() == Pages::keep) return nullptr;
  return open_uncached(name, file, mode);
}

/// Nothing where the source ended early: that is one of the ways to change.
std::optional<Position> Attempt::copy_or_shrunk(const CopyTask& task) {
  try {
    return copy_bytes(task, ledger_, run_.events.counters(), run_.stop);
  } catch (const Error& error) {
    check_disks_are_there();
    if (error.code() != ErrorCode::source_changed) throw;
    return std::nullopt;
  }
}

AttemptEnd Attempt::enter_at_verify() {
  const Verify how = run_.options.verify;
  check_expected();  // before all of it is read
  if (how != Verify::none && read_back_partial(how) != ledger_.row().file_hash) {
    return start_over_because(mismatch_error());
  }
  drop_pages();
  ledger_.verified(how, partial_->found().times);
  return enter_at_publish();
}

std::optional<hash::Digest> Attempt::read_back_partial(Verify how) {
  phase(Phase::verifying);
  const ReadBack what{.total_bytes = ledger_.row().total_bytes,
                      .how = how,
                      .bytes_per_second = run_.options.bytes_per_second};
  return read_back(*place_, *partial_, what, run_.events, run_.stop);
}

AttemptEnd Attempt::enter_at_publish() {
  know_hash();
  check_expected();
  phase(Phase::publishing);
  publish(run_.fs, route_, *place_, *partial_, source_, run_.options, run_.events);
  // The row first: closing gives up the lock.
  finish(plan_.entry == Entry::copy ? Outcome::copied : Outcome::finished, io::stat(partial_->file()));
  io::close(partial_->file());
  return AttemptEnd::done;
}

/// Renamed already, by a run that was cut short or by another one while this one waited.
void Attempt::enter_at_finish() {
  phase(Phase::publishing);
  // Locking made it, now or in a run that was cut short here. Before the sync of the directory, lest
  // a power cut bring it back; who locks the name anew finds the same to finish.
  partial_->remove();
  finish_publish(*place_);
  finish(plan_.entry == Entry::finish ? Outcome::finished : Outcome::up_to_date, *place_->existing);
}

void Attempt::sync_partial() {
  try {
    io::sync_all(partial_->file());
  } catch (const Error&) {
    // The kernel may have dropped the pages and calls them clean: a second fsync proves nothing.
    ledger_.forget_window();
    throw;
  }
  io::sync(*place_->directory);  // the name, too: see Syncer
  run_.events.counters().durable_bytes = source_.stat.size_bytes;
}

/// By descriptor and by name: a file that replaced the source has another inode.
bool Attempt::source_unchanged() const {
  check_whole();
  const auto begun = source_identity(source_.stat, source_.fs);
  if (source_identity(io::stat(*source_.file), source_.fs) != begun) return false;
  const auto named = route_.find_source(source_);
  if (!named && is_device(source_.stat)) io::fail("stat", route_.source(), ENODEV);
  // A stick that was pulled after its last byte was read is no change.
  if (!named && !answers(run_.fs, *source_anchor(), io::DirectoryUse::look_up)) {
    throw not_mounted(place_->path(), source_.mount.point, Presence::unmounted);
  }
  if (named && is_device(source_.stat)) return same_file(*named, source_.stat);
  return named && source_identity(*named, source_.fs) == begun;
}

/// Files below /proc say 0 bytes and hold more; a copy of what they say would look complete.
void Attempt::check_whole() const {
  std::array<std::byte, 1> beyond{};
  if (io::read_full(*source_.file, beyond, source_.stat.size_bytes) == 0) return;
  if (io::stat(*source_.file).size_bytes != source_.stat.size_bytes) return;  // it grew
  throw Error{{.code = ErrorCode::io,
               .operation = "copy",
               .path = route_.source(),
               .reason = "it holds more bytes than its size says, and only files that tell their size can be copied"}};
}

AttemptEnd Attempt::start_over_because(Error reason) {
  check_disks_are_there();
  const bool last = order_.last;
  // The claims first, so that none outlives its bytes; and while the lock is held.
  ledger_.reset(last ? journal::Status::failed : journal::Status::in_progress, reason.what());
  const bool changed = reason.code() == ErrorCode::source_changed;
  const bool repaired_next = !changed && !last && repairs() && method_ == Method::copied;
  if (!repaired_next) partial_->remove();
  reason_ = std::move(reason);
  return changed ? AttemptEnd::source_changed : AttemptEnd::mismatch;
}

Error Attempt::source_changed_error() const {
  return Error{{.code = ErrorCode::source_changed,
                .operation = "copy",
                .path = route_.source(),
                .reason = "the source changed while it was copied"}};
}

Error Attempt::mismatch_error() {
  std::string text = "the medium gave back other bytes than were written";
  try {
    UncachedReader source = source_reader();
    const ReadPlan whole{.range = {.begin_bytes = 0, .end_bytes = ledger_.row().total_bytes},
                         .bytes_per_second = run_.options.bytes_per_second};
    const auto offset = first_difference(source, *partial_reader(), whole, run_.stop);
    if (offset) {
      text += "; the first differing byte is at " + std::to_string(*offset);
    } else if (!run_.stop.stop_requested()) {
      text += "; a second reading found no difference, so memory or a cable may be failing";
    }
  } catch (const Error&) {
    // Only the diagnosis failed; what was found stays found.
  }
  return Error{{.code = ErrorCode::verify_failed, .operation = "verify", .path = place_->path(), .reason = text}};
}

/// The bytes are there already, but -p is new.
bool Attempt::needs_refresh() const {
  const bool keeps = run_.options.update == Update::none || run_.options.update == Update::none_fail ||
                     run_.options.ask != Ask::never;
  if (!is_published() || place_->on_device || (plan_.entry == Entry::nothing && keeps)) return false;
  return attributes_differ(*place_, source_, run_.options.attributes);
}

void Attempt::finish(Outcome outcome, const io::Stat& destination) {
  know_hash();
  if (is_published()) check_expected();
  io::Stat now = destination;
  const bool refresh = outcome != Outcome::copied && needs_refresh();
  if (refresh) now = refresh_attributes(run_.fs, *place_, source_, run_.options, run_.events);
  if (refresh || outcome != Outcome::up_to_date) {
    ledger_.complete(partial_identity(now, place_->fs), content_times(now, place_->fs));
  }
  if (run_.options.sources == Sources::remove) remove_source();
  const journal::Row& row = ledger_.row();
  summary_ = {.source = route_.source(),
              .destination = place_->path(),
              .named = place_->on_device ? std::filesystem::path{} : place_->named,
              .outcome = outcome,
              .method = method_,
              .total_bytes = row.total_bytes,
              .resumed_bytes = run_.events.counters().resumed_bytes,
              .same_bytes = run_.events.counters().same_bytes,
              .file_hash = row.file_hash ? row.file_hash->hex() : std::string{},
              .verified = verify_from_text(row.verified_by),
              .attempts = order_.number};
}

/// Only what the copy was made of: who wrote to it meanwhile keeps it.
void Attempt::remove_source() const {
  if (is_device(source_.stat)) return;
  const io::Name name = source_.path.filename();
  const auto found = io::find(*source_.directory, name);
  const auto copied = source_identity(source_.stat, source_.fs);
  if (found && source_identity(*found, source_.fs) == copied) io::unlink(*source_.directory, name);
}

/// "Never" is about what earlier runs left, not about what this one copied before an I/O error.
Options Attempt::plan_options() const {
  Options options = run_.options;
  if (options.resume == Resume::never && ledger_.begun()) options.resume = Resume::automatic;
  return options;
}

Situation Attempt::situation(const std::optional<FoundFile>& partial) const {
  const auto& existing = place_->existing;
  return {.source_path = source_.path,
          .source = source_identity(source_.stat, source_.fs),
          .source_kind = source_.stat.kind,
          .partial = partial,
          .destination = existing ? std::optional{found_file(*existing, place_->fs)} : std::nullopt,
          .writing = place_->writing,
          .watched = ledger_.begun()};
}

void Attempt::announce(std::uint64_t offset_bytes) const {
  Counters& counters = run_.events.counters();
  counters.resumed_bytes = offset_bytes;
  counters.written_bytes = offset_bytes;
  counters.durable_bytes = ledger_.row().durable_bytes;
  counters.verified_bytes = 0;
  run_.events.emit(TransferStarted{.source = route_.source(),
                                   .destination = place_->path(),
                                   .total_bytes = source_.stat.size_bytes,
                                   .resume_offset_bytes = offset_bytes,
                                   .attempt = order_.number,
                                   .plan = plan_.reason});
}

}  // namespace rcopy::engine
