# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: MIT
#
# What bench.sh measures besides copying: going on where a run was stopped, clones, holes, memory.

cases+=(resume reflink_xfs reflink_xfs_none reflink_btrfs reflink_btrfs_none sparse memory)

# knows OPTION: whether this rcopy has it.
knows() { [[ $("$RCOPY" --help) == *"$1"* ]]; }

# --- resume -----------------------------------------------------------------------------------
# A real copy is stopped at 90 %, by a disk that is full or by kill -9. Only the last eighth of its source
# is data on the disk; before that it is a hole, which is read, hashed and written as zeros, so that
# 36 GiB take half a minute and no more disk than the partial. Every run begins with the same journal.

resume() {
  title='from the start to the first new byte'
  if missing sqlite3; then skipped='no sqlite3'; return; fi
  if missing strace || ! strace -f --seccomp-bpf -o .trace -e trace=execve true 2>.err; then
    skipped="strace is missing or may not trace"
    return
  fi
  rm -f -- copy
  room $((mib * 13)) || return 0
  ((mib * 9 < 65535)) || { skipped='strace does not count so far'; return; }
  # A kill leaves what no commit has reached yet to be copied again; of a small file that may be all.
  stop_copy killed "$mib" -e inject=pwrite64:signal=KILL:when=$((mib * 9 / 10 + 1)) || rm -rf -- killed.saved
  stop_copy half "$mib" --seccomp-bpf -e "inject=pwrite64:error=ENOSPC:when=$((mib * 9 / 10 + 1))+" ||
    give_up 'a copy cannot be stopped at 90 %'
  stop_copy half-10 $((mib * 10)) --seccomp-bpf -e "inject=pwrite64:error=ENOSPC:when=$((mib * 9 + 1))+" ||
    give_up 'a copy cannot be stopped at 90 %'
}

# stop_copy NAME MIB STRACE_OPTION...: leaves NAME, its partial, and its journal in NAME.saved/.
stop_copy() {
  local file=$1 bytes=$(($2 << 20)) at
  truncate -s "$bytes" "$file"
  head -c $((bytes / 8)) /dev/urandom |
    dd of="$file" bs=1M iflag=fullblock oflag=seek_bytes seek=$((bytes - bytes / 8)) conv=notrunc status=none
  mkdir -- "$file.journal"
  traced "$file" "${@:3}"
  at=$(sqlite3 "$file.journal/db" 'select transferred_bytes from transfer_state')
  ((at * 10 >= bytes * 8 && at < bytes)) || { say "    stopped at $at of $bytes bytes: $(cat .err)"; return 1; }
  cp -r -- "$file.journal" "$file.saved"
}

# traced NAME STRACE_OPTION...: a copy of NAME; strace sees, in .trace, how it is started and what it
# writes into the partial.
traced() {
  local options=(--retries=0)
  ! knows --sparse || options+=(--sparse=never)
  { strace -f -qq -ttt -T -s 0 -o .trace -P "$RCOPY" -P "$work/.$1-copy.rcopy-part" -e trace=execve,pwrite64 \
    "${@:2}" "$RCOPY" "${options[@]}" --journal="$work/$1.journal/db" "$1" "$1-copy"; } >/dev/null 2>.err || true
}

