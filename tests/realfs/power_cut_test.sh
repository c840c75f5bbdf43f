#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 1, 2, 3 and 5 on ext4, xfs and btrfs whose disk loses its write cache: whenever the power
# goes, the final name has the old content or the new, after exit code 0 the new; the journal, on the
# same disk, claims what is there; and the same command ends with 0. One recording of a copy is cut at
# many moments. RCOPY_TEST_SEED repeats a run, RCOPY_TEST_CUTS sets the number of cuts of a recording.
# labels: slow privileged once
# shellcheck source=tests/realfs/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
: "${LOSSY_DISK:?must name the disk}"
need_strace

cuts=${RCOPY_TEST_CUTS:-44} # of each recording
seed=${RCOPY_TEST_SEED:-$(od -An -tu4 -N 4 /dev/urandom | tr -d ' ')}
say "seed $seed"

size=$((6 * MiB + 4097))
from=source
slow_call=pwrite64
place=$work/place # where every disk is mounted, for the journal knows paths
dest=$place/dest
partial=$place/.dest.rcopy-part
log=$memory/log
image=$memory/image
journal=$place/.state/journal.db
export RCOPY_JOURNAL=$journal
mkdir -- "$place" "$memory/fuse" "$memory/journal"
make_file "$size" 1 source
make_file $((2 * MiB + 5)) 2 old
cut_count=0
broken=0

# --- disks ------------------------------------------------------------------------------------

make_ext4() { truncate -s 64M "$1" && mkfs.ext4 -q -F "$1"; }
make_xfs() { truncate -s 300M "$1" && mkfs.xfs -q "$1"; }
make_btrfs() { truncate -s 128M "$1" && mkfs.btrfs -q "$1"; }

# mount_image FILE: as a disk that keeps everything.
mount_image() {
  mount -o loop -- "$1" "$place" 2>"$err" || fail "$1 cannot be mounted after a cut: $description"
  mounts=("$place" "${mounts[@]}")
}

# make_base KIND: $memory/empty, and $memory/used, which has an old file that rcopy copied.
make_base() {
  rm -f -- "$memory"/{empty,used,resumable,clonable}
  "make_$1" "$memory/empty" >"$err" 2>&1 || fail "no $1 can be made: $(tail -n 1 "$err")"
  fallocate --dig-holes "$memory/empty"
  cp -- "$memory/empty" "$memory/used"
  mount_image "$memory/used"
  run old "$dest"
  expect_copied old "$dest"
  unmount "$place"
}

# begin_recording BASE
begin_recording() {
  base=$memory/$1
  cp -- "$base" "$image"
  serve "$memory/fuse" "$LOSSY_DISK" record "$image" "$log" "$memory/fuse"
  mount_image "$memory/fuse/disk"
  sync -f "$place"
  first=$(moment)
}

# end_recording: what the disk does later can still undo what it should not.
end_recording() {
  finished=$(moment)
  cp -- old "$place/another file"
  sync -f "$place"
  unmount "$place"
  stop_serving "$memory/fuse"
  last=$(moment)
  ((first <= finished && finished < last)) || fail "nothing was recorded: $first $finished $last"
}

moment() { "$LOSSY_DISK" length "$log"; }

# cut_at MOMENT SEED: mounts what is left of the recording.
cut_at() {
  description="$scenario at $1 of $first-$finished-$last, seed $2"
  cp -- "$base" "$image"
  "$LOSSY_DISK" cut "$log" "$1" "$2" "$image"
  mount_image "$image"
}

# --- what must hold after a cut ---------------------------------------------------------------

# check_promises MOMENT
check_promises() {
  local left=none state=none
  find_left "$1"
  [[ ! -s $journal || ${options[*]} == *--no-journal* ]] || check_claims
  printf '%s: %s, %s\n' "$kind" "$left" "$state" >>"$memory/tally"
  run -v "${options[@]}" "$from" "$dest"
  expect_copied source "$dest"
  expect_continued
  [[ ${options[*]} == *--no-journal* ]] || expect_row status complete
}

# find_left MOMENT: promises 1 and 3.
find_left() {
  if [[ -e $dest ]]; then
    left=new
    cmp -s source "$dest" || left=old
    [[ $left == new ]] || cmp -s old "$dest" || fail "the destination is neither the old nor the new"
  fi
  [[ $left != none || $base == */empty ]] || fail "the old destination is gone"
  [[ $left != old || $base != */empty ]] || fail "there was no old destination"
  (($1 < finished)) || [[ $left == new ]] || fail "it said 0, and the destination is $left"
}

