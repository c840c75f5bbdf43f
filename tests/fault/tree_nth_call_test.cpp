// SPDX-License-Identifier: MIT
//
// The n-th call of each kind fails while a tree is copied, for n = 1, 2, 3 ... until a run passes untouched: once and
// for ever, not made and made but reported as failed. Threads make the n-th call another one in each run.
#include "support/catch.hpp"
#include "support/faulty.hpp"
#include "support/tree_rig.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <random>
#include <sstream>

namespace rcopy::test {
namespace {

struct Plague {
  Call kind;
  std::vector<int> errors;
};

const std::vector<Plague> kPlagues{
    {Call::open_directory, {EACCES, EIO}},
    {Call::stat, {EACCES, EIO}},
    {Call::resolve, {EIO}},
    {Call::open, {EACCES, EIO, EINTR, EMFILE, ENOSPC}},
    {Call::open_dir_at, {EACCES, EIO, EINTR, EMFILE, ENOENT, ELOOP}},
    {Call::dir_stat, {EACCES, EIO, ENOENT}},
    {Call::check_writable, {EACCES, EIO, EROFS}},
    {Call::rename, {EIO, EACCES, ENOSPC, EROFS}},
    {Call::link, {EIO, EMLINK, EPERM, ENOSPC}},
    {Call::make_directory, {EACCES, EIO, ENOSPC, EEXIST, EROFS}},
    {Call::make_symlink, {EPERM, EIO, ENOSPC, EEXIST}},
    {Call::make_node, {EPERM, EIO, ENOSPC}},
    {Call::read_link, {EACCES, EIO, EINVAL}},
    {Call::unlink, {EIO, EACCES, EROFS}},
    {Call::entries, {EACCES, EIO, EINTR, ENOMEM}},
    {Call::dir_sync, {EIO, EINTR, EROFS}},
    {Call::sync_fs, {EIO, EINTR, ENOSPC, EROFS}},
    {Call::fs_info, {EIO}},
    {Call::read, {EIO, EINTR, ESTALE}},
    {Call::write, {EIO, EINTR, ENOSPC, EDQUOT}},
    {Call::sync_data, {EIO}},
    {Call::sync_all, {EIO, EINTR, ENOSPC}},
    {Call::truncate, {EIO}},
    {Call::fstat, {EIO, ENOMEM}},
    {Call::lock, {EWOULDBLOCK, EINTR, ENOLCK, EIO}},
    {Call::drop_cache, {EINVAL}},
    {Call::set_owner, {EPERM, EIO}},
    {Call::set_mode, {EPERM, EIO}},
    {Call::set_times, {EPERM, EIO}},
    {Call::xattr_names, {EIO, ENOTSUP}},
    {Call::xattr, {EIO, ENODATA}},
    {Call::set_xattr, {ENOSPC, EIO}},
    {Call::clone, {EOPNOTSUPP, EIO}},
    {Call::close, {EIO, ENOSPC}},
};

enum class Before { nothing, old_copy, each_file_synced, clonable };
constexpr std::array kBefores{Before::nothing, Before::old_copy, Before::each_file_synced, Before::clonable};

const char* name_of(Before before) {
  switch (before) {
    case Before::nothing: return "fresh";
    case Before::old_copy: return "updating";
    case Before::each_file_synced: return "updating, each file synced";
    case Before::clonable: return "cloned";
  }
  return "?";
}

std::unique_ptr<TreeRig> prepared(Before before) {
  auto rig = std::make_unique<TreeRig>(DiskSettings{.can_clone = before == Before::clonable,
                                                    .syncs_whole = before != Before::each_file_synced});
  rig->label = name_of(before);
  REQUIRE_FALSE(rig->row());
  rig->plant();
  if (before != Before::nothing) rig->plant_old();
  rig->remember();
  return rig;
}

/// Permissions that may not be set are a warning, as in cp; what the copy lacks of them is no broken promise.
bool may_lack_attributes(const Fault& fault) {
  const bool permitted = fault.error == EPERM || fault.error == ENOTSUP || fault.error == ENODATA;
  const bool attribute = fault.kind == Call::set_owner || fault.kind == Call::set_mode ||
                         fault.kind == Call::set_times || fault.kind == Call::set_xattr || fault.kind == Call::xattr ||
                         fault.kind == Call::xattr_names;
  return attribute && (permitted || fault.kind == Call::set_xattr);
}

/// Promise 4: what is not there was reported, by its own name or that of a directory above it.
Broken broken_reports(TreeRig& rig, const TreeCopied& result) {
  Broken broken;
  const TreeSnapshot now = rig.copy_now();
  for (const auto& [name, wanted] : rig.change().fresh) {
    const auto there = now.find(name);
    if (there != now.end() && same_content(there->second, wanted)) continue;
    const std::string path = kTree / name;
    const bool told = std::ranges::any_of(result.failed, [&](const TransferFailed& failed) {
      const std::string source = failed.source.lexically_normal();
      return !source.empty() && (path == source || path.starts_with(source + "/"));
    });
    if (!told && !result.thrown) broken.push_back("'" + name + "' is not there and nothing was said of it");
  }
  for (const Error& error : result.summary.failed) {
    const std::string text = error.what();
    if (!text.starts_with("cannot ") || error.info().operation.empty()) broken.push_back("incomplete: " + text);
    if (error.code() == ErrorCode::internal) broken.push_back("called a bug in rcopy: " + text);
  }
  return broken;
}

/// Gives whether the fault happened.
bool try_fault(const TreeRig& start, const Fault& fault, Before before, Tally& tally) {
  constexpr unsigned kMostJobs = 3;
  TreeRig rig{start, Seed{fault.nth}};
  rig.options.jobs = 1 + static_cast<unsigned>(fault.nth) % kMostJobs;
  std::ostringstream where;
  where << name_of(before) << ", " << *fault.kind << ' ' << fault.nth << " = " << fault.error << ", repeat "
        << static_cast<int>(fault.repeat) << ", effect " << static_cast<int>(fault.effect);
  rig.label = where.str();
  if (fault.kind == Call::sync_fs) rig.names_may_lose_attributes();
  FaultyFileSystem faulty{rig.disk};
  faulty.add(fault);
  const TreeCopied result = rig.copy_tree(faulty);
  if (faulty.injected() == 0) return false;
  const TreeSnapshot now = rig.copy_now();
  Broken broken = broken_names(now, rig.change());
  if (!may_lack_attributes(fault)) append(broken, rig.broken_tree(result));
  append(broken, broken_reports(rig, result));
  if (fault.nth % 2 == 0) {  // else the next run finds what is in the page cache
    rig.restore_power(Loss::everything_unsynced);
    if (!may_lack_attributes(fault)) append(broken, rig.broken_tree(result));
  }
  if (may_lack_attributes(fault)) {
    rig.options.resume = Resume::never;
    rig.options.replace = Replace::any;
  }
  append(broken, rig.broken_by_next_copy());
  if (!broken.empty() && !result.done()) broken.push_back("the run had said: " + result.why());
  tally.count(where.str(), broken);
  return true;
}

/// Tries `once` for n = 1, 2, 3 ... until it says that nothing failed.
template <class Try>
void until_untouched(Sampler& sampler, Try once) {
  if (!sampler.next()) return;
  for (std::uint64_t nth = 1; once(nth); ++nth) {
  }
}

/// Each way to fail is tried in one of the situations.
TEST_CASE("any call of the copy of a tree may fail in any way and nothing is lost", "[fault]") {
  Tally all{"injected faults, trees"};
  for (std::size_t which = 0; which < kBefores.size(); ++which) {
    const Before before = kBefores.at(which);
    const auto start = prepared(before);
    Sampler sampler;
    std::size_t way = 0;
    for (const auto& [kind, errors] : kPlagues) {
      for (const int error : errors) {
        for (const Repeat repeat : {Repeat::once, Repeat::forever}) {
          if (repeat == Repeat::forever && error == EINTR) continue;  // is repeated for ever, as it should
          for (const Effect effect : {Effect::none, Effect::done}) {
            if (way++ * 7 / 4 % kBefores.size() != which) continue;  // 7/4: no effect is always in the same one
            until_untouched(sampler, [&](std::uint64_t nth) {
              const Fault fault{.kind = kind, .nth = nth, .error = error, .repeat = repeat, .effect = effect};
              return try_fault(*start, fault, before, all);
            });
          }
        }
      }
    }
  }
  all.print();
  CHECK(all.broken() == 0);
  CHECK(tried_at_least(3'000, all));
}

Broken broken_by_short_counts(std::uint64_t seed) {
  TreeRig rig;
  rig.label = "short counts, seed " + std::to_string(seed);
  rig.plant();
  rig.remember();
  FaultyFileSystem faulty{rig.disk};
  std::mutex mutex;  // the hook is called by several threads
  std::mt19937_64 random{seed};
  faulty.set_hook([&](const CallInfo&) {
    const std::lock_guard lock{mutex};
    const auto any = [&] { return 1 + random() % (1U << (1U + random() % 16U)); };
    faulty.limit_reads(any());
    faulty.limit_writes(any());
    return 0;
  });
  faulty.interrupt_every_other();
  const TreeCopied result = rig.copy_tree(faulty);
  Broken broken = rig.broken_tree(result);
  if (!result.done()) broken.push_back(result.why());
  return broken;
}

TEST_CASE("short reads and writes, interrupted every other time, copy the same tree", "[fault]") {
  constexpr std::uint64_t kSeeds = 100;
  Tally all{"short counts with EINTR, trees"};
  Sampler sampler;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    if (sampler.next()) all.count("seed " + std::to_string(seed), broken_by_short_counts(seed));
  }
  all.print();
  CHECK(all.broken() == 0);
}

}  // namespace
}  // namespace rcopy::test
