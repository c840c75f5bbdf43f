#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Block devices, by loop devices. As source all of one is copied, and all promises hold. As destination it
# is written in place: refused where somebody uses it, continued, and read back from the medium.
# labels: privileged
# shellcheck source=tests/cli/namespace.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/namespace.sh"
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace
need_loop
ask_for_clear_lines=yes

readonly size=$((40 * MiB + 512)) # devices have whole sectors
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
first=$device
detach "$device"
attach disk-1
run -v "$device" image
expect_copied "$device" image
if [[ $device == "$first" ]]; then
  expect_said 'the device may have changed, so it is compared with what was kept'
  expect_resumed "$kept"
else
  skip_case "it is $device now"
fi

begin "stopped, and then a byte of what was read changes: started over, nothing old is in the copy"
rm -f -- image "$journal"*
stop_copy $((8 * MiB)) "$device" image
flip_byte "$device" 54321
run -v "$device" image
expect_copied "$device" image
expect_said 'other content'

begin "a drive without a disk: 1, and the old copy stays"
first=$device
before=$(hash_of image)
detach "$device"
run --retries=0 "$first" image
if losetup -- "$first" >/dev/null 2>&1; then
  skip_case "somebody else has $first now"
else
  expect_refused 1 "^rcopy: cannot read the size of '$first': No medium found; "
  [[ $(hash_of image) == "$before" ]] || fail "the old copy was touched"
fi
attach disk-1

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

# --- as destination -------------------------------------------------------------------------------

readonly room=$((64 * MiB)) source_size=$((48 * MiB + 7))
make_file "$source_size" 3 source

# new_device [LOSETUP_OPTION]...: $device is a fresh one, which $image backs.
new_device() {
  [[ ! ${device-} ]] || detach "$device"
  image=$work/image-of-device
  rm -f -- "$image" "$journal"*
  truncate -s "$room" "$image"
  attach "$image" "$@"
}

# expect_on_device SOURCE: the run ended well, and what backs the device begins with SOURCE.
expect_on_device() {
  expect_status 0
  cmp -n "$(size_of "$1")" -- "$1" "$image" || fail "the device does not hold $1"
  [[ -b $device ]] || fail "the node of the device is gone"
  expect_none "$(partial_of "$device")"
}

# stop_on_device BYTES: as stop_copy, for a destination whose size does not tell how far it is.
stop_on_device() {
  start_slow "$device" "pwrite64=1000:when=$(($1 / MiB + 1))+" -- source "$device"
  wait_until "$1 bytes are in the journal" has_transferred "$1"
  kill -TERM "$pid"
  finish
  expect_status 143
  kept=$(journal_query 'select transferred_bytes from transfer_state')
}

# kill_on_device: as kill_copy.
kill_on_device() {
  local written=$device
  kill_copy source "$device"
}

has_transferred() {
  [[ -e $journal ]] || return 1
  local bytes
  bytes=$(journal_query 'select transferred_bytes from transfer_state') && ((${bytes:-0} >= $1))
}

begin "a file to a device: verified, the node stays, and -v says that it is written in place"
new_device
before=$(stat -c '%i %a %u %g' "$device")
run -v -p source "$device"
expect_on_device source
expect_said "^rcopy: '$device': it is a block device, so it is written in place"
expect_not_said 'refuses direct reads'
expect_row 'status, total_bytes, file_hash' "complete|$source_size|$(hash_of source)"
[[ $(stat -c '%i %a %u %g' "$device") == "$before" ]] || fail "the node was changed"

begin "again: written again, since nothing tells who wrote to the device meanwhile"
flip_byte "$device" 4321
run source "$device"
expect_on_device source

begin "stopped and continued"
new_device
stop_on_device $((8 * MiB))
run -v source "$device"
expect_on_device source
expect_resumed "$kept"

begin "killed in mid-way and continued where the journal says"
new_device
kill_on_device
run -v source "$device"
expect_on_device source
expect_said ': continuing$'
expect_resumed "$transferred"

begin "killed, detached, attached again: read back, and continued"
new_device
kill_on_device
old_device=$device
detach "$device"
attach "$image"
run -v source "$device"
expect_on_device source
if [[ $device == "$old_device" ]]; then
  expect_said 'may be another file, so it is read back'
  expect_resumed "$transferred"
fi

begin "killed, and then an empty disk is attached there: all is written"
new_device
kill_on_device
detach "$device"
truncate -s 0 "$image"
truncate -s "$room" "$image"
attach "$image"
run -v source "$device"
expect_on_device source
expect_printed 'verified from the medium'

begin "a byte that goes wrong on the device while rcopy is dead: found in the read-back, written again"
new_device
kill_on_device
flip_byte "$image" $((durable / 2))
run source "$device"
expect_on_device source
expect_said "^rcopy: cannot verify '$device': .*byte is at $((durable / 2)); trying again"