# check_claims: promise 2, from copies of the journal's files, for reading would repair it.
check_claims() {
  local text copy=$memory/journal/journal.db row inode durable path named
  rm -f -- "$copy"*
  cp -- "$journal"* "$memory/journal"
  rm -f -- "$copy-shm"
  text=$(sqlite3 -batch "$copy" 'pragma integrity_check' 2>&1) || true
  [[ $text == ok ]] || fail "the journal is damaged: $text"
  row=$(sqlite3 -batch "$copy" 'select status, partial_ino, durable_bytes, file_path
    from transfer_state' 2>"$err") || row='' # made, but not its table yet
  [[ -n $row ]] || return 0
  IFS='|' read -r state inode durable path <<<"$row"
  ((durable > 0)) || return 0
  named=$(find "$partial" "$dest" -inum "$inode" -print -quit 2>/dev/null) || true
  [[ -n $named ]] || fail "the journal says $state, $durable bytes, of a file that is not there"
  [[ $state == in_progress ]] || durable=$(size_of "$path")
  cmp -n "$durable" -- "$path" "$named" || fail "the journal says $state, $durable bytes"
  [[ $state != complete || $named == "$dest" ]] || fail "complete, and without its name"
  [[ $state != in_progress ]] || continue_at=$durable
}

# expect_continued: promise 5.
expect_continued() {
  local resumed
  ((continue_at > 0 && continue_at < size)) || return 0
  resumed=$(sed -nE 's/.*, resumed at ([0-9]+)\.0 MiB.*/\1/p' "$out")
  ((${resumed:-0} * MiB >= continue_at)) ||
    fail "$continue_at bytes were durable, and it went on at ${resumed:-0} MiB"
}

# cut_and_check MOMENT SEED: counts.
cut_and_check() {
  cut_at "$1" "$2"
  ((++cut_count))
  continue_at=0
  (check_promises "$1") >"$memory/report" 2>&1 || {
    ((++broken))
    say "broken promise: $description"
    cat -- "$memory/report"
    ((broken < 10)) || fail "broken promises: $broken, and it ends here"
  }
  unmount "$place"
}

# cut_recording: most cuts before the end, and some when the copy is finished.
cut_recording() {
  local i late=$((cuts / 4 + 1)) early
  early=$((cuts - late))
  for ((i = 0; i < early; ++i)); do
    cut_and_check $((first + (finished - first) * i / early)) $((seed + cut_count))
  done
  for ((i = 0; i < late; ++i)); do
    # Half of them at once.
    cut_and_check $((finished + (i % 2) * (last - finished) * i / late)) $((seed + cut_count))
  done
}

# --- what is cut ------------------------------------------------------------------------------

# record NAME BASE MILLISECONDS [OPTION]...: writes so slow that there are durable points.
record() {
  scenario="$kind, $1"
  options=("${@:4}")
  begin "$scenario"
  begin_recording "$2"
  start_slow "$partial" "$slow_call=$3" -- "${options[@]}" "$from" "$dest"
  [[ $1 != "$written_back" ]] || write_back
  finish
  expect_copied source "$dest"
  end_recording
}

# While it copies, the journal is written back as the kernel does it after 30 s, and nothing else is:
# the hardest case for promise 2, and without it no position would be on the disk so early.
written_back='instead of an old file'
write_back() {
  until size_at_least "$partial" "$size" || has_ended "$pid"; do
    [[ ! -e $journal-wal ]] || sync -- "$journal-wal"
    sleep 0.1
  done
}

# record_resumable: also $memory/resumable, the disk after a cut behind a durable point. On a machine
# too busy for one, the writes are made slower.
record_resumable() {
  local slow=400
  record "$written_back" used "$slow"
  until make_resumable; do
    ((slow *= 2))
    ((slow <= 6400)) || fail "there is no durable point to continue at"
    record "$written_back" used "$slow"
  done
}

make_resumable() {
  local at row
  for ((at = (first + finished) / 2; at < finished; ++at)); do
    cut_at "$at" "$seed"
    rm -f -- "$memory"/journal/*
    cp -- "$journal"* "$memory/journal"
    unmount "$place"
    row=$(sqlite3 "$memory/journal/journal.db" 'select status, durable_bytes from transfer_state')
    [[ $row != in_progress\|[1-9]* ]] || break
  done
  ((at < finished)) || return 1
  cp -- "$base" "$memory/resumable"
  "$LOSSY_DISK" cut "$log" "$at" "$seed" "$memory/resumable"
}

# record_clone: the source is on the same disk. Without a read-back, which could make something durable.
record_clone() {
  cp -- "$memory/used" "$memory/clonable"
  mount_image "$memory/clonable"
  cp --reflink=never -- source "$place/source"
  unmount "$place"
  from=$place/source
  slow_call=fsync
  record 'a clone' clonable 300 -v --verify=none
  grep -q ' cloned in ' "$out" || fail "it was not cloned: $(cat "$out")"
}

# expect_loss: a copy that syncs nothing does not survive; else this test could find nothing. Only a
# machine that is busy for seconds writes it back before it is cut.
expect_loss() {
  local tries=0
  scenario="$kind, copied without a sync"
  begin "$scenario: the disk loses it"
  until loses_what_is_not_synced; do
    ((++tries < 5)) || fail "the disk lost nothing"
  done
}

loses_what_is_not_synced() {
  local i lost=0
  begin_recording used
  cp -- source "$partial"
  mv -- "$partial" "$dest"
  end_recording
  for ((i = 0; i < 6; ++i)); do
    cut_at "$finished" "$((seed + i))"
    cmp -s source "$dest" || ((++lost))
    unmount "$place"
  done
  ((lost > 0))
}

for kind in ext4 xfs btrfs; do
  if ! command -v "mkfs.$kind" >/dev/null; then
    skip_case "there is no mkfs.$kind"
    continue
  fi
  description=new
  make_base "$kind"
  expect_loss
  record 'a new file' empty 170
  cut_recording
  record_resumable
  cut_recording
  record 'continued' resumable 170
  cut_recording
  record 'without a journal' used 170 --no-journal
  cut_recording
  if [[ $kind != ext4 ]]; then
    record_clone
    cut_recording
    from=source slow_call=pwrite64
  fi
  for met in 'old, in_progress' 'new, complete'; do
    grep -q "^$kind: $met" "$memory/tally" || fail "$kind: no cut left this: $met"
  done
done

((cut_count > 0)) || skip "there is no file system to test with"
say "what was left, and what the journal said:"
sort "$memory/tally" | uniq -c
say "power cuts below real file systems: $cut_count cases, broken promises: $broken"
((broken == 0)) || fail "promises were broken"
