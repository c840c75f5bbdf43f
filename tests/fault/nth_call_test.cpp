// SPDX-License-Identifier: MIT
//
// The n-th call of each kind fails, for n = 1, 2, 3 ... until a run passes untouched: with each
// errno its manual page allows, once and for ever, not made and made but reported as failed. The
// calls of the copy, and those that SQLite makes for the journal.
#include "cli/exit_codes.hpp"
#include "support/catch.hpp"
#include "support/faulty.hpp"
#include "support/promises.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <sstream>

namespace rcopy::test {
namespace {

const Bytes kNew = sparse_content(Seed{21}, 2 * kMiB + 77);
const Bytes kHoles = content_with_holes(Seed{23});
const Bytes kOld = sparse_content(Seed{22}, kMiB + 1);

template <class Kind>
struct Plague {
  Kind kind;
  std::vector<int> errors;
};

const std::vector<Plague<Call>> kPlagues{
    {Call::open_directory, {EACCES, EIO, ENOENT, ENOMEM, EMFILE, ESTALE}},
    {Call::stat, {EACCES, EIO, ELOOP, ENOENT, ESTALE, ENOTCONN}},
    {Call::resolve, {EACCES, EIO, ENOENT, ENAMETOOLONG}},
    {Call::open, {EACCES, EIO, EINVAL, ENOENT, EMFILE, ENOSPC, EDQUOT, EROFS, EINTR, ETXTBSY, ESTALE}},
    {Call::dir_stat, {EACCES, EIO, ENOENT, ESTALE}},
    {Call::check_writable, {EACCES, EROFS, EIO, EPERM}},
    {Call::rename, {EACCES, EIO, ENOSPC, EDQUOT, EROFS, EXDEV, EBUSY, EPERM, ESTALE}},
    {Call::rename_new, {EACCES, EIO, ENOSPC, EEXIST, EINVAL, EINTR}},
    {Call::link, {EPERM, EMLINK, EIO, ENOSPC, EACCES, EINTR}},
    {Call::entries, {EIO, ENOMEM, EINTR}},
    {Call::unlink, {EACCES, EIO, ENOENT, EROFS, EBUSY, EPERM}},
    {Call::dir_sync, {EIO, EINVAL, EROFS, ENOSPC, EINTR}},
    {Call::fs_info, {EIO, EINTR, ENOSYS, EACCES}},
    {Call::read, {EIO, EINTR, EAGAIN, EINVAL, ENXIO, ESTALE, ENOTCONN}},
    {Call::write, {EIO, EINTR, EAGAIN, EINVAL, ENOSPC, EDQUOT, EFBIG, EPERM, ENODEV, ESTALE}},
    {Call::sync_data, {EIO, EINTR, ENOSPC, EDQUOT, EROFS}},
    {Call::sync_all, {EIO, EINTR, ENOSPC, EDQUOT, EROFS}},
    {Call::truncate, {EIO, EINTR, EFBIG, EPERM, EROFS}},
    {Call::allocate, {EOPNOTSUPP, ENOSPC, EIO, EINTR}},
    {Call::fstat, {EIO, ENOMEM, ESTALE}},
    {Call::lock, {EWOULDBLOCK, EINTR, ENOLCK, EIO}},
    {Call::drop_cache, {EINVAL, EBADF}},
    {Call::is_cached, {EPERM, ENODEV}},
    {Call::expect_random, {EINVAL}},
    {Call::is_dirty, {ENOSYS, EPERM}},
    {Call::set_owner, {EPERM, EIO, EROFS}},
    {Call::set_mode, {EPERM, EIO, EROFS}},
    {Call::set_times, {EPERM, EIO, EACCES}},
    {Call::xattr_names, {EIO, ENOTSUP, ERANGE, ENOMEM}},
    {Call::xattr, {EIO, ENODATA, ENOTSUP, ERANGE}},
    {Call::set_xattr, {EPERM, ENOTSUP, EACCES, EIO, ENOSPC}},
    {Call::clone, {EOPNOTSUPP, EXDEV, EINVAL, EPERM, EIO, EINTR, ENOSPC, EDQUOT, ENOMEM}},
    {Call::seek_data, {EIO, EINVAL}},
    {Call::seek_hole, {EIO, EINVAL}},
    {Call::punch_hole, {EOPNOTSUPP, EIO, EINTR, ENOSPC, EPERM}},
    {Call::device_size, {EIO, EPERM}},
    {Call::device_sequence, {ENOTTY}},
    {Call::close, {EIO, EINTR, ENOSPC, EDQUOT}},
};

const std::vector<Plague<VfsCall>> kJournalPlagues{
    {VfsCall::open, {SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_NOMEM, SQLITE_FULL}},
    {VfsCall::remove, {SQLITE_IOERR_DELETE, SQLITE_IOERR_DIR_FSYNC}},
    {VfsCall::access, {SQLITE_IOERR_ACCESS, SQLITE_IOERR_NOMEM}},
    {VfsCall::read, {SQLITE_IOERR_READ, SQLITE_IOERR_NOMEM}},
    {VfsCall::write, {SQLITE_IOERR_WRITE, SQLITE_FULL, SQLITE_READONLY}},
    {VfsCall::truncate, {SQLITE_IOERR_TRUNCATE, SQLITE_FULL}},
    {VfsCall::sync, {SQLITE_IOERR_FSYNC, SQLITE_FULL}},
    {VfsCall::file_size, {SQLITE_IOERR_FSTAT}},
    {VfsCall::lock, {SQLITE_BUSY, SQLITE_IOERR_LOCK, SQLITE_IOERR_RDLOCK}},
    {VfsCall::shm_map, {SQLITE_IOERR_SHMMAP, SQLITE_IOERR_SHMOPEN, SQLITE_NOMEM, SQLITE_CANTOPEN}},
    {VfsCall::shm_lock, {SQLITE_BUSY, SQLITE_IOERR_SHMLOCK}},
};

enum class Before { nothing, old_destination, backup, cut_short, clonable, holes, in_place, device };
constexpr std::array kBefores{Before::nothing,  Before::old_destination, Before::backup,   Before::cut_short,
                              Before::clonable, Before::holes,           Before::in_place, Before::device};

const char* name_of(Before before) {
  switch (before) {
    case Before::nothing: return "fresh";
    case Before::old_destination: return "replacing";
    case Before::backup: return "with a backup";
    case Before::cut_short: return "resumed";
    case Before::clonable: return "cloned";
    case Before::holes: return "with holes";
    case Before::in_place: return "in place";
    case Before::device: return "onto a device";
  }
  return "?";
}

Contents contents_of(Before before) {
  if (before == Before::device) return {.fresh = kNew, .writing = Writing::in_place};
  if (before == Before::in_place) return {.fresh = kHoles, .old = &kOld, .writing = Writing::in_place};
  if (before == Before::backup) return {.fresh = kNew, .old = &kOld, .backup = KeptAs{"/dst/a.~1~", kOld}};
  return {.fresh = before == Before::holes ? kHoles : kNew, .old = before == Before::nothing ? nullptr : &kOld};
}

std::unique_ptr<CopyRig> prepared(Before before) {
  auto rig = std::make_unique<CopyRig>(DiskSettings{.can_clone = before == Before::clonable}, JournalOn::crash_disk);
  rig->options.attributes = kPreserved;
  rig->options.attributes.xattrs = Xattrs::possible;
  rig->options.retries = 1;
  // Pages of zeros would cut each block into many writes; holes are a case of their own.
  const bool holes = before == Before::clonable || before == Before::holes || before == Before::in_place;
  rig->options.sparse = holes ? Sparse::automatic : Sparse::never;
  rig->options.writing = before == Before::in_place ? Writing::in_place : Writing::beside;
  rig->options.backup = before == Before::backup ? Backup::numbered : Backup::none;
  rig->options.rewrite = before == Before::in_place ? Rewrite::differing : Rewrite::all;
  rig->rhythm = {.every_bytes = kMiB, .not_durable_at_most_bytes = 2 * kMiB, .record_every = {}};
  rig->disk.put(kSource, contents_of(before).fresh);
  rig->disk.set_xattr(kSource, "user.kind", Bytes{"a source"});
  rig->disk.set_xattr(kSource, "system.posix_acl_access", Bytes{"whoever"});
  if (before == Before::device) rig->disk.put_device(kDestination, 3 * kMiB);
  else if (before != Before::nothing) rig->disk.put(kDestination, kOld);
  if (before == Before::cut_short) {
    FaultyFileSystem full{rig->disk};
    full.add({.kind = Call::write, .nth = 2, .error = ENOSPC, .repeat = Repeat::forever});
    REQUIRE(rig->copy(full).failed_with(ErrorCode::no_space));
  }
  rig->disk.remount();
  rig->vfs().reboot();
  return rig;
}

/// Promise 4: the message says what could not be done to which path.
void check_message(const Error& error, Broken& broken) {
  const std::string text = error.what();
  const bool complete = text.starts_with("cannot ") && !error.info().operation.empty() && !error.info().path.empty();
  if (!complete) broken.push_back("the message is incomplete: " + text);
  if (error.code() == ErrorCode::internal) broken.push_back("called a bug in rcopy: " + text);
}

/// What a journal that fails may do to a copy: nothing once the first byte is written.
void check_journal_failure(const Copied& copied, const FaultyFileSystem& watched, Broken& broken) {
  if (copied.done()) return;
  if (cli::exit_code(copied.error->code()) != cli::ExitCode::journal) {
    broken.push_back(std::string{"not an error of the journal: "} + copied.error->what());
  }
  if (watched.calls(Call::write) > 0) broken.emplace_back("the copy was given up because of the journal");
}

/// A run that went on without the journal has said so.
void check_warned(const CopyRig& rig, std::uint64_t calls_after_begin, Broken& broken) {
  if (calls_after_begin == 0) return;
  for (const Warning& warning : rig.observer->of<Warning>()) {
    if (warning.text.find("the copy goes on") != std::string::npos) return;
  }
  broken.emplace_back("the journal failed for good and nobody was told");
}

/// Gives whether the fault happened.
bool try_fault(const CopyRig& start, const Fault& fault, Before before, Tally& tally) {
  CopyRig rig{start, Seed{fault.nth}};
  FaultyFileSystem faulty{rig.disk};
  faulty.add(fault);
  const Copied copied = rig.copy(faulty);
  if (faulty.injected() == 0) return false;
  Broken broken = broken_promises(rig, contents_of(before), copied);
  if (!copied.done()) check_message(*copied.error, broken);
  append(broken, broken_by_next_run(rig, contents_of(before)));
  std::ostringstream where;
  where << name_of(before) << ", " << *fault.kind << ' ' << fault.nth << " = " << fault.error << ", repeat "
        << static_cast<int>(fault.repeat) << ", effect " << static_cast<int>(fault.effect);
  tally.count(where.str(), broken);
  return true;
}

enum class From { the_start, the_open_journal };

bool try_journal_fault(const CopyRig& start, const VfsFault& fault, From from, Before before, Tally& tally) {
  CopyRig rig{start, Seed{fault.nth}};
  FaultyFileSystem watched{rig.disk};
  if (from == From::the_start) rig.vfs().set_fault(fault);
  rig.journal_opened = [&] {
    if (from == From::the_open_journal) rig.vfs().set_fault(fault);
  };
  std::atomic<std::uint64_t> failed_while_copying = 0;  // read-back has several threads
  watched.set_hook([&](const CallInfo& call) {
    if (call.kind == Call::read && call.path == kPartial) failed_while_copying = rig.vfs().injected();
    return 0;
  });
  const Copied copied = rig.copy(watched);
  const bool happened = rig.vfs().injected() > 0;
  rig.vfs().set_fault(std::nullopt);
  rig.journal_opened = [] {};
  if (!happened) return false;
  Broken broken = broken_promises(rig, contents_of(before), copied);
  if (!copied.done()) check_message(*copied.error, broken);
  check_journal_failure(copied, watched, broken);
  if (copied.done() && fault.kind == VfsCall::write && fault.repeat == Repeat::forever) {
    check_warned(rig, failed_while_copying, broken);
  }
  append(broken, broken_by_next_run(rig, contents_of(before)));
  std::ostringstream where;
  where << name_of(before) << ", " << fault.kind << ' ' << fault.nth << " = " << fault.result << ", repeat "
        << static_cast<int>(fault.repeat) << ", effect " << static_cast<int>(fault.effect);
  tally.count(where.str(), broken);
  return true;
}

/// Which ways to fail a scenario tries: each one of a call that no scenario before it made. Of the others it takes
/// every third, another third than its neighbours.
template <class Kind>
class Shares {
 public:
  void begin_scenario() {
    ++scenario_;
    way_ = 0;
  }
  [[nodiscard]] bool take(Kind kind) {
    const auto made = first_made_.find(kind);
    const bool is_new = made == first_made_.end() || made->second == scenario_;
    return (way_++ + scenario_) % kSharers == 0 || is_new;
  }
  void was_made(Kind kind) { first_made_.emplace(kind, scenario_); }

