#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The exit codes one by one, each with one line that says what could not be done, with which path, why, and what
# next; and which of several counts. Not 70, which only a bug gives; exit_codes_test.cpp has its number.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

ask_for_clear_lines=yes
readonly size=$((3 * MiB))
make_file "$size" 1 source
make_file "$size" 2 other
make_file 3000 3 old
mkdir directory

# Nothing is left of the last run; old files are in the way.
fresh() {
  rm -rf -- directory dest "$journal"*
  mkdir directory
  cp -- old dest
  cp -- old directory/source
  cp -- old directory/other
  before=$(fingerprint dest)
  before_in=$(fingerprint directory/source)
}

# run_disturbed STRACE_OPTION... -- ARGUMENT...: as run, but system calls go wrong.
run_disturbed() {
  local options=()
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  shift
  run_command "${tracer[@]}" "${options[@]}" "$RCOPY" --retries=0 "$@"
}

# occupy DEST: as another rcopy that works on it does, until leave.
occupy() {
  (umask 077 && : >"$(partial_of "$1")")
  exec {lock}>>"$(partial_of "$1")"
  flock "$lock"
}
leave() {
  exec {lock}>&-
  rm -f -- "$(partial_of "$1")"
}

# What makes a copy fail, as options of strace: the second block is not what was written; the disk is full; the source
# ends early.
lie=(-e 'inject=pwrite64:retval=1048576:when=2')
fill=(-e 'inject=fsync:error=ENOSPC')
shrink=(-e 'inject=pread64:retval=0')
calls=(-e 'trace=pwrite64,pread64,fsync')

begin "0: copied, and up to date, and not a word"
fresh
run source dest
expect_copied source dest
expect_silence
run source dest
expect_status 0
expect_silence

begin "1: a missing source, a directory, a destination that cannot be"
fresh
run missing dest
expect_refused 1 "^rcopy: cannot stat 'missing': No such file or directory; check the name$"
run directory dest
expect_refused 1 "^rcopy: -r not specified; "
run source missing/dest
expect_refused 1 "^rcopy: cannot create 'missing/dest': the directory does not exist; check the name$"
expect_untouched dest "$before"

begin "1: an I/O error"
run_disturbed -P "$work/source" -e trace=pread64 -e inject=pread64:error=EIO -- source dest
expect_refused 1 "^rcopy: cannot read '.*source' at byte 0: Input/output error; run the same command again$"
expect_untouched dest "$before"

begin "1: one of several, and the others are copied"
run missing source directory
expect_refused 1 "'missing'"
expect_same source directory/source

begin "1: attributes that cannot be kept"
fresh
run_disturbed -P "$(partial_of dest)" -e trace=utimensat -e inject=utimensat:error=EPERM -- -p source dest
expect_refused 1 "^rcopy: warning: '$work/dest': cannot preserve the times: not permitted; the copy goes on without$"
expect_same source dest

begin "2: a wrong command line, and nothing is touched"
fresh
for wrong in '--verify=disk source dest' 'source' '--unknown source dest' '--json --retries=x source dest'; do
  # shellcheck disable=SC2086  # words
  run $wrong
  expect_status 2
  expect_lines 2
  expect_said "^rcopy: "
  expect_said "^Try 'rcopy --help'"
done
run source -t missing
expect_refused 2 "^rcopy: cannot copy to 'missing': the directory does not exist; check the name$"
run --log-file=missing/log source dest
expect_refused 2 "^rcopy: cannot open the log 'missing/log': No such file or directory; check the name$"
expect_untouched dest "$before"
expect_none "$journal"

begin "3: the medium gives back other bytes; the old destination is untouched"
fresh
run_disturbed -P "$(partial_of dest)" "${calls[@]}" "${lie[@]}" -- source dest
expect_refused 3 "^rcopy: cannot verify '$work/dest': .*byte is at $MiB; nothing was replaced; try another device"
expect_untouched dest "$before"

begin "4: the source changed"
fresh
run_disturbed -P "$work/source" "${calls[@]}" "${shrink[@]}" -- source dest
expect_refused 4 "^rcopy: cannot copy '.*source'.*: .*; copy it again when nothing writes to it$"
expect_untouched dest "$before"

