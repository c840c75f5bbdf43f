#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promise 3: a copy that ends with 0 is one of the source as it is, not of two versions of it.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly size=$((24 * MiB + 77))
make_file "$size" 1 original
make_file "$size" 2 other
make_file 3000 3 old
partial=$(partial_of dest)

fresh_files() {
  rm -f -- dest source "$partial" "$journal"*
  cp -- original source
  touch -d '2020-02-02 02:02:02.123456789' source
  cp -- old dest
}

# Ways to change the source. Those that keep size and mtime leave only ctime or inode to tell.
replace() { cp -- other new && mv -- new source; }
replace_with_same_time() { cp -- other new && touch -r source new && mv -- new source; }
grow() { head -c 5000 other >>source; }
shrink() { truncate -s $((size / 2)) source; }
empty() { : >source; }
rewrite() { dd if=other of=source bs=1M conv=notrunc status=none; }
rewrite_with_same_time() {
  touch -r source stamp
  rewrite
  touch -r stamp source
}
change_first_byte() { flip_byte source 0; }
change_last_byte() { flip_byte source $((size - 1)); }
readonly changes='replace replace_with_same_time grow shrink empty rewrite rewrite_with_same_time
  change_first_byte change_last_byte'

# --- between two runs -------------------------------------------------------------------------

for change in $changes; do
  begin "between a run that was stopped and the next: ${change//_/ }"
  fresh_files
  stop_copy $((4 * MiB)) source dest
  $change
  run -v source dest
  expect_copied source dest
  expect_said 'the source changed since the last run'
done

for change in $changes; do
  begin "after a copy that is complete: ${change//_/ }"
  fresh_files
  run source dest
  expect_copied source dest
  $change
  run source dest
  expect_copied source dest
  expect_row status complete
done

begin "between a run that was killed while it verified and the next"
fresh_files
start_slow "$partial" pread64=60000 -- source dest
wait_until 'all is copied' has_status copied
kill_traced
change_last_byte
run source dest
expect_copied source dest

begin "another source for the same destination"
fresh_files
stop_copy $((4 * MiB)) source dest
run other dest
expect_copied other dest

begin "the same file by another name: it continues"
fresh_files
stop_copy $((4 * MiB)) source dest
ln -s source alias
run_counting source alias dest
expect_copied source dest
expect_first_read "$kept"

# --- during a run -----------------------------------------------------------------------------

# start_copy OPTION...: until a part is written; it stands until keep_going.
start_copy() { start_stopped pwrite64 4 "$partial" -- "$@" source dest; }

for change in $changes; do
  begin "while it copies: ${change//_/ }"
  fresh_files
  start_copy
  $change
  keep_going
  finish
  expect_copied source dest
  expect_lines 1
  expect_said "^rcopy: cannot copy '.*source'.*: the source .*; trying again now"
done

for change in replace_with_same_time shrink rewrite_with_same_time; do
  begin "while it copies, with --retries=0, so it ends with 4: ${change//_/ }"
  fresh_files
  before=$(fingerprint dest)
  start_copy --retries=0
  $change
  keep_going
  finish
  expect_refused 4 "^rcopy: cannot copy '.*source'"
  expect_untouched dest "$before"
done

begin "and the next run ends with 0"
run source dest
expect_copied source dest

begin "while it copies: deleted, so it ends with 1"
fresh_files
before=$(fingerprint dest)
start_copy
rm -- source
keep_going
finish
expect_status 1
expect_said "^rcopy: cannot .*'source'.*No such file or directory"
expect_untouched dest "$before"

begin "again and again while it copies: ends with 4 after all retries"
fresh_files
before=$(fingerprint dest)
start_copy --retries=2
changed_to_the_end() {
  if all_stopped; then
    echo more >>source
    kill -CONT "$pid" 2>/dev/null || true
  fi
  has_ended "$pid"
}
wait_until 'it has ended' changed_to_the_end
finish
expect_status 4
expect_lines 3
expect_said '\(retry 1 of 2\)'
expect_said '\(retry 2 of 2\)'
expect_untouched dest "$before"
expect_none "$partial"

begin "and when it is quiet again the same command ends with 0"
run source dest
expect_copied source dest

begin "read by others while it copies: no change"
fresh_files
start_copy
cat source >other-reader
keep_going
finish
expect_copied source dest
expect_silence
