#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 4 and 5 where the file system turns against the copy, or against the journal alone: a quota
# is reached, it becomes read-only in mid-copy, the journal's place is full or read-only.
# labels: privileged
# shellcheck source=tests/cli/namespace.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/namespace.sh"
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace
ask_for_clear_lines=yes

readonly size=$((24 * MiB + 5)) place=$work/place
make_file "$size" 1 source
make_file 3000 2 old
mkdir -- "$place"
readonly ways_out='name another with --journal=PATH, or copy without one with --no-journal$'

# mount_new KIND: an empty file system at $place.
mount_new() {
  ! mountpoint -q "$place" || umount -- "$place"
  case $1 in
    tmpfs) mount -t tmpfs -o size=16m none "$place" ;;
    ext4)
      rm -f -- image
      truncate -s 48M image
      mkfs.ext4 -q -F -m 0 image && mount -o loop,errors=remount-ro image "$place"
      ;;
    btrfs)
      rm -f -- image
      truncate -s 160M image
      mkfs.btrfs -q image && mount -o loop image "$place"
      ;;
  esac >"$out" 2>"$err" || return 1
  mounts=("$place")
  rm -f -- "$journal"* new
}

cannot_mount() { skip_case "$1 cannot be mounted: $(tail -n 1 "$err")"; }

# fill: until not one byte more fits.
fill() {
  local block
  for block in 1M 4K 1; do
    dd if=/dev/zero of="$place/filler" bs="$block" oflag=append conv=notrunc status=none 2>/dev/null || true
  done
}

# make_read_only: ext4 does that by itself after an error; a mount by hand waits for who writes.
make_read_only() {
  local device
  device=$(basename -- "$(findmnt -no SOURCE -- "$place")")
  echo 1 >"/sys/fs/ext4/$device/trigger_fs_error" && ! touch -- "$place/probe"
}

make_writable() {
  umount -- "$place"
  e2fsck -fy image >"$out" 2>&1 || true # 1: it was repaired
  mount -o loop,errors=remount-ro image "$place"
}

# --- the journal's place is full or read-only -----------------------------------------------------

expect_journal_refused() {
  expect_refused 6 "^rcopy: cannot .*'$place.*: .*$1.*; $ways_out"
  expect_none new
  expect_none "$(partial_of new)"
}

expect_going_on() {
  expect_copied source new
  expect_lines 1
  expect_said "^rcopy: warning: '$place/state/journal.db': cannot [a-z ]+: .*$1.*; the copy goes on, but a later run cannot"
}

for kind in tmpfs ext4; do
  mount_new "$kind" || { cannot_mount "$kind" && continue; }
  RCOPY_JOURNAL=$place/state/journal.db

  begin "the journal's $kind is full: 6, and it names the ways out, each of which works"
  fill
  run source new
  expect_journal_refused 'No space left on device'
  run --no-journal source new
  expect_copied source new
  rm -- new
  run --journal="$journal" source new
  expect_copied source new

  begin "the journal's $kind fills up while it copies: one warning, and the copy is right"
  rm -- new "$place/filler"
  start_stopped pwrite64 3 "$(partial_of new)" -- source new
  fill
  go_on
  finish
  expect_going_on 'No space left on device'

  begin "the journal's $kind is mounted read-only, with a journal in it and without: 6"
  rm -- new "$place/filler"
  run old other
  mount -o remount,bind,ro "$place"
  run source new
  expect_journal_refused '(it is read-only|Read-only file system)'
  RCOPY_JOURNAL=$place/none/journal.db run source new
  expect_journal_refused 'Read-only file system'
  mount -o remount,bind,rw "$place"
  if mount -o remount,ro "$place" 2>"$err"; then
    run source new
    expect_journal_refused '(it is read-only|Read-only file system)'
  else
    skip_case "only root can mount all of it read-only"
  fi
done

