// SPDX-License-Identifier: MIT
//
// The n-th call of each kind fails, for n = 1, 2, 3 ... until a run passes untouched: with each
// errno its manual page allows, once and for ever, not made and made but reported as failed.
#include "support/catch.hpp"
#include "support/copy_rig.hpp"
#include "support/faulty.hpp"

#include <cerrno>
#include <iostream>
#include <ranges>

namespace rcopy::test {
namespace {

const Bytes kNew = content(Seed{21}, 3 * kMiB + 77);
const Bytes kOld = content(Seed{22}, kMiB + 1);

struct Plague {
  Call kind;
  std::vector<int> errors;
};

const std::vector<Plague> kPlagues{
    {Call::open_directory, {EACCES, EIO, ENOENT, ENOMEM, EMFILE, ESTALE}},
    {Call::stat, {EACCES, EIO, ELOOP, ENOENT, ESTALE, ENOTCONN}},
    {Call::resolve, {EACCES, EIO, ENOENT, ENAMETOOLONG}},
    {Call::open, {EACCES, EIO, EINVAL, ENOENT, EMFILE, ENOSPC, EDQUOT, EROFS, EINTR, ETXTBSY, ESTALE}},
    {Call::dir_stat, {EACCES, EIO, ENOENT, ESTALE}},
    {Call::check_writable, {EACCES, EROFS, EIO, EPERM}},
    {Call::rename, {EACCES, EIO, ENOSPC, EDQUOT, EROFS, EXDEV, EBUSY, EPERM, ESTALE}},
    {Call::unlink, {EACCES, EIO, ENOENT, EROFS, EBUSY, EPERM}},
    {Call::dir_sync, {EIO, EINVAL, EROFS, ENOSPC, EINTR}},
    {Call::fs_info, {EIO, EINTR, ENOSYS, EACCES}},
    {Call::read, {EIO, EINTR, EAGAIN, EINVAL, ENXIO, ESTALE, ENOTCONN}},
    {Call::write, {EIO, EINTR, EAGAIN, ENOSPC, EDQUOT, EFBIG, EPERM, ENODEV, ESTALE}},
    {Call::sync_data, {EIO, EINTR, ENOSPC, EDQUOT, EROFS}},
    {Call::sync_all, {EIO, EINTR, ENOSPC, EDQUOT, EROFS}},
    {Call::truncate, {EIO, EINTR, EFBIG, EPERM, EROFS}},
    {Call::fstat, {EIO, ENOMEM, ESTALE}},
    {Call::lock, {EWOULDBLOCK, EINTR, ENOLCK, EIO}},
    {Call::drop_cache, {EINVAL, EBADF}},
    {Call::set_owner, {EPERM, EIO, EROFS}},
    {Call::set_mode, {EPERM, EIO, EROFS}},
    {Call::set_times, {EPERM, EIO, EACCES}},
    {Call::close, {EIO, EINTR, ENOSPC, EDQUOT}},
};

/// Sanitizers make a run ten times slower; there the first errno of each kind has to do.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kErrorsPerKind = 1;
#else
constexpr std::size_t kErrorsPerKind = 100;
#endif

enum class Before { nothing, old_destination, cut_short };

void prepare(CopyRig& rig, Before before) {
  rig.options.attributes = Attributes::preserve;
  rig.rhythm = {.every_bytes = kMiB, .not_durable_at_most_bytes = 2 * kMiB};
  rig.disk.put(kSource, kNew);
  if (before == Before::nothing) return;
  rig.disk.put(kDestination, kOld);
  if (before == Before::old_destination) return;
  FaultyFileSystem full{rig.disk};
  full.set_hook([](const CallInfo& call) {
    return call.kind == Call::write && call.offset_bytes >= 2 * kMiB ? ENOSPC : 0;
  });
  REQUIRE(rig.copy(full).failed_with(ErrorCode::no_space));
}

void check_promises(const CopyRig& rig, const Copied& copied, Before before) {
  const bool old_is_there = rig.disk.exists(kDestination) && rig.disk.get(kDestination) == kOld;
  const bool new_is_there = rig.disk.exists(kDestination) && rig.disk.get(kDestination) == kNew;
  const bool none_is_there = !rig.disk.exists(kDestination);
  if (copied.done()) {
    REQUIRE(rig.disk.get(kDestination, View::durable) == kNew);
  } else {
    REQUIRE((new_is_there || (before == Before::nothing ? none_is_there : old_is_there)));
    REQUIRE(std::string{copied.error->what()}.starts_with("cannot "));
    REQUIRE_FALSE(copied.error->info().operation.empty());
    REQUIRE_FALSE(copied.error->info().path.empty());
    REQUIRE(copied.error->code() != ErrorCode::internal);
  }
  REQUIRE_NOTHROW(check_claims(rig, kNew));
}

/// Gives whether the fault happened.
bool try_fault(const Fault& fault, Before before) {
  CopyRig rig;
  rig.options.retries = 1;
  prepare(rig, before);
  FaultyFileSystem faulty{rig.disk};
  faulty.add(fault);
  const Copied copied = rig.copy(faulty);
  CAPTURE(copied.error ? copied.error->what() : "done");
  check_promises(rig, copied, before);
  if (faulty.injected() == 0) return false;
  const Copied again = rig.copy();
  CAPTURE(again.error ? again.error->what() : "done");
  REQUIRE(again.done());
  REQUIRE(rig.disk.get(kDestination, View::durable) == kNew);
  REQUIRE(rig.disk.list("/dst") == std::vector<std::string>{"a"});
  return true;
}

TEST_CASE("any call may fail in any way and nothing is lost", "[fault]") {
  const auto before = GENERATE(Before::nothing, Before::old_destination, Before::cut_short);
  std::uint64_t cases = 0;
  for (const Plague& plague : kPlagues) {
    for (const int error : plague.errors | std::views::take(kErrorsPerKind)) {
      for (const Repeat repeat : {Repeat::once, Repeat::forever}) {
        if (repeat == Repeat::forever && error == EINTR) continue;  // would be repeated for ever, as it should
        for (const Effect effect : {Effect::none, Effect::done}) {
          for (std::uint64_t nth = 1;; ++nth, ++cases) {
            CAPTURE(plague.kind, error, nth, static_cast<int>(repeat), static_cast<int>(effect));
            const Fault fault{.kind = plague.kind, .nth = nth, .error = error, .repeat = repeat, .effect = effect};
            if (!try_fault(fault, before)) break;
          }
        }
      }
    }
  }
  std::cout << "injected faults tried (start " << static_cast<int>(before) << ", at most " << kErrorsPerKind
            << " errors of each call): " << cases << '\n';
}

TEST_CASE("short reads and writes of any length copy the same bytes", "[fault]") {
  const std::size_t limit = GENERATE(1000U, 4095U, 4096U, 4097U, 65'536U, 1'048'575U);
  CAPTURE(limit);
  CopyRig rig;
  rig.disk.put(kSource, kNew);
  FaultyFileSystem faulty{rig.disk};
  faulty.limit_reads(limit);
  faulty.limit_writes(limit);
  faulty.interrupt_every_other();
  REQUIRE(rig.copy(faulty).done());
  CHECK(rig.disk.get(kDestination, View::durable) == kNew);
}

}  // namespace
}  // namespace rcopy::test