# first_byte NAME: from execve(2) to the end of the first pwrite(2) into the partial, in milliseconds, to
# $first. strace stops the program at those calls only; for the second the disk is full, which ends it.
first_byte() {
  local offset
  traced "$1" --seccomp-bpf -e inject=pwrite64:error=ENOSPC:when=2+
  read -r first offset < <(awk '
    /execve\(/ && !begun { begun = $2 }
    /pwrite64\(/ && !written { written = $2; at = $0; sub(/\).*/, "", at); sub(/.*, /, "", at) }
    /pwrite64(\(| resumed)/ && match($0, /<[0-9.]+>$/) && !done { done = $2 + substr($0, RSTART + 1) }
    END { printf "%.3f %.0f\n", ((done ? done : written) - begun) * 1000, at }' .trace)
  ((offset * 10 >= $(stat -c %s "$1") * 8)) ||
    give_up "$1 did not go on where it was stopped but at byte $offset: $(cat .err)"
}

# resume_one CASE WORK LIMIT NAME cold|warm: to $first.
resume_one() {
  rm -rf -- "$4.journal"
  cp -r -- "$4.saved" "$4.journal"
  # Whether the caches are warm or cold, its own writes are on the disk.
  if [[ $5 == cold ]]; then cool; else sync; fi
  first_byte "$4"
  record "$1" "$2" '' ms "$3" "$round" "$first"
  say "    $first ms: $2"
}

resume_round() {
  local small large at_small at_large
  small="first new byte at 90 % of $(gib "$mib")"
  large="first new byte at 90 % of $(gib $((mib * 10)))"
  if ((round % 2)); then
    resume_one resume_small "$small, $state" 100 half cold && at_small=$first
    resume_one resume_large "$large, $state" 100 half-10 cold && at_large=$first
  else
    resume_one resume_large "$large, $state" 100 half-10 cold && at_large=$first
    resume_one resume_small "$small, $state" 100 half cold && at_small=$first
  fi
  # "The same for both": within a quarter.
  record resume_growth "first new byte at 90 % of $(gib $((mib * 10))), $state" "the same of $(gib "$mib")" ms 1.25 \
    "$round" "$at_large" "$at_small"
  if [[ $state == cold ]]; then
    resume_one resume_small_warm "$small, warm" 100 half warm
    resume_one resume_large_warm "$large, warm" 100 half-10 warm
  fi
  [[ ! -d killed.saved ]] || resume_one resume_killed "$small, $state, kill -9" '' killed cold
}
resume_end() { rm -rf -- half* killed* .half* .killed*; }

# --- reflink ----------------------------------------------------------------------------------

# reflink TYPE [OPTION]: a large file on a file system of that type in a file.
reflink() {
  local size=$((mib / 2))
  type=$1 options=("${@:2}") steps=reflink
  title="$type, clone of $(gib "$size")" against='cp --reflink=always' limit=2.0 unit=ms
  can_mount || return 0
  if missing "mkfs.$type"; then skipped="no mkfs.$type"; return; fi
  [[ -d $type ]] && return
  rm -f -- copy
  room $((mib + 1024)) || return 0
  truncate -s "$((2 * size + 1024))M" "$type.image"
  "mkfs.$type" -q "$type.image" >.err 2>&1 || { skipped="mkfs.$type: $(head -n 1 .err)"; return; }
  mount_here "$type" -o loop "$type.image" || return 0
  random_file "$size" "$type/large"
}
reflink_xfs() { reflink xfs; }
reflink_xfs_none() { reflink_none xfs; }
reflink_btrfs() { reflink btrfs; }
reflink_btrfs_none() { reflink_none btrfs; }

reflink_before() {
  rm -f -- "$type/copy"
  fresh
}
reflink_ours() { rcopy "${options[@]}" "$type/large" "$type/copy"; }
reflink_theirs() { run cp --reflink=always "$type/large" "$type/copy"; }

# Without verifying it does what the two together do.
reflink_none() {
  reflink "$1" --verify=none
  title+=', --verify=none' against='cp --reflink=always && sync' steps=reflink_none
}
reflink_none_before() { reflink_before; }
reflink_none_ours() { reflink_ours; }
reflink_none_theirs() { reflink_theirs && run sync "$type/copy"; }

# What is not shared with the source was written.
reflink_seen() {
  local own
  if missing filefrag; then return; fi
  sync
  own=$(filefrag -v "$type/copy" | awk '
    match($0, /blocks? of [0-9]+ bytes/) { block = substr($0, RSTART, RLENGTH); gsub(/[^0-9]/, "", block) }
    /^ *[0-9]+:/ && !/shared/ { gsub(/:/, " "); blocks += $6 }
    END { printf "%.3f\n", blocks * block / 1048576 }')
  seen=("${name}_blocks" "$title: own data blocks" '' MiB 0 "$round" "$own")
}

# --- holes ------------------------------------------------------------------------------------

# 64 GiB with 1 MiB of data in 64 places, all of which is as much smaller as the large file is.
sparse() {
  local size=$((mib << 24)) piece=$(((mib << 20) / 4096)) i
  title="$(gib $((mib * 16))), $((piece / 16384)) MiB of data in 64 places" limit=6
  if ! knows --sparse; then skipped='this rcopy keeps no holes'; return; fi
  truncate -s "$size" holes
  for i in {0..63}; do
    head -c "$piece" /dev/urandom |
      dd of=holes bs="$piece" iflag=fullblock oflag=seek_bytes seek=$((size * i / 64)) conv=notrunc status=none
  done
}
sparse_before() { fresh; }
sparse_ours() { rcopy holes copy; }
sparse_seen() {
  sync
  seen=(sparse_blocks "$(gib $((mib * 16))) with holes: allocated beyond source" '' MiB 1 "$round"
    "$(awk -v a="$(allocated copy)" -v b="$(allocated holes)" 'BEGIN { print (a - b) / 1048576 }')")
}
sparse_end() { rm -f -- holes copy; }

allocated() { stat -c '%b %B' -- "$1" | awk '{ print $1 * $2 }'; }

# --- memory -----------------------------------------------------------------------------------

# The last case: the most of all runs of rcopy before, however many; by itself, of a plain copy.
memory() {
  title='most memory resident in any of these' limit=32
  [[ -s .resident ]] || large_file
}
memory_round() {
  ((round == 1)) || return 0
  if [[ ! -s .resident ]]; then
    fresh
    timed rcopy large copy
  fi
  record memory "$title" '' MiB "$limit" 1 "$(sort -n .resident | tail -n 1 | awk '{ print $1 / 1024 }')"
}
