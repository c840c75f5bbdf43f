# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: MIT
#
# What bench.sh measures of copying; features.sh has the rest. Before each side its files are as new
# and, unless it says otherwise, nothing is cached. Where a peer takes several steps, `run` is before
# each.

cases=(copy_verify copy_rsync copy_sync copy_warm tmpfs read_back journal parallel)

# random_file MIB FILE: once.
random_file() {
  [[ -e $2 ]] || head -c "$(($1 << 20))" /dev/urandom >"$2"
}

large_file() { random_file "$mib" large; }

# gib MIB: how people say it.
gib() {
  if (($1 % 1024 == 0)); then printf '%d GiB\n' $(($1 / 1024)); else printf '%d MiB\n' "$1"; fi
}

# room MIB: whether there is so much on the disk; else the case is left out.
room() {
  local free
  free=$(df --output=avail -BM -- "$work" | tail -n 1 | tr -dc 0-9)
  ((free >= $1)) || { skipped="only $free MiB of $1 MiB are free in $work"; return 1; }
}

fresh() {
  rm -rf -- copy "$RCOPY_JOURNAL"*
  cool
}

copy_verify() {
  title="copy of $(gib "$mib"), $state" against='cp && sync && cmp' limit=0.85
  large_file
}
copy_verify_before() { fresh; }
copy_verify_ours() { rcopy large copy; }
copy_verify_theirs() { run cp large copy && run sync copy && run cmp large copy; }

copy_rsync() {
  title="copy of $(gib "$mib"), $state" against='rsync --inplace' limit=0.75
  if missing rsync; then skipped='no rsync'; else large_file; fi
}
copy_rsync_before() { fresh; }
copy_rsync_ours() { rcopy large copy; }
copy_rsync_theirs() { run rsync --inplace large copy; }

copy_sync() {
  title="copy of $(gib "$mib"), $state, --verify=none" against='cp && sync' limit=0.95
  large_file
}
copy_sync_before() { fresh; }
copy_sync_ours() { rcopy --verify=none large copy; }
copy_sync_theirs() { run cp large copy && run sync copy; }

copy_warm() {
  title="copy of $(gib "$mib"), warm, --verify=none" against='cp && sync' limit=1.00
  large_file
}
copy_warm_before() {
  fresh
  cat large >/dev/null
}
copy_warm_ours() { copy_sync_ours; }
copy_warm_theirs() { copy_sync_theirs; }

tmpfs() {
  local size=$((mib * 3 / 4)) available
  title="$(gib "$size"), tmpfs to tmpfs" against='cp && cmp' limit=0.60
  can_mount || return 0
  available=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
  ((available >= 2 * size + 1024)) || { skipped="only $available MiB of memory are available"; return; }
  mount_here memory -t tmpfs -o "size=$((2 * size + 64))m" none || return 0
  random_file "$size" memory/large
}
# Memory that a virtual machine has not used lately has to come from its host first, which takes longer than
# the copy. Both sides get what was in use just now.
tmpfs_before() {
  rm -f -- memory/copy
  fresh
  head -c "$((mib * 3 / 4 << 20))" /dev/zero >memory/copy
  rm -f -- memory/copy
}
tmpfs_ours() { rcopy memory/large memory/copy; }
tmpfs_theirs() { run cp memory/large memory/copy && run cmp memory/large memory/copy; }
tmpfs_end() { unmount_here memory; }

# can_mount: else the case is left out.
can_mount() { [[ ${RCOPY_BENCH_NAMESPACE-} == own ]] || { skipped='needs root and a mount namespace'; return 1; }; }

# mount_here DIRECTORY ARGUMENT...: as mount; where nothing can be mounted, the case is left out.
mount_here() {
  local directory=$1
  shift
  mkdir -p -- "$directory"
  if ! mount "$@" "$directory" 2>.err; then
    skipped="cannot mount: $(head -n 1 .err)"
    rmdir -- "$directory"
    return 1
  fi
  mounts+=("$work/$directory")
}

unmount_here() {
  local one left=()
  umount -- "$1"
  for one in "${mounts[@]}"; do [[ $one == "$work/$1" ]] || left+=("$one"); done
  mounts=("${left[@]}")
}

# The read-back alone: the copy is complete, and its row says that it is still to be verified.
read_back() {
  title="read-back of $(gib "$mib")" against='fio, direct, 1 MiB, depth 8' limit=1.10
  if missing fio; then skipped='no fio'; return; fi
  if missing sqlite3; then skipped='no sqlite3'; return; fi
  large_file
}
read_back_before() {
  if [[ $1 == theirs ]]; then
    [[ -e copy ]] || cp large copy
    cool
    return
  fi
  rm -f -- copy "$RCOPY_JOURNAL"*
  "$RCOPY" --verify=none large copy
  mv -- copy .copy.rcopy-part
  local ctime
  ctime=$(date -d "$(stat -c %z .copy.rcopy-part)" +%s%N)
  sqlite3 "$RCOPY_JOURNAL" "update transfer_state set status = 'copied', verified_by = null,
    completed_at = null, content_ctime_ns = $ctime"
  cool
}
read_back_ours() { rcopy large copy; }
# fio needs a third of a second to begin, which is no part of its rate: what it says itself counts.
read_back_theirs() {
  rm -f .fio
  run fio --name=read --filename=copy --readonly --rw=read --bs=1M --direct=1 --ioengine=libaio \
    --iodepth=8 --size="${mib}M" --output-format=terse --terse-version=3 --output=.fio &&
    said_seconds=$(awk -F ';' '$9 > 0 { print $9 / 1000; found = 1 } END { exit !found }' .fio)
}

journal() {
  title="copy of $(gib "$mib"), with the journal" against='rcopy --no-journal' limit=1.02 limit_cpu=1.03
  large_file
}
journal_before() { fresh; }
journal_ours() { rcopy large copy; }
journal_theirs() { rcopy --no-journal large copy; }

parallel() {
  local i size=$((mib / 8))
  title="8 files of $(gib "$size") at once, one journal" against='8 times cp && sync && cmp' limit=0.85
  rm -f -- copy
  room $((mib * 2)) || return 0
  for i in {1..8}; do random_file "$size" "part-$i"; done
}
parallel_before() {
  rm -f -- to-*
  fresh
}
# eight COMMAND: of eight numbers at once; fails where one does.
eight() {
  local i pids=() code=0
  for i in {1..8}; do
    "$1" "$i" &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || code=1; done
  return $code
}
parallel_one_ours() { rcopy "part-$1" "to-$1"; }
parallel_one_theirs() { run cp "part-$1" "to-$1" && run sync "to-$1" && run cmp "part-$1" "to-$1"; }
parallel_ours() { eight parallel_one_ours; }
parallel_theirs() { eight parallel_one_theirs; }
parallel_end() { rm -f -- part-* to-*; }