begin "5: another rcopy works on it"
fresh
occupy dest
run source dest
leave dest
expect_refused 5 "^rcopy: cannot .*'$work/dest': .*; wait until it has finished, then run the same command again$"
expect_untouched dest "$before"

begin "6: the journal"
fresh
run --journal=/dev/null source dest
expect_refused 6 "^rcopy: cannot .*'/dev/null': .*; name another with --journal=PATH, or copy without one with --no-journal$"
expect_untouched dest "$before"

begin "7: no space, and no quota"
fresh
run_disturbed -P "$(partial_of dest)" "${calls[@]}" "${fill[@]}" -- source dest
expect_refused 7 "^rcopy: cannot .*: No space left on device; free some space, then run the same command again"
expect_untouched dest "$before"
run_disturbed -P "$(partial_of dest)" "${calls[@]}" "${fill[@]/ENOSPC/EDQUOT}" -- source dest
expect_refused 7 "^rcopy: cannot .*: Disk quota exceeded; free some space or raise the quota, then run the same command"
run source dest
expect_copied source dest

begin "128+N: ended by a signal"
make_file $((64 * MiB)) 4 long # so that the signal comes before its end
for signal in INT:130 TERM:143 HUP:129; do
  fresh
  start_stopped pwrite64 2 "$(partial_of dest)" -- long dest
  kill -s "${signal%:*}" "$pid"
  go_on
  finish
  expect_status "${signal#*:}"
  expect_said "^rcopy: '$work/dest': stopped by SIG${signal%:*} (at|with) .*; run the same command again to "
  expect_untouched dest "$before"
done

# --- several ------------------------------------------------------------------------------------

# expect_worst CODE LINES: of a run with so many failures.
expect_worst() {
  expect_status "$1"
  [[ $(grep -c '^rcopy: cannot ' "$err") == "$2" ]] || fail "not $2 failures"
}

begin "3 counts before 7"
fresh
run_disturbed -P "$(partial_of directory/source)" -P "$(partial_of directory/other)" "${calls[@]}" \
  "${lie[@]}" -e inject=fsync:error=ENOSPC:when=2 -- source other directory
expect_worst 3 2
expect_said 'No space left'
expect_untouched directory/source "$before_in"

begin "7 counts before 4"
fresh
run_disturbed -P "$work/source" -P "$(partial_of directory/other)" "${calls[@]}" "${fill[@]}" "${shrink[@]}" \
  -- source other directory
expect_worst 7 2

begin "4 counts before 5, 5 before 1"
fresh
occupy directory/other
run_disturbed -P "$work/source" "${calls[@]}" "${shrink[@]}" -- source other directory
expect_worst 4 2
run missing other directory
expect_worst 5 2
leave directory/other

begin "and any of them before 1 that comes first"
fresh
run_disturbed -P "$(partial_of directory/source)" "${calls[@]}" "${lie[@]}" -- missing source directory
expect_worst 3 2

# --- strict -------------------------------------------------------------------------------------

begin "no thread to be had is 1, not a bug"
if [[ ! ${RCOPY_SANITIZER-} ]] && can_be_user && prlimit --nproc=1 true 2>"$err"; then
  fresh
  cp -- source "$user_place/source"
  ((EUID != 0)) || chown 65534 -- "$user_place/source"
  limited() { run_command prlimit --nproc=1 "$RCOPY" --no-journal "$user_place/source" "$user_place/dest"; }
  as_user limited
  expect_refused 1 "Resource temporarily unavailable; raise the limit of processes \(ulimit -u\), then run "
  expect_none "$user_place/dest"
  mkdir -- "$user_place/tree"
  cp -- "$user_place/source" "$user_place/tree/"
  ((EUID != 0)) || chown -R 65534 -- "$user_place/tree"
  for limit in 1 2 3 4 5 6 8; do # which other processes of this user may use up
    limited() { run_command timeout 60 prlimit --nproc="$limit" "$RCOPY" --no-journal -rT "$user_place/tree" "$user_place/copy"; }
    as_user limited
    if ((status == 0)); then
      expect_same "$user_place/tree/source" "$user_place/copy/source"
    else
      expect_refused 1 "Resource temporarily unavailable; raise the limit of processes \(ulimit -u\), then run "
    fi
    rm -rf -- "$user_place/copy"
  done
else
  skip_case "another user, or a limit of processes, cannot be had, or a sanitizer needs threads of its own"
fi