begin "the journal's ext4 becomes read-only while it copies: one warning, and the copy is right"
if mount_new ext4; then
  start_stopped pwrite64 3 "$(partial_of new)" -- source new
  if make_read_only 2>"$err" && grep -q "Read-only" "$err"; then
    go_on
    finish
    expect_going_on 'Read-only file system'
  else
    skip_case "an error of ext4 cannot be made: $(tail -n 1 "$err")"
    { kill -KILL "$pid"; finish; } 2>/dev/null
  fi
else
  cannot_mount ext4
fi

begin "the journal is in a directory that the user may not write: 6"
rm -f -- new
if can_be_user; then
  for where in "$user_place/journal.db" "$user_place/below/journal.db"; do
    (($(id -u) != 0)) || chmod 777 -- "$work"
    chmod 555 -- "$user_place"
    as_user run --journal="$where" source "$work/new"
    expect_refused 6 "^rcopy: cannot .*'$user_place.*: .*Permission denied; $ways_out"
    expect_none new
    chmod 755 -- "$user_place"
  done
else
  skip_case "a user without privileges cannot reach $work"
fi
RCOPY_JOURNAL=$journal

# --- the copy's -----------------------------------------------------------------------------------

dest=$place/dest
partial=$(partial_of "$dest")

# use KIND: a new file system at $place, with an old destination.
use() {
  mount_new "$1" || { cannot_mount "$1"; return 1; }
  cp -- old "$dest"
  before=$(fingerprint "$dest")
}

# expect_continued: the same command goes on where it was.
expect_continued() {
  run_counting source source "$dest"
  expect_copied source "$dest"
  expect_first_read "$kept"
  expect_row status complete
}

begin "the file system becomes read-only in mid-copy: 1, it says so, and it continues when it is not"
if use ext4; then
  stop_copy $((4 * MiB)) source "$dest"
  durable=$kept
  start_stopped pwrite64 2 "$partial" -- source "$dest"
  if make_read_only 2>"$err" && grep -q 'Read-only' "$err"; then
    go_on
    finish
    advice='make the file system writable, then run the same command again to continue at'
    expect_refused 1 "^rcopy: cannot (write|sync) '$partial'.*: Read-only file system; $advice"
    expect_untouched "$dest" "$before"
    kept=$(journal_query 'select transferred_bytes from transfer_state')
    ((kept >= durable)) || fail "only $kept bytes are kept, and $durable were durable"
    expect_row durable_bytes "$kept"
    begin "  still read-only: 1 again, and still kept"
    run source "$dest"
    expect_refused 1 "^rcopy: cannot .*: Read-only file system; make the file system writable"
    expect_row transferred_bytes "$kept"
    begin "  writable again: the same command continues"
    make_writable
    expect_continued
  else
    skip_case "an error of ext4 cannot be made: $(tail -n 1 "$err")"
    { kill -KILL "$pid"; finish; } 2>/dev/null
  fi
fi

begin "a quota is reached in mid-copy: 7, it says so, and it continues when the quota is raised"
if use btrfs; then
  if btrfs quota enable "$place" >"$out" 2>"$err" && btrfs qgroup limit 8M 0/5 "$place" >"$out" 2>"$err"; then
    run source "$dest"
    expect_refused 7 "^rcopy: cannot write '$partial' at byte [0-9]+: Disk quota exceeded; "
    expect_said 'free some space or raise the quota, then run the same command again to continue at '
    expect_untouched "$dest" "$before"
    kept=$(journal_query 'select transferred_bytes from transfer_state')
    ((kept >= 4 * MiB && kept < 8 * MiB)) || fail "it kept $kept bytes"
    expect_row durable_bytes "$kept"
    begin "  still reached: 7 again, and still kept"
    run source "$dest"
    expect_status 7
    expect_said "raise the quota, then run the same command again to continue at "
    kept=$(journal_query 'select transferred_bytes from transfer_state')
    btrfs qgroup limit 64M 0/5 "$place" >"$out"
    expect_continued
  else
    skip_case "no quota on btrfs: $(tail -n 1 "$err")"
  fi
fi
