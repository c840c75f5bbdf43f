#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promise 3: bytes that go wrong while rcopy is dead never get the final name.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly size=$((40 * MiB + 123))
make_file "$size" 1 source
make_file 5000 2 old

# After this dest is old, and its copy was killed; $durable and $transferred are in the journal.
set_up() {
  rm -f -- dest "$(partial_of dest)" "$journal"*
  cp -- old dest
  kill_copy source dest
  expect_same old dest
}

begin "a byte below the durable point: found when it is verified, said, and copied again"
set_up
flip_byte "$(partial_of dest)" $((durable / 2))
run source dest
expect_copied source dest
expect_lines 1
expect_said "^rcopy: cannot verify '$work/dest': .*byte is at $((durable / 2)); trying again"
expect_row 'status, file_hash' "complete|$(hash_of source)"

begin "the same with --retries=0: ends with 3, and the old destination is untouched"
set_up
flip_byte "$(partial_of dest)" $((durable - 1))
before=$(fingerprint dest)
run --retries=0 source dest
expect_refused 3 "^rcopy: cannot verify '$work/dest': .*differing byte is at $((durable - 1))"
expect_untouched dest "$before"
expect_none "$(partial_of dest)"
expect_row 'transferred_bytes, durable_bytes, status' '0|0|failed'

begin "and the run after it starts over and ends with 0"
run_counting source source dest
expect_copied source dest
expect_bytes_read "$size"

begin "a byte above the durable point: found before copying, and only that part is copied again"
for where in durable transferred-1; do
  set_up
  flip_byte "$(partial_of dest)" $((where))
  run_counting source -v source dest
  expect_copied source dest
  expect_first_read "$durable"
  expect_bytes_read $((size - durable))
  expect_not_said 'trying again'
  expect_printed "resumed at $((durable / MiB))\.0 MiB"
done

begin "a byte above what was transferred: no matter, it was never claimed"
set_up
head -c 3000 old >>"$(partial_of dest)"
run_counting source source dest
expect_copied source dest
expect_silence
expect_first_read "$transferred"

begin "--resume=check: found before copying, wherever it is"
set_up
flip_byte "$(partial_of dest)" $((durable / 2))
run --resume=check source dest
expect_copied source dest
expect_not_said 'trying again'

begin "a byte of a copy that waits to be verified"
rm -f -- dest "$journal"*
start_slow "$(partial_of dest)" pread64=60000 -- source dest
wait_until 'all is copied' has_status copied
kill_traced
flip_byte "$(partial_of dest)" $((size - 1))
run source dest
expect_copied source dest
expect_said "differing byte is at $((size - 1)); trying again"

begin "a byte of a copy that is verified and waits for its name"
rm -f -- dest "$journal"*
readonly renames=rename,renameat,renameat2
start_traced -e "inject=$renames:delay_enter=60000000" -e "trace=$renames" -- source dest
wait_until 'it is verified' has_status verified
kill_traced
expect_none dest
flip_byte "$(partial_of dest)" 0
run source dest
expect_copied source dest
expect_said "differing byte is at 0; trying again"
