#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 4 and 5 with --max-duration: a run ends in time, whatever it is doing, with the position saved and
# exit code 8; the same command continues.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly size=$((24 * MiB + 9)) again='run the same command again'
make_file "$size" 1 source
make_file 1000 2 small
partial=$(partial_of dest)
mkdir -- directory

start_over() { rm -rf -- dest "$partial" "$journal"* directory/* directory/.[!.]* tree; }

# expect_stopped_once TEXT: one line says so, and one that it begins to stop.
expect_stopped_once() {
  expect_status 8
  [[ $(grep -c 'stopped by' "$err") == 1 ]] || fail "not one line says that it stopped"
  expect_said "$1"
}

begin "a copy: stopped at a checkpoint that is durable, one line says where, 8"
start_over
start_slow "$partial" pwrite64=400 fdatasync=2000 -- --max-duration=4.5s source dest
finish
row=$(journal_query 'select transferred_bytes, file_hash from transfer_state')
kept=${row%%|*}
((kept % MiB == 0 && kept > 0 && kept < size)) || fail "it kept $kept bytes"
where="$((kept / MiB))\.0 MiB of 24\.0 MiB"
expect_stopped_once "^rcopy: '$work/dest': stopped by --max-duration=4.5s at $where; $again to continue there$"
expect_said '^rcopy: --max-duration=4.5s is over, stopping, saving the position$'
expect_lines 2
expect_none dest
expect_row 'durable_bytes, status' "$kept|in_progress"
[[ ${row#*|} == "$(hash_of_first "$kept" source)" ]] || fail "in the journal is another hash"
[[ $(size_of "$partial") == "$kept" ]] || fail "the partial has not $kept bytes"

begin "  and the same command continues there; in time it ends with 0"
run_counting source -v --max-duration=1h source dest
expect_copied source dest
expect_first_read "$kept"
run --max-duration=1h source dest
expect_status 0

begin "while it verifies: the next run verifies and reads nothing of the source"
start_over
start_slow "$partial" pread64=14000 -- --max-duration=12s source dest
finish
expect_stopped_once "stopped by --max-duration=12s with all 24\.0 MiB copied; $again to verify and finish$"
expect_none dest
run_counting source --max-duration=1h source dest
expect_copied source dest
expect_bytes_read 0

begin "several files: those that were not begun are not called copied"
start_over
start_slow "$(partial_of directory/source)" pwrite64=300 -- -v --max-duration=4s small source small directory
finish
expect_stopped_once "^rcopy: '$work/directory/source': stopped by"
expect_same small directory/small
expect_none directory/source

begin "a file that failed ranks above the time"
start_over
start_slow "$(partial_of directory/source)" pwrite64=300 -- --max-duration=4s missing source directory
finish
expect_status 1
expect_said "^rcopy: cannot stat 'missing'"
expect_said "stopped by --max-duration=4s"

begin "a tree: 8, and the same command continues"
start_over
mkdir -- tree
cp -- source small tree/
start_slow "$work/directory/tree/.source.rcopy-part" pwrite64=300 -- -r --max-duration=4s tree directory
finish
expect_stopped_once "stopped by --max-duration=4s"
expect_none directory/tree/source
run -r tree directory
expect_status 0
diff -r -- tree directory/tree || fail "the copy is another"

begin "while it waits for another rcopy: 8, not 5, for a file and for a tree"
start_over
for held in "$partial" directory; do
  [[ -e $held ]] || : >"$held"
  exec 9<"$held"
  flock 9
  if [[ -d $held ]]; then
    mkdir -- tree
    cp -- small tree/
    run -rT --lock-wait --max-duration=3s tree directory
  else
    run --lock-wait --max-duration=3s source dest
  fi
  exec 9<&-
  expect_stopped_once "stopped by --max-duration=3s"
  expect_said 'another rcopy is copying to it; waiting'
done

begin "while it waits for the next attempt: 8"
start_over
run_command "${tracer[@]}" -P "$work/source" -e trace=pread64 -e inject=pread64:error=EIO \
  "$RCOPY" --retry-wait=1h --max-duration=3s source dest
expect_stopped_once "^rcopy: '$work/dest': stopped by --max-duration=3s"
expect_said 'trying again in 3600 s'

begin "without a journal there is no position to save: it says so, 8"
start_over
start_slow "$partial" pwrite64=300 fdatasync=2000 -- --no-journal --max-duration=4s source dest
finish
expect_stopped_once "; $again to start over$"
expect_said '^rcopy: --max-duration=4s is over, stopping$'

begin "what is no time, or none at all, is refused"
for time in 0 0ms soon -1 20000h; do
  run --max-duration="$time" source dest
  expect_status 2
  expect_said '^rcopy: invalid value .* for --max-duration'
done
