// SPDX-License-Identifier: MIT
//
// Decides what happens to each call of a FaultyFileSystem, and counts and writes them down. For
// faulty.cpp only. Any thread.
#pragma once

#include "support/faulty.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>

namespace rcopy::test {

template <class Value>
int error_of(const io::Result<Value>& result) {
  return result.error;
}
inline int error_of(int error) { return error; }

template <class Value>
void set_error(io::Result<Value>& result, int error) {
  result = {.value = Value{}, .error = error};
}
inline void set_error(int& result, int error) { result = error; }

/// Calls that a signal can interrupt, by their manual pages. Not close: it is never repeated.
inline bool interruptible(Call kind) {
  switch (kind) {
    case Call::open_directory:
    case Call::open_dir_at:
    case Call::open:
    case Call::read:
    case Call::write:
    case Call::sync_data:
    case Call::sync_all:
    case Call::dir_sync:
    case Call::sync_fs:
    case Call::truncate:
    case Call::lock:
    case Call::clone:
    case Call::punch_hole:
    case Call::allocate:
    case Call::fs_info: return true;
    default: return false;
  }
}

class FaultyFileSystem::Script {
 public:
  /// Makes the call, or does not, as the script wants it.
  template <class Below>
  auto run(CallInfo call, Below below) {
    const Verdict verdict = begin(call);
    decltype(below()) result{};
    const bool make =
        verdict.error == 0 || verdict.effect == Effect::done || call.kind == Call::close;
    if (make) result = below();
    if (verdict.error != 0) set_error(result, verdict.error);
    if (const int error = error_of(result)) note_error(verdict.trace_index, error);
    return result;
  }

  [[nodiscard]] std::size_t read_limit(io::OpenMode mode) const {
    const std::lock_guard lock{mutex_};
    return mode == io::OpenMode::read_direct ? whole_sectors(settings_.read_limit) : settings_.read_limit;
  }

  [[nodiscard]] std::size_t write_limit(io::OpenMode mode) const {
    const std::lock_guard lock{mutex_};
    return mode == io::OpenMode::write_direct ? whole_sectors(settings_.write_limit) : settings_.write_limit;
  }

  /// A short direct call ends at a sector; one that did not could never be continued.
  [[nodiscard]] static std::size_t whole_sectors(std::size_t limit) {
    return std::max(limit / io::kDirectAlignment, std::size_t{1}) * io::kDirectAlignment;
  }

  template <class Change>
  auto locked(Change change) {
    const std::lock_guard lock{mutex_};
    return change(settings_, counts_);
  }

  struct Settings {
    struct Pending {
      Fault fault;
      std::uint64_t seen = 0;
    };
    std::vector<Pending> faults;
    Hook hook;
    std::size_t read_limit = std::numeric_limits<std::size_t>::max();
    std::size_t write_limit = std::numeric_limits<std::size_t>::max();
    bool interrupts = false;
    std::array<bool, kCalls> interrupted_last{};
  };

  struct Counts {
    std::uint64_t all = 0;
    std::uint64_t injected = 0;
    std::array<std::uint64_t, kCalls> of_kind{};
    std::vector<std::string> trace;
    std::uint64_t round = 0;  ///< of reset(): a call may end after its trace was thrown away
  };

 private:
  struct TraceIndex {
    std::uint64_t round = 0;
    std::size_t index = 0;
  };
  struct Verdict {
    int error = 0;
    Effect effect = Effect::none;
    TraceIndex trace_index = {};
  };

  Verdict begin(CallInfo& call) {
    Hook hook;
    Verdict verdict;
    {
      const std::lock_guard lock{mutex_};
      const auto kind = static_cast<std::size_t>(call.kind);
      call.number = ++counts_.all;
      call.number_of_kind = ++counts_.of_kind.at(kind);
      verdict.trace_index = {.round = counts_.round, .index = counts_.trace.size()};
      counts_.trace.push_back(text_of(call));
      hook = settings_.hook;
    }
    verdict.error = hook ? hook(call) : 0;
    const std::lock_guard lock{mutex_};
    if (verdict.error == 0) apply_faults(call, verdict);
    if (verdict.error != 0) ++counts_.injected;
    if (verdict.error == 0 && interrupt(call)) verdict.error = EINTR;
    return verdict;
  }

  void apply_faults(const CallInfo& call, Verdict& verdict) {
    for (auto& [fault, seen] : settings_.faults) {
      if (fault.kind && *fault.kind != call.kind) continue;
      const bool named = call.path.native().find(fault.only_path) != std::string::npos ||
                         call.new_path.native().find(fault.only_path) != std::string::npos;
      if (!named) continue;
      ++seen;
      const bool now = fault.repeat == Repeat::once ? seen == fault.nth : seen >= fault.nth;
      if (now && verdict.error == 0) {
        verdict.error = fault.error;
        verdict.effect = fault.effect;
      }
    }
  }

  bool interrupt(const CallInfo& call) {
    if (!settings_.interrupts || !interruptible(call.kind)) return false;
    bool& last = settings_.interrupted_last.at(static_cast<std::size_t>(call.kind));
    last = !last;
    return last;
  }

  void note_error(TraceIndex at, int error) {
    const std::lock_guard lock{mutex_};
    if (at.round == counts_.round) counts_.trace.at(at.index) += " = " + std::to_string(error);
  }

  mutable std::mutex mutex_;
  Settings settings_;
  Counts counts_;
};

}  // namespace rcopy::test
