#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Block devices, by loop devices: as source all of them is copied, and all promises hold.
# labels: privileged
# shellcheck source=tests/cli/namespace.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/namespace.sh"
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace
need_loop
ask_for_clear_lines=yes

readonly size=$((24 * MiB + 512)) # devices have whole sectors
make_file "$size" 1 disk

# expect_resumed BYTES: the copy went on there.
expect_resumed() { expect_printed "resumed at $(($1 / MiB))\.0 MiB"; }

# --- as source ------------------------------------------------------------------------------------

begin "a device to a file: all of it, verified, with the hash of its bytes"
cp -- disk disk-1
attach disk-1
run -v "$device" image
expect_copied disk image
expect_row 'status, total_bytes, file_hash' "complete|$size|$(hash_of disk)"
[[ -f image ]] || fail "it is no regular file"

begin "again: copied again, since nothing tells who wrote to the device meanwhile"
flip_byte "$device" 12345
run -v "$device" image
expect_copied "$device" image
expect_said 'nothing tells whether a device was written to'

begin "stopped and continued where it was"
rm -f -- image "$journal"*
stop_copy $((8 * MiB)) "$device" image
run -v "$device" image
expect_copied "$device" image
expect_resumed "$kept"

begin "killed and continued"
rm -f -- image "$journal"*
kill_copy "$device" image
run -v "$device" image
expect_copied "$device" image
expect_resumed "$transferred"

begin "stopped, detached and attached again: compared with what was kept, and continued"
rm -f -- image "$journal"*
stop_copy $((8 * MiB)) "$device" image
detach "$device"
attach disk-1
run -v "$device" image
expect_copied "$device" image
if [[ $(journal_query 'select file_path from transfer_state') == "$device" ]]; then
  expect_said 'the device may be another one, so it is compared with what was kept'
  expect_resumed "$kept"
fi

begin "stopped, and then another disk is attached there: not one byte of the first is in the copy"
rm -f -- image "$journal"*
stop_copy $((8 * MiB)) "$device" image
first=$device
detach "$device"
make_file "$size" 2 disk-2
attach disk-2
[[ $device == "$first" ]] || skip_case "the other one is $device now"
run "$device" image
expect_copied disk-2 image

begin "a link to a device, as udev makes them"
ln -s "$device" by-label
rm -f -- image "$journal"*
run by-label image
expect_copied disk-2 image
