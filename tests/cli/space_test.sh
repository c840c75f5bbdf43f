#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promise 4 on file systems that are full, grow, or cannot be written: exit code 7 (or 1), the old
# destination stays, and the same command continues when there is space.
# labels: privileged
# shellcheck source=tests/cli/namespace.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/namespace.sh"
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly size=$((12 * MiB + 5)) place=$work/place
readonly advice='free some space, then run the same command again'
make_file "$size" 1 source
make_file 3000 2 old
mkdir -- "$place"
dest=$place/dest
partial=$(partial_of "$dest")

mount_tmpfs() { mount -t tmpfs -o size=24m none "$place"; }
mount_ext4() {
  truncate -s 32M image
  mkfs.ext4 -q -F -m 0 image 2>"$err" && mount -o loop image "$place" 2>"$err"
}

# use KIND: a new file system at $place, with an old destination.
use() {
  ! mountpoint -q "$place" || umount -- "$place"
  rm -f -- "$journal"*
  if ! "mount_$1"; then
    skip_case "$1 cannot be mounted: $(tail -n 1 "$err")"
    return 1
  fi
  mounts=("$place")
  cp -- old "$dest"
  before=$(fingerprint "$dest")
}

# fill LEFT: so that less than LEFT bytes and a MiB are free.
fill() {
  rm -f -- "$place/filler"
  local free
  free=$(($(df --output=avail -B 1 -- "$place" | tail -n 1)))
  # Written, for a hole takes no space; the end may not fit.
  head -c $((free - $1)) /dev/zero >"$place/filler" 2>/dev/null || true
}

expect_old_destination() { expect_untouched "$dest" "$before"; }

for kind in tmpfs ext4; do
  use "$kind" || continue

  begin "$kind: no space from the beginning: 7, and nothing is written"
  fill $((4 * MiB))
  names=$(ls -A "$place")
  run source "$dest"
  expect_refused 7 "^rcopy: cannot copy to '$dest': 12\.0 MiB are needed and .* are free; $advice"
  expect_old_destination
  [[ $(ls -A "$place") == "$names" ]] || fail "there are other names: $(ls -A "$place")"

  begin "$kind: and when there is space the same command ends with 0"
  rm -- "$place/filler"
  run source "$dest"
  expect_copied source "$dest"

  options=()
  if [[ $kind == ext4 ]]; then
    begin "$kind: the space goes while it copies: too late, all of it was taken first"
    use "$kind"
    start_slow "$partial" pwrite64=100 -- source "$dest"
    wait_until 'a part is written' size_at_least "$partial" $((2 * MiB))
    fill 0
    finish
    expect_copied source "$dest"

    begin "$kind: stopped, it takes the space of what was copied, no more"
    use "$kind"
    stop_copy $((2 * MiB)) source "$dest"
    (($(stat -c '%b * 512' "$partial") <= kept + 65536)) || fail "$kept bytes take $(stat -c %b "$partial") sectors"
    run -v source "$dest"
    expect_copied source "$dest"
    expect_said ': continuing$'
    options=(--sparse=always) # which takes none before it is written
  fi

  begin "$kind: the space goes while it copies: 7, and what was copied is kept"
  use "$kind"
  start_stopped pwrite64 2 "$partial" -- "${options[@]}" source "$dest"
  fill 0
  go_on
  finish
  full="cannot write '$partial' at byte [0-9]+: No space left on device"
  expect_refused 7 "^rcopy: $full; $advice to continue at "
  expect_old_destination
  kept=$(journal_query 'select transferred_bytes from transfer_state')
  ((kept >= 2 * MiB && kept % MiB == 0)) || fail "it kept $kept bytes"
  size_at_least "$partial" "$kept" || fail "the partial has less than $kept bytes"
  expect_row durable_bytes "$kept"
  expect_said "continue at $((kept / MiB))\.0 MiB$"

  begin "$kind: still no space: 7 again, and still kept"
  run source "$dest"
  expect_refused 7 "are needed and .* are free; $advice to continue at $((kept / MiB))\.0 MiB$"
  expect_old_destination
  expect_row transferred_bytes "$kept"

  begin "$kind: just enough space for the rest: the same command continues there"
  fill $((size - kept + MiB))
  run_counting source source "$dest"
  expect_copied source "$dest"
  expect_first_read "$kept"
  expect_row status complete

  begin "$kind: mounted read-only: up to date is 0, all else is 1, and what to do"
  use "$kind"
  run source "$dest"
  mount -o remount,bind,ro "$place"
  run source "$dest"
  expect_status 0
  expect_silence
  before=$(fingerprint "$dest")
  run old "$dest"
  read_only='Read-only file system; make the file system writable'
  expect_refused 1 "^rcopy: cannot overwrite '$dest': $read_only"
  run old "$place/new"
  expect_refused 1 "^rcopy: cannot create '.*new.*': $read_only"
  expect_old_destination
done

begin "tmpfs: too small from the beginning, then made larger"
use tmpfs
if mount -o remount,size=8m "$place" 2>"$err"; then
  run source "$dest"
  expect_status 7
  expect_old_destination
  mount -o remount,size=24m "$place"
  run source "$dest"
  expect_copied source "$dest"
else
  skip_case "only root can change its size"
fi

begin "the journal's file system is full from the beginning: 6, and nothing is copied"
use tmpfs
RCOPY_JOURNAL=$place/state/journal.db
fill 0
for ((i = 0; i < 300; ++i)); do # the last pages
  head -c 4096 /dev/zero >>"$place/filler" 2>/dev/null || break
done
run source new
expect_refused 6 "$place/state.*No space left on device"
expect_said --no-journal
expect_none new

begin "the journal's file system fills up while it copies: said, and the copy is right"
rm -- "$place/filler"
start_stopped pwrite64 2 "$(partial_of new)" -- source new
for ((i = 0; i < 300; ++i)); do
  fill 0
  cat /dev/zero >>"$place/filler" 2>/dev/null || break
done
go_on
finish
expect_copied source new
expect_lines 1
expect_said '^rcopy: warning: .*No space left on device; the copy goes on'
RCOPY_JOURNAL=$journal