begin "the same with --retries=0: 3, and it says that the device holds wrong bytes"
new_device
kill_on_device
flip_byte "$image" $((durable / 2))
run --retries=0 source "$device"
expect_refused 3 "^rcopy: cannot verify '$device': .*the destination holds these bytes, do not use it"
expect_row 'transferred_bytes, status' '0|failed'

# expect_device_untouched PATTERN [STATUS]
expect_device_untouched() {
  expect_refused "${2-1}" "$1"
  [[ $(hash_of "$image") == "$before" ]] || fail "the device was touched"
  [[ ! -e $journal || -z $(journal_query 'select 1 from transfer_state') ]] || fail "the journal has an entry"
}

begin "a device that is too small: 7, and nothing is touched"
new_device
make_file $((room + 1)) 4 large
before=$(hash_of "$image")
run large "$device"
expect_device_untouched "^rcopy: cannot copy to '$device': 64\.0 MiB are needed and the device has 64\.0 MiB; name a larger device" 7

begin "a device that is mounted: 1, it says where, and nothing is touched"
new_device
mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$device"
mkdir -p mounted
mount "$device" mounted
mounts+=("$work/mounted")
sync -f mounted
before=$(hash_of "$image")
run source "$device"
expect_device_untouched "^rcopy: cannot overwrite '$device': it is mounted on '$work/mounted'; unmount it or end what uses it, then run the same"
run "$device" image
expect_status 0
expect_said "^rcopy: warning: '$device': it is mounted on '$work/mounted', so the copy may hold a mixture of old and new"
rm -f -- "$journal"*
umount mounted
mounts=()
run source "$device"
expect_on_device source

begin "a device whose partition is mounted: 1, it says which, and nothing is touched"
new_device
detach "$device"
attach "$image" --partscan
partition=${device}p1
# From sector 2048 on, told to the kernel by hand: it need not know any kind of partition table.
if ! addpart "$device" 1 2048 $((room / 512 - 2048)) 2>"$err"; then
  skip_case "the kernel has no partitions: $(tail -n 1 "$err")"
elif wait_until 'the partition is there' test -e "/sys/class/block/${partition##*/}" &&
  { [[ -b $partition ]] || mknod "$partition" b $(tr : ' ' <"/sys/class/block/${partition##*/}/dev"); }; then
  mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$partition"
  mount "$partition" mounted
  mounts+=("$work/mounted")
  sync -f mounted
  before=$(hash_of "$image")
  run source "$device"
  expect_device_untouched "^rcopy: cannot overwrite '$device': its partition '${partition##*/}' is mounted on '$work/mounted'"
  run source "$partition"
  expect_device_untouched "^rcopy: cannot overwrite '$partition': it is mounted on '$work/mounted'"
  umount mounted
  mounts=()
  before=$(hash_of "$image")
  for pair in "$partition $device" "$device $partition"; do
    # shellcheck disable=SC2086  # two words
    run $pair
    expect_device_untouched "^rcopy: cannot copy '.*': one of it and '.*' is a part of the other; name another destination"
  done
  run source "$partition"
  expect_status 0
  cmp -n "$source_size" -- source "$partition"
fi

begin "a device that another rcopy writes to: 5"
new_device
start_slow "$device" pwrite64=200 -- source "$device"
wait_until 'it writes' has_transferred 1
run source "$device"
expect_refused 5 "^rcopy: cannot copy to '$device': another rcopy is copying to it"
kill_now

begin "a device onto itself, by another name: refused"
new_device
ln -sf "$device" by-label
run "$device" by-label
expect_refused 1 'are the same file'
mknod other-node b $((16#$(stat -c %t "$device"))) $((16#$(stat -c %T "$device")))
run "$device" other-node
expect_refused 1 'are the same file'

begin "a name in /dev that is no device: refused, lest the memory below /dev takes the copy"
if mountpoint -q /dev; then
  run source /dev/rcopy-no-such-device
  expect_refused 1 "^rcopy: cannot create '/dev/rcopy-no-such-device': there is no such device; check the name"
  expect_none /dev/rcopy-no-such-device

  begin "a file in /dev that another program left in place of a device: refused"
  : >/dev/rcopy-stray.$$
  run source /dev/rcopy-stray.$$
  rm -f /dev/rcopy-stray.$$
  expect_refused 1 "^rcopy: cannot overwrite '/dev/rcopy-stray.$$': it is no device but a file in memory; remove it and plug"
else
  skip_case "/dev is no mount here"
fi

begin "a device to a device, and a file of 0 bytes"
new_device
first=$device
cp -- disk disk-1
attach disk-1
run "$device" "$first"
expect_status 0
cmp -n "$size" -- disk-1 "$image"
: >empty
run empty "$first"
expect_status 0
cmp -n "$size" -- disk-1 "$image"
