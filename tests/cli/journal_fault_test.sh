#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 2 and 4 where the system calls on the journal's files fail, SQLite's own among them, once
# or from then on: before the copy begins that is an error which names the ways out, during the copy
# it is one warning, and the copy is right.
# labels: slow
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# CALL STEP ERROR...: each STEP-th of these calls fails. Not fcntl: for SQLite a lock that cannot be
# had is one that another process holds, and it waits; lock_test is about that.
readonly cases=(
  'pwrite64 2 EIO' 'pwrite64 5 ENOSPC EDQUOT EROFS' 'openat 1 EIO EACCES'
  'pread64 2 EIO' 'fdatasync 1 EIO' 'fdatasync 2 ENOSPC' 'newfstatat 4 EIO' 'openat 3 EMFILE ENOSPC EROFS'
  'mknodat 1 ENOSPC EROFS EACCES' 'ftruncate 1 EIO ENOSPC' 'unlink 1 EIO EACCES' 'statfs 1 EIO'
  'fchown 2 EPERM' 'mmap 1 ENOMEM' 'flock 1 EIO')
readonly workers=3

if [[ ${1-} != worker ]]; then
  need_strace
  [[ ! ${RCOPY_SANITIZER-} ]] || say "a sanitizer is slow, so only a tenth of these calls fails"
  run_workers "$workers"
  cat log-* | sort | awk '{
    printf "- %s: %d before the copy, %d in it, %d to no harm\n", $1, $2, $3, $4
    early += $2; during += $3; harmless += $4
  }
  END {
    printf "- %d faults: %d before the copy, %d in it, %d to no harm\n",
      early + during + harmless, early, during, harmless
  }'
  exit 0
fi

ask_for_clear_lines=yes

# --- a worker: NUMBER ---------------------------------------------------------------------------

make_file $((4 * MiB + 5)) 1 source
state=$(dirname -- "$journal")
paths=(-P "$state")
for file in "$journal"{,-wal,-shm,-journal}; do paths+=(-P "$file"); done

# disturb CALL WHEN ERROR
disturb() {
  rm -rf -- dest "$state"
  mkdir -- "$state"
  run_command "${tracer[@]}" "${paths[@]}" -e "trace=$1" -e "inject=$1:error=$3:when=$2" \
    "$RCOPY" -v source dest
}

# expect_ways_out: the copy had not begun.
expect_ways_out() {
  expect_refused 6 "^rcopy: cannot .*'$state.*: .+; name another with --journal=PATH, or"
  expect_said '; .*--no-journal$'
  expect_none dest
  expect_none "$(partial_of dest)"
}

# expect_going_on: the copy had begun.
expect_going_on() {
  expect_copied source dest
  local warnings
  warnings=$(grep -c '^rcopy: warning: ' "$err" || true)
  expect_lines $((1 + warnings))
  ((warnings <= 1)) || fail "there are $warnings warnings"
  ((warnings == 0)) || expect_said "^rcopy: warning: '$journal': cannot [a-z ]+('.*')?: .*; the copy goes on"
  return "$warnings"
}

# expect_recovery: whatever the journal is by now, the next run ends with 0 and says what is true.
expect_recovery() {
  run source dest
  expect_copied source dest
  expect_row 'status, file_hash' "complete|$hash"
}

# fail_calls CALL STEP ERROR ""|+: with "+" all calls after it fail as well.
fail_calls() {
  local n early=0 during=0 harmless=0
  for ((n = 1;; n += $2)); do
    disturb "$1" "$n$4" "$3"
    grep -q INJECTED "$trace" || break
    if ! grep -q "^rcopy: 'source' -> " "$err"; then
      expect_ways_out
      ((++early))
    elif expect_going_on; then
      ((++harmless))
    else
      ((++during))
    fi
    expect_recovery
  done
  expect_status 0
  say "$1-$3${4:+-and-all-after} $early $during $harmless"
}

hash=$(hash_of source)
number=0
for case in "${cases[@]}"; do
  read -r call step errors <<<"$case"
  [[ ! ${RCOPY_SANITIZER-} ]] || ((step *= 10))
  for error in $errors; do
    for after in '' +; do
      ((number++ % workers == $2)) && fail_calls "$call" "$step" "$error" "$after"
    done
  done
done
exit 0
