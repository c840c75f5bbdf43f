#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promise 2: a journal that is lost, broken, old or not ours costs time or gives a clear error, and
# never bytes. And where the journal is, and who may read it.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly size=$((24 * MiB + 1))
make_file "$size" 1 source
make_file 3000 2 small
partial=$(partial_of dest)
state=$(dirname -- "$journal")

# After this the partial and the journal hold the first $kept bytes.
set_up() {
  rm -rf -- dest "$partial" "$state"
  stop_copy $((4 * MiB)) source dest
}

# Every byte of every file of the journal, except of the index of the WAL, which no reader trusts.
bytes_of_state() {
  (cd -- "$state" && find . -type f ! -name '*-shm' -exec xxh128sum {} + 2>/dev/null | sort -k 2)
}

# expect_journal_refused PATTERN: nothing is copied, and the way out is named.
expect_journal_refused() {
  expect_refused 6 "$1"
  expect_said '--journal'
  expect_said '--no-journal'
  expect_none dest
}

begin "no entry: starts over"
set_up
journal_query 'delete from transfer_state'
run -v source dest
expect_copied source dest
expect_said 'the journal does not know the partial'

begin "no journal: starts over"
set_up
rm -r -- "$state"
run source dest
expect_copied source dest
expect_row 'status' complete

begin "an empty journal: starts over"
set_up
rm -f -- "$journal"-*
: >"$journal"
run source dest
expect_copied source dest
expect_row 'status' complete

