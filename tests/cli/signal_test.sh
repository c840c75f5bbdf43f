#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 4 and 5: asked to stop, rcopy saves its position, says so in one line and dies by the
# signal; the same command continues.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

make_file $((32 * MiB + 9)) 1 source
partial=$(partial_of dest)
readonly size=$((32 * MiB + 9)) again='run the same command again'

start_over() { rm -f -- dest "$partial" "$journal"*; }

# start_copy OPTION...: until a part is written.
start_copy() {
  start_slow "$partial" "pwrite64=${write_time-1000:when=5+}" -- "$@" source dest
  wait_until 'a part is written' size_at_least "$partial" $((4 * MiB))
}

# start_verify MILLISECONDS: until all is copied; each of the calls that read it back takes so long.
start_verify() {
  start_slow "$partial" "pread64=$1" -- source dest
  wait_until 'all is copied' has_status copied
}

# expect_killed_by SIGNAL: strace says what the shell cannot tell from an exit code.
expect_killed_by() {
  expect_status $((128 + $(kill -l "$1")))
  grep -q "+++ killed by SIG$1" "$trace" || fail "it was not killed by SIG$1"
}

# shellcheck disable=SC2034  # used by start_job
tracer=("${tracer[@]/-qq/-q}")

for signal in INT TERM HUP; do
  begin "SIG$signal: saves the position, says so in one line, and dies by the signal"
  start_over
  start_copy
  kill -s "$signal" "$pid"
  { finish; } 2>/dev/null
  expect_killed_by "$signal"
  [[ $(grep -c 'stopped' "$err") == 1 ]] || fail "not one line says that it stopped"
  expect_none dest
  row=$(journal_query 'select transferred_bytes, file_hash from transfer_state')
  kept=${row%%|*}
  ((kept % MiB == 0 && kept >= 3 * MiB && kept < size)) || fail "it kept $kept bytes"
  where="$((kept / MiB))\.0 MiB of 32\.0 MiB"
  expect_said "^rcopy: '$work/dest': stopped by SIG$signal at $where; $again to continue there$"
  expect_row 'durable_bytes, status' "$kept|in_progress"
  [[ ${row#*|} == "$(hash_of_first "$kept" source)" ]] || fail "in the journal is another hash"
  [[ $(size_of "$partial") == "$kept" ]] || fail "the partial has not $kept bytes"

  begin "  and the same command continues there"
  run_counting source -v source dest
  expect_copied source dest
  expect_printed "resumed at $((kept / MiB))\.0 MiB"
  expect_first_read "$kept"
  expect_bytes_read $((size - kept))
done

begin "stopped five times, it goes on each time"
start_over
before=0
for ((i = 0; i < 5; ++i)); do
  start_slow "$partial" pwrite64=1000:when=2+ -- source dest
  wait_until 'a part is written' size_at_least "$partial" $((before + MiB))
  kill -TERM "$pid"
  finish
  expect_status 143
  kept=$(journal_query 'select transferred_bytes from transfer_state')
  ((kept > before)) || fail "it had $before bytes and now has $kept"
  before=$kept
  ((before < size - 12 * MiB)) || break
done
run source dest
expect_copied source dest

begin "stopped while it verifies: the next run verifies and reads nothing of the source"
start_over
start_verify 3000
kill -TERM "$pid"
finish
expect_status 143
where='with all 32\.0 MiB copied'
expect_said "^rcopy: '$work/dest': stopped by SIGTERM $where; $again to verify and finish$"
expect_none dest
expect_row status copied
run_counting source -v source dest
expect_copied source dest
expect_bytes_read 0
expect_said 'copied already'

begin "a second signal ends it at once"
start_over
# A sync that hangs holds up a stop, as a bad disk does.
start_slow "$partial" pwrite64=40 fdatasync=12000 -- source dest
wait_until 'a part is written' size_at_least "$partial" $((4 * MiB))
kill -TERM "$pid"
said_stopping() { grep -q 'stopping' "$work/.job-err"; }
wait_until 'it says that it stops' said_stopping
interrupted_again() { # as often as it takes: what follows at once is an echo of the first
  kill -INT "$pid" 2>/dev/null || true
  has_ended "$pid"
}
wait_until 'a second signal ends it' interrupted_again
{ finish; } 2>/dev/null
expect_killed_by INT
expect_not_said 'stopped by' # the sync it would have waited for never ended
expect_row 'durable_bytes, status' '0|in_progress'
expect_none dest
run source dest
expect_copied source dest

begin "two signals at once are one stop"
start_over
start_copy
kill -STOP "$pid"
wait_until 'it is stopped' all_stopped
kill -TERM "$pid"
kill -HUP "$pid"
kill -CONT "$pid"
{ finish; } 2>/dev/null
[[ $status == 143 ]] || expect_status 129 # which of the two came first, it cannot tell
expect_said 'stopped by SIG(TERM|HUP) at .* to continue there$'

begin "with nohup it does not care about SIGHUP"
start_over
launcher=(nohup)
write_time=200 start_copy
launcher=()
kill -HUP "$pid"
finish
expect_copied source dest
expect_not_said stop

begin "with --quiet one line says where it stopped"
start_over
start_copy --quiet
kill -TERM "$pid"
finish
expect_refused 143 "stopped by SIGTERM at .* of 32\.0 MiB; $again to continue there$"

begin "several files: the one that was copied, the position in the next, and no word of the others"
start_over
mkdir -- directory
echo small >small
start_slow "$work/directory/.source.rcopy-part" pwrite64=1000:when=5+ -- small source "$RCOPY" directory
wait_until 'a part is written' size_at_least directory/.source.rcopy-part $((4 * MiB))
kill -TERM "$pid"
finish
expect_status 143
expect_same small directory/small
[[ $(grep -c 'stopped' "$err") == 1 ]] || fail "not one line says that it stopped"
expect_said "/directory/source': stopped by SIGTERM"
run small source directory
expect_copied source directory/source

# has_answered PATTERN: to SIGUSR1.
has_answered() { grep -qE "^rcopy: $1" "$work/.job-err"; }
ask() {
  kill -USR1 "$pid"
  wait_until "it says: $1" has_answered "$1"
}

begin "SIGUSR1 is no stop: it says how far it is, also with --quiet and without a terminal"
start_over
start_slow "$partial" pwrite64=300 -- --quiet source dest
wait_until 'a part is written' size_at_least "$partial" $((4 * MiB))
ask "'source'  copy  [ 0-9]+ %  .* of 32\.0 MiB  .* on the medium"
first=$job
start_job "$RCOPY" --lock-wait source dest
wait_until 'the second one waits' has_answered '.*; waiting until it has finished'
pid=$job
ask "'source'  waiting until the other rcopy has finished  "
finish
expect_copied source dest
job=$first
finish
expect_status 0

begin "also while it verifies"
start_over
start_verify 1000
ask "'source'  verify  [ 0-9]+ %  .* of 32\.0 MiB"
finish
expect_copied source dest

begin "asked again and again until its end, it ends with 0"
start_over
start_slow "$partial" pwrite64=10 -- source dest
wait_until 'a part is written' size_at_least "$partial" $((4 * MiB))
while kill -USR1 "$pid" 2>"$out"; do :; done
finish
expect_copied source dest
