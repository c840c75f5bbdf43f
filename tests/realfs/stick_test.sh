#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 1 to 5 on a stick that fails for a while, hangs, or is pulled out of its socket with what
# was not synced, and comes back.
# labels: slow privileged
# shellcheck source=tests/realfs/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
: "${STICK_FS:?must name the stick}"

size=$((16 * MiB + 5))
place=$work/place
dest=$place/dest
partial=$place/.dest.rcopy-part
fifo=$memory/fifo
files=$memory/stick/files
make_file "$size" 1 source
make_file 3000 2 old
mkdir -p -- "$place" "$files" "$memory/stick/removed"
mkfifo -- "$fifo"

# plug [KIB_PER_SECOND]: mounts the stick.
plug() {
  serve "$place" "$STICK_FS" "$memory/stick" "$place" "$fifo" "${1-1000000}"
}

tell() {
  is_running "$server" || fail "nobody is told: $*"
  printf '%s\n' "$*" >"$fifo"
}

server_said() { grep -q -- "$1" "$memory/server.log"; }
has_said() { grep -qs -- "$1" "$work/.job-err"; }
has_said_twice() { (($(grep -cs -- "$1" "$work/.job-err") == 2)); }

# pull: what was not synced is lost; $lost says how much.
pull() {
  tell pull
  was_served "$place"
  lost=$(grep '^pulled: ' "$memory/server.log")
  expect_bare_mount_point
}

expect_bare_mount_point() { [[ -z $(ls -A "$place") ]] || fail "there is $(ls -A "$place")"; }

# A stick with an old file.
begin_with_old_file() {
  rm -rf -- "$journal"* "$files"
  mkdir -- "$files"
  cp -- old "$files/dest"
}

# expect_for_good: pulled at once, it has the copy still. An empty partial, which was made for its lock
# alone, may be back.
expect_for_good() {
  expect_copied source "$dest"
  pull
  expect_same source "$files/dest"
  [[ -z $(find "$files" -type f ! -name dest -size +0) ]] ||
    fail "on the stick there is $(ls -A "$files")"
}

begin "the stick loses what was not synced"
begin_with_old_file
plug
cp -- source "$partial"
mv -- "$partial" "$dest"
pull
[[ $lost == "pulled: $size bytes and "* ]] || fail "it lost nothing: $lost"
[[ $(ls -A "$files") == dest ]] || fail "on the stick there is $(ls -A "$files")"
expect_same old "$files/dest"

for error in 5 19; do # EIO, ENODEV
  for call in write fsync read rename fsyncdir; do
    begin "$call fails with $error for a while: it tries again and ends with 0"
    begin_with_old_file
    plug
    tell fail "$error" "$call"
    start source "$dest"
    wait_until 'it tries again' has_said 'trying again in '
    cmp -s old "$files/dest" || expect_same source "$files/dest"
    tell work
    finish
    expect_for_good
    expect_row status complete
  done
done

begin "all calls fail for a while in the middle: it tries again and ends with 0"
begin_with_old_file
plug 1500
start source "$dest"
wait_until 'a part is written' size_at_least "$files/.dest.rcopy-part" $((4 * MiB))
tell fail 5 all
wait_until 'it tries again' has_said 'trying again in '
tell work
finish
expect_for_good

begin "all calls fail for ever: 1, the old file stays, and what next"
begin_with_old_file
plug
tell fail 5 write
run --retry-wait=1ms source "$dest"
expect_status 1
expect_said "^rcopy: cannot write '$partial' at byte 0: Input/output error; run the same command again"
expect_same old "$dest"
pull

for call in write fsync read rename; do
  begin "$call hangs for a while: it ends with 0, and has nothing to say"
  begin_with_old_file
  plug
  tell hang "$call"
  start source "$dest"
  wait_until "$call hangs" server_said "^$call hangs"
  is_running "$pid" || fail "it has ended"
  tell work
  finish
  expect_lines 0
  expect_for_good
done