 private:
  static constexpr std::size_t kSharers = 3;
  std::map<Kind, std::size_t> first_made_;  ///< the scenario
  std::size_t scenario_ = 0;
  std::size_t way_ = 0;
};

/// Tries `once` for n = 1, 2, 3 ... until it says that nothing failed. Gives whether anything did. A sampler leaves
/// out whole rows: an n that is too great says nothing, and costs as much.
template <class Try>
bool until_untouched(Sampler& sampler, Try once) {
  if (!sampler.next()) return false;
  std::uint64_t nth = 1;
  while (once(nth)) ++nth;
  return nth > 1;
}

/// Who says that something is not allowed has not done it.
bool may_be_done_unheard(int error) {
  return error == EIO || error == EINTR || error == ESTALE || error == ENOTCONN || error == ENODEV;
}

TEST_CASE("any call of the copy may fail in any way and nothing is lost", "[fault]") {
  Tally all{"injected faults, calls of the copy"};
  Shares<Call> shares;
  for (const Before before : kBefores) {
    shares.begin_scenario();
    const auto start = prepared(before);
    Sampler sampler;
    for (const auto& [kind, errors] : kPlagues) {
      for (const int error : errors) {
        for (const Repeat repeat : {Repeat::once, Repeat::forever}) {
          if (repeat == Repeat::forever && error == EINTR) continue;  // is repeated for ever, as it should
          for (const Effect effect : {Effect::none, Effect::done}) {
            if (effect == Effect::done && !may_be_done_unheard(error)) continue;
            if (!shares.take(kind)) continue;
            const bool made = until_untouched(sampler, [&](std::uint64_t nth) {
              const Fault fault{.kind = kind, .nth = nth, .error = error, .repeat = repeat, .effect = effect};
              return try_fault(*start, fault, before, all);
            });
            if (made) shares.was_made(kind);
          }
        }
      }
    }
  }
  all.print();
  CHECK(all.broken() == 0);
  CHECK(tried_at_least(4'000, all));
}

/// A lock is either had or not; what a lost answer can hide is a change of a file.
bool can_be_done_unheard(VfsCall kind) {
  return kind == VfsCall::open || kind == VfsCall::remove || kind == VfsCall::write || kind == VfsCall::truncate ||
         kind == VfsCall::sync;
}

TEST_CASE("the journal may fail at any call and the copy is right", "[fault]") {
  Tally all{"injected faults, calls of SQLite"};
  Shares<VfsCall> shares;
  for (const Before before : kBefores) {
    if (before == Before::backup) continue;  // without a row the next run copies again, with another backup
    shares.begin_scenario();
    const auto start = prepared(before);
    Sampler sampler;
    for (const auto& [kind, results] : kJournalPlagues) {
      for (const int result : results) {
        for (const Repeat repeat : {Repeat::once, Repeat::forever}) {
          // While the journal is opened, a lock that stays busy is waited for, for half a minute.
          const bool waits = result == SQLITE_BUSY && repeat == Repeat::forever;
          const From from = waits ? From::the_open_journal : From::the_start;
          for (const Effect effect : {Effect::none, Effect::done}) {
            if (effect == Effect::done && !can_be_done_unheard(kind)) continue;
            if (!shares.take(kind)) continue;
            const bool made = until_untouched(sampler, [&](std::uint64_t nth) {
              const VfsFault fault{.kind = kind, .nth = nth, .result = result, .repeat = repeat, .effect = effect};
              return try_journal_fault(*start, fault, from, before, all);
            });
            if (made) shares.was_made(kind);
          }
        }
      }
    }
  }
  all.print();
  CHECK(all.broken() == 0);
  CHECK(tried_at_least(2'500, all));
}

/// A file whose copy takes thousands of calls at most when each moves `limit` bytes.
Bytes content_for(std::size_t limit) {
  constexpr std::uint64_t kMostCalls = 3000;
  return content(Seed{limit}, std::min<std::uint64_t>(2 * kMiB + 77, kMostCalls * limit + 1));
}

enum class Length { fixed, random };

Broken broken_by_short_counts(std::size_t limit, Length length) {
  CopyRig rig{{}, JournalOn::crash_disk};
  const Bytes bytes = content_for(length == Length::random ? 2 * kMiB : limit);
  rig.disk.put(kSource, bytes);
  FaultyFileSystem faulty{rig.disk};
  std::mutex mutex;  // the hook is called by several threads
  std::mt19937_64 random{limit};
  const auto set_limits = [&](const CallInfo&) {
    const std::lock_guard lock{mutex};
    const auto any = [&] { return 1 + random() % (1U << random() % 21U); };
    faulty.limit_reads(length == Length::random ? any() : limit);
    faulty.limit_writes(length == Length::random ? any() : limit);
    return 0;
  };
  (void)set_limits({});
  faulty.set_hook(set_limits);
  faulty.interrupt_every_other();
  const Copied copied = rig.copy(faulty);
  Broken broken = broken_promises(rig, {.fresh = bytes}, copied);
  if (!copied.done()) broken.emplace_back(copied.error->what());
  return broken;
}

TEST_CASE("short reads and writes of any length, interrupted every other time, copy the same bytes", "[fault]") {
  constexpr std::array kAwkward{1U,    2U,    511U,  512U,   513U,    4095U,     4096U,
                                4097U, 8191U, 8193U, 65'535U, 65'537U, 1'048'575U, 1'048'577U};
  Tally all{"short counts with EINTR"};
  Sampler sampler;
  for (const unsigned limit : kAwkward) {
    if (sampler.next()) all.count(std::to_string(limit) + " bytes", broken_by_short_counts(limit, Length::fixed));
  }
  for (unsigned seed = 1; seed <= 100; ++seed) {
    if (sampler.next()) all.count("seed " + std::to_string(seed), broken_by_short_counts(seed, Length::random));
  }
  all.print();
  CHECK(all.broken() == 0);
}

}  // namespace
}  // namespace rcopy::test
