#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 1 and 4 at each system call on a file of ours: killed before it, or told by it that it
# failed, rcopy leaves the old file or the new one, and the same command ends with 0 after that.
# labels: slow once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace
ask_for_clear_lines=yes

make_file $((2 * MiB + 12345)) 1 source
make_file 3000 2 old
make_file 3000 2 again
paths=()
for path in "$work"/{,source,dest,.dest.rcopy-part,.state} "$journal"{,-wal,-shm,-journal}; do
  paths+=(-P "${path%/}")
done

# what_is_left: "old" or "new"; anything else is a mixture.
what_is_left() {
  if cmp -s old dest; then
    left=old
  else
    cmp -s source dest || fail "the destination is neither the old file nor the new one"
    left=new
  fi
}

# disturb CALL NUMBER HOW: a copy over an old file, in which on some thread this happens to the CALL
# of that NUMBER.
disturb() {
  rm -rf -- dest "$(partial_of dest)" "$(dirname -- "$journal")"
  cp -- old dest
  run_command "${tracer[@]}" "${paths[@]}" -e "trace=$1" -e "inject=$1:$3:when=$2" \
    "$RCOPY" --retries=1 --retry-wait=1ms source dest
  what_is_left
}

# expect_recovery: whatever was left, the same command ends with 0.
expect_recovery() {
  run source dest
  expect_copied source dest
  expect_row status complete
}

with_seccomp=("${tracer[@]}")
tracer=("${tracer[@]/--seccomp-bpf/-qq}") # with it, strace injects no signals
for call in pwrite64 fdatasync fsync ftruncate openat mknodat fchmod fchown renameat unlink; do
  count=0
  for ((n = 1;; n += 2)); do
    { disturb "$call" "$n" signal=KILL; } 2>/dev/null # where bash tells about it
    [[ $status == 137 ]] || break
    ((++count))
    expect_recovery
  done
  begin "killed at $count of the calls of $call"
  expect_status 0
  ((count > 0)) || fail "$call was never called"
done
tracer=("${with_seccomp[@]}")

# fail_each ERROR STEP CALL...: each of the calls, or each STEP-th, fails once with ERROR.
fail_each() {
  local error=$1 step=$2 call n count
  for call in "${@:3}"; do
    local -A ends=()
    count=0
    for ((n = 1;; n += step)); do
      disturb "$call" "$n" "error=$error"
      grep -q INJECTED "$trace" || break
      case $status in
        0) [[ $left == new ]] || fail "$call $n fails with $error: 0, and the file is old" ;;
        1 | 6 | 7) expect_said '^rcopy: cannot ' ;;
        *) fail "$call $n fails with $error: $status" ;;
      esac
      [[ $error != EINTR || $status == 0 ]] || fail "$call $n fails with EINTR, and is not repeated"
      ends[$status]=$((${ends[$status]-0} + 1))
      ((++count))
      expect_recovery
    done
    begin "$count of the calls of $call fail with $error: $(
      for status in "${!ends[@]}"; do printf '%s end with %s; ' "${ends[$status]}" "$status"; done
    )"
  done
}

fail_each EIO 1 openat mknodat fdatasync fsync ftruncate fchmod fchown statx fstatfs flock \
  renameat unlink unlinkat
fail_each EIO 4 pread64 pwrite64 newfstatat
fail_each ENOSPC 4 openat pwrite64 ftruncate fsync
fail_each EINTR 4 pread64 pwrite64 fsync openat
