#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 1, 4 and 5 when the stick is not there: nothing is written to the empty mount point, the
# error says what happened, and with --wait the copy goes on by itself. Also --lock-wait.
# labels: privileged

# shellcheck source=tests/cli/namespace.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/namespace.sh"
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

make_file $((40 * MiB + 5)) 1 source
mkdir -- place sticks
place=$work/place
mount -t tmpfs none sticks
mounts=("$work/sticks")
mkdir -- sticks/a
dest=$place/dest

# A directory that is mounted elsewhere is a stick that can be pulled and plugged in again.
plug() {
  mount --bind "sticks/$1" "$place"
  mounts=("$place" "$work/sticks")
}
pull() {
  umount -- "$place"
  mounts=("$work/sticks")
}
expect_bare_mount_point_empty() { [[ -z $(ls -A "$place") ]] || fail "there is $(ls -A "$place")"; }
has_said() { grep -q -- "$1" "$work/.job-err"; }

# cut_short: a copy to the stick that was stopped, with the stick pulled after that.
cut_short() {
  rm -rf -- "$journal"* sticks/a/{dest,.dest.rcopy-part}
  plug a
  stop_copy $((4 * MiB)) source "$dest"
  pull
}

not_mounted="^rcopy: cannot copy to '$dest': the file system that was mounted on"
not_mounted+=" '$place' before is not mounted now"

begin "the stick is not mounted: 1, what to do, and nothing is written below its mount point"
cut_short
run source "$dest"
expect_refused 1 "$not_mounted; mount it, then run the same command again to continue at .*--resume=never"
expect_bare_mount_point_empty

begin "mounted again: the same command continues"
plug a
run_counting source source "$dest"
expect_copied source "$dest"
expect_first_read "$kept"
pull

begin "also where the copy was complete: what is there now is not the stick"
run source "$dest"
expect_refused 1 "$not_mounted"
expect_bare_mount_point_empty

begin "--resume=never copies to what is there now"
run --resume=never source "$dest"
expect_copied source "$dest"
run source "$dest"
expect_status 0
expect_silence
rm -- "$dest"

begin "--wait: one line says for what it waits, and when it is back the copy ends with 0"
cut_short
start --wait -- source "$dest"
wait_until 'it says that it waits' has_said "not mounted now; waiting until '$place' is back"
is_running "$pid" || fail "it did not wait"
expect_bare_mount_point_empty
plug a
finish
expect_copied source "$dest"
expect_lines 1
expect_row status complete
pull

begin "--wait=1s: that long, then 1"
cut_short
run --wait=1s source "$dest"
expect_status 1
expect_lines 2
expect_said "waiting until '$place' is back, at most 1 s$"
expect_said "$not_mounted; mount it"
expect_bare_mount_point_empty

begin "a signal ends the wait, and the position stays"
start --wait -- source "$dest"
wait_until 'it says that it waits' has_said 'waiting until'
kill -TERM "$pid"
finish
expect_status 143
expect_said 'stopped by SIGTERM'
expect_row transferred_bytes "$kept"

begin "a directory that was removed from a stick that is there: an error at once, also with --wait"
plug a
mkdir -- "$place/sub"
rm -- "$journal"*
start_stopped pwrite64 3 "$place/sub/.dest.rcopy-part" -- --wait source "$place/sub/dest"
rm -r -- "$place/sub"
go_on
finish
expect_status 1
expect_said '^rcopy: cannot '
pull

begin "several files: pulled between two of them, the next is not written below the mount point"
rm -rf -- "$journal"* sticks/a/*
cp -- source one
cp -- source two
plug a
start_stopped statx 1 "$work/two" -- one "$work/two" "$place"
expect_same one "$place/one"
pull
go_on
finish
expect_refused 1 "the file system that was mounted on '$place' before is not mounted now; mount it,"
expect_bare_mount_point_empty
plug a
run one two "$place"
expect_status 0
expect_same two "$place/two"
pull

# use_ext4 IMAGE
use_ext4() { mount -o loop "$1" "$place" 2>"$err" && mounts=("$place" "$work/sticks"); }
truncate -s 128M first.img second.img
mkfs.ext4 -q -F -m 0 first.img 2>"$err"
mkfs.ext4 -q -F -m 0 second.img 2>"$err"
if use_ext4 first.img; then
  begin "another file system is mounted there: 1, and nothing is written to it"
  rm -f -- "$journal"*
  stop_copy $((4 * MiB)) source "$dest"
  pull
  use_ext4 second.img
  names=$(ls -A "$place")
  run source "$dest"
  expect_refused 1 "another file system is mounted on '$place' than when this copy was begun; mount it,"
  [[ $(ls -A "$place") == "$names" ]] || fail "there are other names: $(ls -A "$place")"
  pull

  begin "the first again, through another device number: it continues"
  mkdir -- elsewhere
  mount -o loop second.img elsewhere # takes the loop device that the first had
  use_ext4 first.img
  mounts+=("$work/elsewhere")
  run_counting source source "$dest"
  expect_copied source "$dest"
  expect_first_read "$kept"
  umount elsewhere
  pull

  begin "a finished copy does not tie its name to one file system"
  use_ext4 second.img
  run source "$dest"
  expect_copied source "$dest"
  pull
else
  skip_case "no ext4 can be mounted: $(tail -n 1 "$err")"
fi

begin "a source that is not there when a run begins: 1 at once, also with --wait; then it continues"
rm -f -- "$journal"*
cp -- source sticks/a/file
plug a
start_slow "$work/.copy.rcopy-part" pwrite64=1000:when=4+ -- --wait "$place/file" copy
wait_until 'a part is written' size_at_least .copy.rcopy-part $((3 * MiB))
kill -TERM "$pid"
finish
expect_status 143
pull
run --wait "$place/file" copy
expect_refused 1 "cannot stat '$place/file': No such file or directory"
plug a
run --wait "$place/file" copy
expect_copied "$place/file" copy
pull