# expect_moved_aside HASH: the copy was made, and the file with HASH still exists.
expect_moved_aside() {
  expect_copied source dest
  expect_said "^rcopy: warning: '$journal': .*\.corrupt-"
  local aside=("$state"/*.corrupt-????????-??????)
  [[ ${#aside[@]} == 1 && $(hash_of "${aside[0]}") == "$1" ]] ||
    fail "the old journal is not there: $(ls "$state")"
  expect_row 'status' complete
}

begin "a journal full of garbage: moved aside with a warning, and copied"
for garbage in 'head -c 100000 source' 'head -c 50 source' 'echo this is a text'; do
  set_up
  $garbage >"$journal"
  hash=$(hash_of "$journal")
  run source dest
  expect_moved_aside "$hash"
done

begin "a journal with a broken page or a lost end: moved aside with a warning, and copied"
for damage in 'truncate -s 5000 ' \
  'dd if=source bs=4K count=9 seek=1 conv=notrunc status=none of='; do
  set_up
  journal_query 'pragma wal_checkpoint(truncate)' >/dev/null
  rm -f -- "$journal"-*
  eval "$damage\"\$journal\""
  hash=$(hash_of "$journal")
  run source dest
  expect_moved_aside "$hash"
done

begin "an entry that makes no sense: ignored, and the copy is right"
all="transferred_bytes = total_bytes, durable_bytes = total_bytes"
for change in \
  "durable_bytes = 0, durable_hash_state = null" \
  "hash_state = x'00', durable_hash_state = x'0102'" \
  "file_hash = replace(file_hash, substr(file_hash, 1, 1), 'z')" \
  "total_bytes = total_bytes + 1, source_size = source_size + 1" \
  "$all, status = 'copied'" \
  "$all, status = 'verified', verified_by = 'medium'" \
  "$all, status = 'complete', verified_by = 'medium'" \
  "transferred_bytes = transferred_bytes + 1048576, durable_bytes = transferred_bytes + 1048576" \
  "transferred_bytes = 1048577, durable_bytes = 1048577"; do
  set_up
  journal_query "pragma ignore_check_constraints = on; update transfer_state set $change"
  run source dest
  expect_copied source dest
done

begin "a journal of a newer rcopy: refused, and not one byte of it changes"
set_up
journal_query 'pragma user_version = 99; pragma wal_checkpoint(truncate)' >/dev/null
before=$(bytes_of_state)
run source dest
expect_journal_refused "newer version"
[[ $(bytes_of_state) == "$before" ]] || fail "it changed: $before, now $(bytes_of_state)"
[[ $(size_of "$partial") == "$kept" ]] || fail "the partial was touched"

begin "and --no-journal is a way out"
run --no-journal source dest
expect_copied source dest

begin "a database of another application: refused, and not one byte of it changes"
for mode in delete wal; do
  for numbers in '' 'pragma user_version = 1;' \
    'pragma application_id = 7; pragma user_version = 1;'; do
    rm -rf -- dest "$state"
    mkdir -- "$state"
    journal_query "pragma journal_mode = $mode; $numbers
      create table notes (text); insert into notes values ('mine')" >/dev/null
    before=$(bytes_of_state)
    run small dest
    expect_journal_refused "another program"
    [[ $(bytes_of_state) == "$before" ]] || fail "it changed: $before, now $(bytes_of_state)"
  done
done

begin "a journal that cannot be: refused, and nothing is copied"
rm -rf -- dest "$state"
ln -s loop loop
mkfifo fifo
for place in "$work" /proc/nowhere/j.db "$work/small/j.db" /dev/null "$work/fifo" loop; do
  run --journal="$place" small dest
  expect_journal_refused "journal|create"
done

begin "a journal that may not be written: refused, and nothing is copied"
if can_be_user; then
  as_user run --journal="$user_place/j.db" small "$user_place/dest"
  expect_status 0
  chmod 400 -- "$user_place/j.db"
  as_user run --journal="$user_place/j.db" small dest
  expect_journal_refused journal
  as_user run --journal=/rcopy-test/j.db small dest
  expect_journal_refused '/rcopy-test'
else
  skip_case "a user without privileges cannot reach $work"
fi

begin "--no-journal: no journal is made, and the copy is right"
run --no-journal source dest
expect_copied source dest
expect_none "$state"
expect_none "$HOME/.local"

begin "--no-journal: copies again, also over what was stopped"
rm -- dest
start_slow "$partial" pwrite64=1000:when=4+ -- --no-journal source dest
wait_until 'something is written' size_at_least "$partial" $((3 * MiB))
kill -TERM "$pid"
finish
expect_status 143
expect_said "'$work/dest': stopped by SIGTERM at .*; run the same command again to start over"
run --no-journal source dest
expect_copied source dest

begin "the journal vanishes while it copies: the copy is right, and a new journal knows it"
rm -- dest
start_stopped pwrite64 3 "$partial" -- source dest
rm -- "$journal"*
go_on
finish
expect_copied source dest
expect_row status complete

begin "--journal is before RCOPY_JOURNAL, XDG_STATE_HOME and HOME, each before the next"
expect_journal_at() {
  expect_copied small dest
  [[ -f $1 ]] || fail "the journal is not $1"
  rm -rf -- dest "$1" "$1"-*
  expect_none "$HOME/.local"
  expect_none "$state"
  expect_none xdg
}
rm -rf -- dest "$state"
export XDG_STATE_HOME=$work/xdg
run --journal="$work/one.db" small dest
expect_journal_at "$work/one.db"
run --journal "two.db" small dest
expect_journal_at "$work/two.db"
RCOPY_JOURNAL=$work/three.db run small dest
expect_journal_at "$work/three.db"
unset RCOPY_JOURNAL
run small dest
mv -- "$work/xdg/rcopy/journal.db" four.db && rm -r -- xdg
expect_journal_at "$work/four.db"
for xdg in '' relative; do
  XDG_STATE_HOME=$xdg run small dest
  mv -- "$HOME/.local/state/rcopy/journal.db" five.db && rm -r -- "$HOME/.local"
  expect_journal_at "$work/five.db"
done
unset XDG_STATE_HOME

begin "whatever the umask, only its owner can read it: directories 0700, files 0600"
for mask in 000 077 027; do
  (umask "$mask" && "$RCOPY" small dest)
  wrong=$(find "$HOME/.local" \( -type d ! -perm 700 \) -o \( -type f ! -perm 600 \))
  [[ -z $wrong ]] || fail "with umask $mask: $(stat -c '%n has mode %a' -- "$wrong")"
  rm -r -- dest "$HOME/.local"
done

begin "a directory that is there keeps its mode"
mkdir -p -- "$HOME/.local/state"
chmod 755 -- "$HOME/.local/state"
run small dest
expect_copied small dest
[[ $(stat -c %a -- "$HOME/.local/state") == 755 ]] || fail "its mode changed"
