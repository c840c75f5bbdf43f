#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --reflink on file systems that can share blocks (xfs, btrfs) and on those that cannot: a clone takes
# no space and is as durable, verified and all-or-nothing as a copy; where there can be none, the bytes
# are copied, or it is an error and the old destination stays.
# labels: privileged
# shellcheck source=tests/cli/namespace.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/namespace.sh"
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly size=$((40 * MiB + 4097)) place=$work/place
readonly instead='use --reflink=auto to copy the bytes$'
make_file "$size" 1 template
make_file 3000 2 old
mkdir -- "$place"
source=$place/source
dest=$place/dest
partial=$(partial_of "$dest")

make_xfs() { truncate -s 300M image && mkfs.xfs -q image; }
make_btrfs() { truncate -s 320M image && mkfs.btrfs -q image; }
make_ext4() { truncate -s 128M image && mkfs.ext4 -q image; }
mount_image() { mount -o loop image "$place" && mounts=("$place"); }

# use KIND: a new file system at $place, with a source and an old destination.
use() {
  ! mountpoint -q "$place" || umount -- "$place"
  mounts=()
  rm -f -- image "$journal"*
  if ! { "make_$1" && mount_image; } >"$err" 2>&1; then
    skip_case "$1 cannot be mounted: $(tail -n 1 "$err")"
    return 1
  fi
  cp --reflink=never -- template "$source"
  cp -- old "$dest"
  sync -f "$place"
}

remount() {
  umount -- "$place"
  mounts=()
  mount_image
}

# old_destination: as it was in the beginning, and nothing in the journal.
old_destination() {
  rm -f -- "$dest" "$journal"*
  cp -- old "$dest"
  before=$(fingerprint "$dest")
}

free_bytes() {
  sync -f "$place"
  df --output=avail -B 1 -- "$place" | tail -n 1
}

# expect_shared FILE: all of its blocks are another file's, too.
expect_shared() {
  local extents own
  extents=$(filefrag -v -- "$1")
  own=$(grep -E '^ +[0-9]+:' <<<"$extents" | grep -cv shared || true)
  if [[ $own != 0 || $extents != *shared* ]]; then fail "$1 has blocks of its own: $extents"; fi
}

# run_watching ARGUMENT...: as run; then $writes calls wrote to the partial, and $reads read it.
run_watching() {
  run_command "${tracer[@]}" -P "$partial" -e trace=pwrite64,write,pread64,read "$RCOPY" "$@"
  writes=$(grep -c ' p\?write' "$trace" || true)
  reads=$(grep -c ' p\?read' "$trace" || true)
}

