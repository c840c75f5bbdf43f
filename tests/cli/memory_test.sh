#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# At most 32 MiB resident, whatever the size of the file: VmHWM is the most it ever was.
# labels: once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly most_kib=$((32 * 1024))
readonly renames=rename,renameat,renameat2

make_file $((256 * MiB)) 1 large
make_file 100 2 small
partial=$(partial_of dest)

start_over() { rm -f -- dest "$partial" "$journal"*; }

# expect_little_memory SOURCE [OPTION]...: looks when all is done, after the rename.
expect_little_memory() {
  local kib
  start_stopped "$renames" 1 "$work" -- "${@:2}" -- "$1" dest
  kib=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status")
  go_on
  finish
  expect_copied "$1" dest
  ((kib > 0 && kib <= most_kib)) || fail "$kib KiB were resident"
  say "  $kib KiB"
}

begin "a small file"
expect_little_memory small

begin "a large file"
start_over
expect_little_memory large

begin "a large file that is read back through the cache"
start_over
expect_little_memory large --verify=cache

begin "a large file whose kept half is read back first"
start_over
start_slow "$partial" pwrite64=2000:when=129+ -- large dest
wait_until 'half is written' size_at_least "$partial" $((128 * MiB))
kill -TERM "$pid"
finish
expect_little_memory large --resume=check