begin "SIGTERM while a write hangs: it ends when the write does, and the position is kept"
begin_with_old_file
plug 1500
start source "$dest"
wait_until 'a part is written' size_at_least "$files/.dest.rcopy-part" $((4 * MiB))
tell hang write
wait_until 'a write hangs' server_said '^write hangs'
kill -TERM "$pid"
wait_until 'it has taken the signal' grep -qE '^ShdPnd:.0+$' "/proc/$pid/status"
is_running "$pid" || fail "it has ended"
tell work
finish
expect_status 143
expect_same old "$dest"
durable=$(journal_query 'select durable_bytes from transfer_state')
((durable >= 3 * MiB)) || fail "only $durable bytes are durable"
pull
cmp -n "$durable" -- source "$files/.dest.rcopy-part" || fail "not all is there that is durable"
plug
run source "$dest"
expect_for_good

# cut_short [OPTION]...: a copy with a durable point, and the stick is pulled.
cut_short() {
  begin_with_old_file
  plug 2000
  start "$@" source "$dest"
  wait_until 'there is a durable point' has_durable_point
  pull
}

has_durable_point() {
  [[ -e $journal ]] || return 1
  durable=$(journal_query 'select coalesce(max(durable_bytes), 0) from transfer_state')
  ((durable > 0 && durable < size))
}

not_mounted="^rcopy: cannot copy to '$dest': the file system .* '$place' before is not mounted now"

begin "pulled: 1 within 10 s, what happened and what to do, and nothing below the mount point"
cut_short
pulled=$SECONDS
finish
((SECONDS - pulled <= 10)) || fail "it took $((SECONDS - pulled)) s"
expect_status 1
waits=$(sed -nE 's/.*; trying again in ([0-9]+) s .*/\1/p' "$err" | paste -sd +)
((waits <= 9)) || fail "it waited $waits s" # and this is all that takes time
expect_said "$not_mounted; mount it, then run the same command again to continue at [0-9.]+ MiB"
expect_bare_mount_point
expect_same old "$files/dest"
transferred=$(journal_query 'select transferred_bytes from transfer_state')
durable=$(journal_query 'select durable_bytes from transfer_state')
cmp -n "$durable" -- source "$files/.dest.rcopy-part" || fail "not all is there that is durable"

begin "the same command without the stick: 1, and nothing below the mount point"
run source "$dest"
expect_refused 1 "$not_mounted; mount it, then run the same command again to continue at "
expect_bare_mount_point

begin "with the stick it continues at the durable point"
plug
run -v source "$dest"
resumed=$(sed -nE 's/.*, resumed at ([0-9]+)\.0 MiB.*/\1/p' "$out")
((${resumed:-0} > 0 && resumed * MiB >= durable && resumed * MiB <= transferred)) ||
  fail "resumed at ${resumed:-0} MiB; $durable bytes were durable, $transferred written"
expect_for_good

begin "--wait: pulled and plugged in again, it ends with 0 by itself"
cut_short --wait
wait_until 'it says that it waits' has_said "; waiting until '$place' is back$"
is_running "$pid" || fail "it did not wait"
expect_bare_mount_point
kept=$(size_of "$files/.dest.rcopy-part")
plug 2000
wait_until 'it continues' size_at_least "$files/.dest.rcopy-part" $((kept + MiB))
expect_same old "$files/dest"

begin "--wait: and once more, in the same run"
pull
wait_until 'it says so again' has_said_twice 'waiting until'
expect_bare_mount_point
plug
finish
expect_lines 2
expect_for_good
expect_row status complete

begin "--wait: the source's stick is pulled and plugged in again"
begin_with_old_file
cp -- source "$files/source"
plug
rm -f -- copy
tell hang read
start --wait "$place/source" copy
wait_until 'a read hangs' server_said '^read hangs'
pull
wait_until 'it says that it waits' has_said "; waiting until '$place' is back$"
expect_bare_mount_point
plug
finish
expect_lines 1
expect_copied source copy
pull

begin "--wait=1s: pulled and not back: 1"
cut_short --wait=1s
finish
expect_status 1
expect_said "; waiting until '$place' is back, at most 1 s$"
expect_said "$not_mounted; mount it, then run the same command again to continue at "
expect_bare_mount_point
expect_same old "$files/dest"