for kind in xfs btrfs; do
  use "$kind" || continue

  begin "$kind: a clone shares all blocks, takes no space, and is read back once"
  free=$(free_bytes)
  run_watching -v "$source" "$dest"
  expect_copied template "$dest"
  expect_printed "^'$source' -> '$dest': 40\.0 MiB cloned in .* s, xxh128 $(hash_of template), verified from the medium$"
  expect_shared "$dest"
  expect_row "status || ' ' || verified_by || ' ' || file_hash" "complete medium $(hash_of template)"
  ((writes == 0 && reads > 0)) || fail "$writes writes and $reads reads"
  (($(free_bytes) > free - MiB)) || fail "it took $((free - $(free_bytes))) bytes"
  remount
  expect_same template "$dest"

  begin "$kind: it is up to date, and a change of the source is none of the clone"
  run -v "$source" "$dest"
  expect_status 0
  expect_printed "is up to date \(xxh128 $(hash_of template), verified earlier\)$"
  flip_byte "$source" 5000
  expect_same template "$dest"
  run "$source" "$dest"
  expect_copied "$source" "$dest"
  cp --reflink=never -- template "$source"

  begin "$kind: without verification nothing of it is read, and its hash is not known"
  old_destination
  run_watching -v --verify=none "$source" "$dest"
  expect_copied template "$dest"
  expect_printed '40\.0 MiB cloned in .* s, not verified$'
  ((writes == 0 && reads == 0)) || fail "$writes writes and $reads reads"
  expect_row "status || ' ' || verified_by || ' ' || (file_hash is null)" 'complete none 1'
  run -v --verify=none "$source" "$dest"
  expect_printed "^'$dest' is up to date$"
  run -v "$source" "$dest"
  expect_copied template "$dest"
  expect_printed "cloned in .*, xxh128 $(hash_of template), verified from the medium$"

  begin "$kind: not verified, but somebody asks for its hash: a list, or who knows what it must be"
  old_destination
  run --verify=none --expect="$(hash_of old)" "$source" "$dest"
  expect_status 3
  expect_untouched "$dest" "$before"
  expect_none "$partial"
  run --verify=none "$source" "$dest"
  before=$(fingerprint "$dest")
  run --verify=none --expect="$(hash_of old)" "$source" "$dest"
  expect_status 3
  expect_untouched "$dest" "$before"
  for again in 'cloned before' 'cloned now'; do
    [[ $again == 'cloned before' ]] || rm -- "$dest"
    run --verify=none --manifest=sums --expect="$(hash_of template)" "$source" "$dest"
    expect_copied template "$dest"
    expect_shared "$dest"
    [[ $(cat sums) == "$(hash_of template)  $dest" ]] || fail "$again: another list: $(cat sums)"
  done

  begin "$kind: what the source holds in memory only is in the clone"
  old_destination
  cp --reflink=never -- template "$place/fresh"
  run --reflink=always "$place/fresh" "$dest"
  expect_copied template "$dest"
  remount
  expect_same template "$dest"
  rm -- "$place/fresh"

  begin "$kind: killed after it was cloned, it is cloned again, and nothing is left over"
  old_destination
  start_stopped ioctl 1 "$partial" -- "$source" "$dest"
  kill_now
  expect_untouched "$dest" "$before"
  expect_row "status || ' ' || transferred_bytes" 'in_progress 0'
  [[ $(size_of "$partial") == "$size" ]] || fail "it was not cloned"
  run -v "$source" "$dest"
  expect_copied template "$dest"
  expect_printed '40\.0 MiB cloned in'
  expect_shared "$dest"

  begin "$kind: --reflink=never copies the bytes"
  old_destination
  run_watching -v --reflink=never "$source" "$dest"
  expect_copied template "$dest"
  ((writes > 40)) || fail "only $writes writes"
  ! filefrag -v -- "$dest" | grep -q shared || fail 'it shares blocks'

  begin "$kind: a file that would not fit twice is cloned"
  old_destination
  remount # until then xfs may still be freeing what was deleted
  before=$(fingerprint "$dest")
  head -c $(($(free_bytes) - 20 * MiB)) /dev/zero >"$place/filler" 2>/dev/null || true
  (($(free_bytes) < 39 * MiB)) || fail "the disk is not full: $(free_bytes)"
  run --reflink=never "$source" "$dest"
  expect_refused 7 'are needed and .* are free'
  expect_untouched "$dest" "$before"
  run "$source" "$dest"
  expect_copied template "$dest"
  expect_shared "$dest"
  rm -- "$place/filler"
  sync -f "$place" # btrfs has the space again only then

  begin "$kind: from another file system nothing can be cloned"
  old_destination
  run --reflink=always template "$dest"
  expect_refused 1 "^rcopy: cannot clone 'template': Invalid cross-device link; $instead"
  expect_untouched "$dest" "$before"
  expect_none "$partial"
  run template "$dest"
  expect_copied template "$dest"
  expect_silence
done

if use ext4; then
  begin 'ext4: the bytes are copied, and nobody hears of it'
  run_watching "$source" "$dest"
  expect_copied template "$dest"
  expect_silence
  ((writes > 40)) || fail "only $writes writes"

  begin 'ext4: who wants a clone or nothing gets nothing, and no byte is written'
  old_destination
  run_watching --reflink=always "$source" "$dest"
  expect_refused 1 "^rcopy: cannot clone '$source': Operation not supported; $instead"
  expect_untouched "$dest" "$before"
  expect_none "$partial"
  ((writes == 0)) || fail "$writes writes"

  begin 'ext4: bytes that an earlier run copied are not given up for a clone'
  stop_copy $((5 * MiB)) "$source" "$dest"
  run --reflink=always "$source" "$dest"
  expect_refused 1 "^rcopy: cannot clone '$source': an earlier run copied .* MiB of it byte by byte; $instead"
  expect_row transferred_bytes "$kept"
  run -v "$source" "$dest"
  expect_copied template "$dest"
  expect_printed 'resumed at'
fi
