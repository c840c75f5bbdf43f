#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --cache: what a copy leaves in the page cache, as fincore(1) sees it.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
command -v fincore >/dev/null || skip 'fincore is missing'

readonly size=$((24 * MiB)) half=$((12 * MiB))
make_file $size 1 source
sync source

# cached FILE: bytes of it in the page cache.
cached() { fincore --bytes --noheadings --output RES "$1" | tr -d ' '; }

# cool FILE; warm FILE: nothing of it is cached; the first half is.
cool() { dd if="$1" iflag=nocache count=0 status=none; }
warm() {
  cat -- "$1" >/dev/null # all of it, so that no reading ahead is under way
  dd if="$1" iflag=nocache bs=$MiB skip=$((half / MiB)) of=/dev/null status=none
}

cool source
[[ $(cached source) == 0 ]] || skip "this file system keeps what is cached: $(stat -f -c %T .)"

# expect_cached WHAT FILE LEAST MOST: the kernel may take some back at any time, when memory is short.
expect_cached() {
  local bytes
  bytes=$(cached "$2")
  say "  of the $1 $bytes bytes are cached"
  ((bytes >= $3 && bytes <= $4)) || fail "of the $1 $bytes bytes are cached, not $3 to $4"
}

# copy OPTION...: anew. Comparing would read both: do that when it is known what is cached.
copy() {
  rm -f -- dest "$journal"*
  run "$@" source dest
  expect_status 0
}

begin "a cold source stays cold, and so does the copy"
cool source
copy
expect_cached source source 0 0
expect_cached copy dest 0 0
expect_copied source dest

begin "what was cached before stays"
warm source
before=$(cached source)
((before >= half)) || fail "only $before bytes are cached"
copy
expect_cached source source 1 "$before"
expect_copied source dest

begin "--cache=keep: both files are cached, as after cp"
cool source
copy --cache=keep --verify=none
expect_cached source source $half $size
expect_cached copy dest $half $size
expect_copied source dest

begin "--cache=drop: nothing stays"
warm source
copy --cache=drop
expect_cached source source 0 0
expect_cached copy dest 0 0
expect_copied source dest
