# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: MIT
#
# What bench.sh measures. Each case sets title, against and limit (the ratio to stay below), or
# skipped where it cannot run here. Before each side its files are as new and, unless it says
# otherwise, nothing is cached.

cases=(copy_verify copy_rsync copy_sync copy_warm tmpfs read_back journal parallel)

large_file() {
  [[ -e large ]] && return
  head -c "$((mib << 20))" /dev/urandom >large
}

fresh() {
  rm -rf -- copy "$RCOPY_JOURNAL"*
  cool
}

copy_verify() {
  title="$mib MiB, cold, default" against='cp && sync && cmp' limit=0.85
  large_file
}
copy_verify_before() { fresh; }
copy_verify_ours() { "$RCOPY" large copy; }
copy_verify_theirs() { cp large copy && sync copy && cmp large copy; }

copy_rsync() {
  title="$mib MiB, cold, default" against='rsync --inplace' limit=0.75
  if missing rsync; then skipped='no rsync'; else large_file; fi
}
copy_rsync_before() { fresh; }
copy_rsync_ours() { "$RCOPY" large copy; }
copy_rsync_theirs() { rsync --inplace large copy; }

copy_sync() {
  title="$mib MiB, cold, --verify=none" against='cp && sync' limit=0.95
  large_file
}
copy_sync_before() { fresh; }
copy_sync_ours() { "$RCOPY" --verify=none large copy; }
copy_sync_theirs() { cp large copy && sync copy; }

copy_warm() {
  title="$mib MiB, warm, --verify=none" against='cp && sync' limit=1.00
  large_file
}
copy_warm_before() {
  fresh
  cat large >/dev/null
}
copy_warm_ours() { copy_sync_ours; }
copy_warm_theirs() { copy_sync_theirs; }

tmpfs() {
  title='3072 MiB, tmpfs to tmpfs, default' against='cp && cmp' limit=0.60
  local available
  available=$(awk '/MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
  if ((EUID != 0)); then skipped='needs root to mount a tmpfs'; return; fi
  if ((available < 7168)); then skipped="only $available MiB of memory are available"; return; fi
  [[ -d memory ]] && return
  mkdir memory
  mount -t tmpfs -o size=6200m none memory
  mounts+=("$work/memory")
  head -c $((3 << 30)) /dev/urandom >memory/large
}
tmpfs_before() {
  rm -f -- memory/copy
  fresh
}
tmpfs_ours() { "$RCOPY" memory/large memory/copy; }
tmpfs_theirs() { cp memory/large memory/copy && cmp memory/large memory/copy; }

# The read-back alone: the copy is complete, and its row says that it is still to be verified.
read_back() {
  title="read-back of $mib MiB" against='fio, direct, 1 MiB, depth 8' limit=1.10
  if missing fio; then skipped='no fio'; return; fi
  if missing sqlite3; then skipped='no sqlite3'; return; fi
  large_file
}
read_back_before() {
  if [[ $1 == theirs ]]; then cool; return; fi
  rm -f -- copy "$RCOPY_JOURNAL"*
  "$RCOPY" --verify=none large copy
  mv -- copy .copy.rcopy-part
  local ctime
  ctime=$(date -d "$(stat -c %z .copy.rcopy-part)" +%s%N)
  sqlite3 "$RCOPY_JOURNAL" "update transfer_state set status = 'copied', verified_by = null,
    completed_at = null, content_ctime_ns = $ctime"
  cool
}
read_back_ours() { "$RCOPY" large copy; }
read_back_theirs() {
  fio --name=read --filename=copy --readonly --rw=read --bs=1M --direct=1 --ioengine=libaio \
    --iodepth=8 --size="${mib}M"
}

journal() {
  title="$mib MiB, with the journal" against='rcopy --no-journal' limit=1.02
  large_file
}
journal_before() { fresh; }
journal_ours() { "$RCOPY" large copy; }
journal_theirs() { "$RCOPY" --no-journal large copy; }

journal_cpu() {
  journal
  title+=', CPU time' figure=cpu limit=1.03
}
journal_cpu_before() { fresh; }
journal_cpu_ours() { journal_ours; }
journal_cpu_theirs() { journal_theirs; }
cases+=(journal_cpu)

parallel() {
  title='8 files of 512 MiB at once, one journal' against='8 times cp && sync && cmp' limit=0.85
  local i
  for i in {1..8}; do [[ -e part-$i ]] || head -c $((512 << 20)) /dev/urandom >"part-$i"; done
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
parallel_one_ours() { "$RCOPY" "part-$1" "to-$1"; }
parallel_one_theirs() { cp "part-$1" "to-$1" && sync "to-$1" && cmp "part-$1" "to-$1"; }
parallel_ours() { eight parallel_one_ours; }
parallel_theirs() { eight parallel_one_theirs; }
