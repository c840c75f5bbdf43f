#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Holes on a real file system: 64 GiB with 64 MiB of data are copied in no time, and the copy takes no more
# blocks than its source.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly GiB=$((1024 * MiB))

# allocated FILE: bytes.
allocated() { echo $(($(stat -c %b -- "$1") * $(stat -c %B -- "$1"))); }

# put_data FILE MIB_OFFSET BYTES: random ones.
put_data() { head -c "$3" /dev/urandom | dd of="$1" bs=64K seek="$(($2 * MiB))" oflag=seek_bytes conv=notrunc status=none; }

# expect_no_larger COPY SOURCE
expect_no_larger() {
  local ours theirs
  ours=$(allocated "$1") theirs=$(allocated "$2")
  say "  $((ours >> 10)) KiB are allocated, of the source $((theirs >> 10)) KiB"
  ((ours <= theirs + MiB)) || fail "$1 takes $ours bytes, $2 $theirs"
}

truncate -s $((64 * GiB)) source 2>/dev/null || skip "a file of 64 GiB cannot be made here"
for ((i = 0; i < 64; ++i)); do put_data source $((i * 1024 + 7)) $MiB; done
sync source
(($(allocated source) < 100 * MiB)) || skip "this file system has no holes: $(stat -f -c %T .)"

begin "64 GiB with 64 MiB of data"
run source dest
expect_status 0
expect_no_larger dest source
# Only data is compared: 128 GiB of zeros say nothing more, and the size does.
[[ $(stat -c %s dest) == "$(stat -c %s source)" ]] || fail "the sizes differ"
for ((i = 0; i < 64; ++i)); do
  cmp -s -i $(((i * 1024 + 6) * MiB)) -n $((3 * MiB)) source dest || fail "they differ around $i GiB"
done

begin "data in small pieces, and a hole at the end"
rm -f -- source dest "$journal"*
truncate -s $((100 * MiB)) source
for ((i = 0; i < 40; ++i)); do put_data source $((i * 2)) $((4096 + i * 512)); done
sync source
run source dest
expect_copied source dest
expect_no_larger dest source
expect_row 'file_hash, status' "$(hash_of source)|complete"

begin "over a longer old file that is full of data"
rm -f -- "$journal"*
make_file $((101 * MiB)) 3 dest
run source dest
expect_copied source dest
expect_no_larger dest source

begin "killed in the middle, and continued"
rm -f -- dest "$journal"*
need_strace
kill_copy source dest
run source dest
expect_copied source dest
expect_no_larger dest source

begin "just written, so that nothing of it may be on the disk yet"
rm -f -- source dest "$journal"*
truncate -s $((32 * MiB)) source
put_data source 20 $((3 * MiB))
run source dest
expect_copied source dest

begin "--sparse=never: no holes"
rm -f -- dest
run --sparse=never source dest
expect_copied source dest
(($(allocated dest) >= 32 * MiB)) || fail "it has holes"

begin "--sparse=always: zeros of a file without holes become some"
mv -- dest dense
run --sparse=always dense dest
expect_copied dense dest
(($(allocated dest) <= 4 * MiB)) || fail "it has no holes"

begin "--sparse=sometimes"
run --sparse=sometimes source dest
expect_status 2
expect_said "^rcopy: invalid value 'sometimes' for --sparse; one of: auto, always, never"
