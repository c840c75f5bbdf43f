#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A file of more than 4 GiB: no size or offset is cut to 32 bits. The source is sparse, and the copy
# goes to memory where there is enough of it.
# labels: slow once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly four_gib=$((4 << 30))
readonly size=$((four_gib + 20 * MiB + 3))

# where_it_fits: a directory that can hold the copy, in memory if half of that stays free.
where_it_fits() {
  local free memory
  free=$(($(df --output=avail -B 1 -- /dev/shm 2>/dev/null | tail -n 1)))
  memory=$(($(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo) * 1024))
  if [[ -w /dev/shm ]] && ((free > size && memory > 2 * size)); then
    mktemp -d -- /dev/shm/rcopy-test.XXXXXXXX
    return
  fi
  free=$(($(df --output=avail -B 1 -- "$work" | tail -n 1)))
  ((free > size + size / 2)) || return 1
  mkdir -- "$work/place" && say "$work/place"
}

place=$(where_it_fits) || skip "there is no place for $size bytes"
scratch+=("$place")
dest=$place/dest
partial=$(partial_of "$dest")

truncate -s "$size" source
for at in 0 $((four_gib / 2 - 3)) $((four_gib - 4)) $((four_gib + 9 * MiB)) $((size - 8)); do
  printf 'at %s' "$at" | dd of=source bs=64K oflag=seek_bytes seek="$at" conv=notrunc status=none
done
((size == $(size_of source))) || truncate -s "$size" source

begin "stopped above 4 GiB"
start_slow "$partial" pwrite64=500:when=4098+ -- --sparse=never source "$dest"
wait_until 'more than 4 GiB are written' size_at_least "$partial" $((four_gib + 2 * MiB))
kill -TERM "$pid"
finish
expect_status 143
expect_said 'stopped by SIGTERM at 4\.0 GiB of 4\.0 GiB'
kept=$(journal_query 'select transferred_bytes from transfer_state')
((kept > four_gib && kept < size)) || fail "it kept $kept bytes"
expect_row 'durable_bytes, file_hash' "$kept|$(hash_of_first "$kept" source)"

begin "continued there, and the copy is right"
run_counting source -v --sparse=never source "$dest"
expect_copied source "$dest"
expect_first_read "$kept"
expect_row 'status, transferred_bytes, file_hash' "complete|$size|$(hash_of source)"
