#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promise 4: several rcopy at once do not disturb each other: on one destination one works and the
# others say so, on different destinations they share a journal.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

make_file $((24 * MiB + 5)) 1 source
make_file $((24 * MiB + 5)) 2 other
partial=$(partial_of dest)
mkdir -- directory

# Has written a part, and stands until go_on.
start_first() { start_stopped pwrite64 3 "$partial" -- source dest; }

begin "two on one destination: the second ends with 5, and the first with 0"
start_first
run source dest
expect_refused 5 "^rcopy: cannot copy to '$work/dest': another rcopy is copying to it"
expect_none dest
go_on
finish
expect_copied source dest
expect_silence

begin "of another source, by another name, without a journal or with another: 5 as well"
rm -- dest
ln -s . here
start_stopped pwrite64 3 "$partial" -- source dest
for second in 'other dest' 'other here/dest' "other $work/directory/../dest" \
  '--no-journal other dest' '--journal=j.db other dest' '--resume=never other dest'; do
  # shellcheck disable=SC2086  # words
  run $second
  expect_refused 5 'another rcopy is copying to it'
done
[[ -e $partial ]] || fail "the partial of the first is gone"
go_on
finish
expect_copied source dest

begin "and also where it is up to date: 0, for nothing has to be written"
run source dest
expect_status 0

begin "--lock-wait: the second says so, waits and ends with 0; of another source it copies that"
rm -- dest
start_first
first=$job first_pid=$pid
start_job "$RCOPY" --lock-wait other dest
wait_until 'the second one waits' grep -q 'waiting until it has finished$' "$work/.job-err"
kill -CONT "$first_pid"
finish
expect_copied other dest
expect_lines 1
expect_said "another rcopy is copying to it; waiting until it has finished$"
job=$first pid=$first_pid
finish
expect_status 0

begin "--lock-wait=1s: that long, then 5"
rm -- dest
start_first
run --lock-wait=1s other dest
go_on
expect_status 5
expect_said 'waiting until it has finished, at most 1 s$'
expect_said '^rcopy: .* another rcopy is copying to it; wait until it has finished, then run'
finish
expect_copied source dest

begin "the first is killed: the second continues"
rm -- dest
start_first
kill_now
run source dest
expect_copied source dest

begin "several files, one of them busy: the others are copied, and it ends with 5"
rm -- dest "$journal"*
: >directory/.source.rcopy-part
exec {lock}<directory/.source.rcopy-part
flock "$lock"
echo small >small
run source small directory
exec {lock}<&-
expect_refused 5 'another rcopy is copying to it'
expect_same small directory/small
run source directory
expect_copied source directory/source

begin "eight at once on one destination: each ends with 0 or 5, and the copy is right"
rm -f -- dest "$journal"*
processes=()
for ((i = 0; i < 8; ++i)); do
  "$RCOPY" source dest >"out-$i" 2>&1 &
  processes+=($!)
done
children+=("${processes[@]}")
good=0
for ((i = 0; i < 8; ++i)); do
  status=0
  wait "${processes[i]}" || status=$?
  cp -- "out-$i" "$err"
  case $status in
    0) ((++good)) ;;
    5) expect_said 'another rcopy is copying to it' ;;
    *) fail "one ended with $status" ;;
  esac
done
children=()
((good > 0)) || fail "none copied it"
status=0
expect_copied source dest
expect_row 'count(*), status' '1|complete'

begin "thirty at once with one journal that does not exist yet: all end with 0"
rm -f -- "$journal"*
rmdir -- "$(dirname -- "$journal")"
for ((i = 0; i < 30; ++i)); do make_file $((2 * MiB + i)) "$i" "file-$i"; done
processes=()
for ((i = 0; i < 30; ++i)); do
  "$RCOPY" "file-$i" "copy-$i" >"out-$i" 2>&1 &
  processes+=($!)
done
children+=("${processes[@]}")
for ((i = 0; i < 30; ++i)); do
  status=0
  wait "${processes[i]}" || status=$?
  cp -- "out-$i" "$err"
  expect_copied "file-$i" "copy-$i"
  expect_lines 0
done
children=()
expect_row "count(*), sum(status = 'complete'), sum(transferred_bytes = total_bytes)" '30|30|30'
for ((i = 0; i < 30; ++i)); do
  hash=$(journal_query "select file_hash from transfer_state where dest_path = '$work/copy-$i'")
  [[ $hash == "$(hash_of "file-$i")" ]] || fail "in the journal copy-$i has the hash $hash"
done
[[ $(journal_query 'pragma integrity_check') == ok ]] || fail "the journal is corrupt"

begin "a run whose journal is locked by sqlite3 for a while waits and ends with 0"
mkfifo commands
sqlite3 -batch "$journal" <commands >"$work/.locker" 2>&1 &
locker=$!
children+=("$locker")
exec 9>commands
echo "begin immediate; select 'locked';" >&9
is_locked() { grep -q locked "$work/.locker"; }
wait_until 'the journal is locked' is_locked
start -- source dest
sleep 0.5
is_running "$pid" || fail "it did not wait"
echo 'rollback;' >&9
finish
exec 9>&-
wait "$locker"
expect_copied source dest
