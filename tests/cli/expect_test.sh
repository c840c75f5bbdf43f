#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --expect: what has another hash than the user knows gets no name, whatever way it came; 3, both hashes, no retry.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace
ask_for_clear_lines=yes

readonly size=$((12 * MiB + 9))
make_file "$size" 1 source
make_file 3000 2 old
partial=$(partial_of dest)
good=$(hash_of source)
bad=$(hash_of old)

start_over() {
  rm -rf -- dest "$partial" "$journal"* "$work"/directory
  mkdir -- directory
}

old_destination() {
  cp -- old dest
  before=$(fingerprint dest)
}

# expect_other DEST: it has another hash, says so once, and nothing is left of it.
expect_other() {
  expect_status 3
  expect_lines 1
  expect_said "^rcopy: cannot copy '.*source': its hash is $good, and $bad is expected; nothing was replaced; check the source"
  expect_none "$(partial_of "$1")"
}

begin "the hash that is expected, in either case: copied"
for hash in "$good" "${good^^}"; do
  start_over
  run --expect="$hash" source dest
  expect_copied source dest
done

begin "another hash: 3, both hashes, no retry, the old destination stays, nothing is kept"
start_over
old_destination
run --retries=5 --expect="$bad" source dest
expect_other dest
expect_untouched dest "$before"
expect_row 'status, transferred_bytes, durable_bytes, attempts' 'failed|0|0|1'

begin "  and the same with the right hash starts over"
run -v --expect="$good" source dest
expect_copied source dest
expect_said 'nothing was confirmed yet|the partial is gone'

begin "likewise not verified, without a journal, and with -T, -a, --parents"
for options in --no-verify --no-journal -T -a --verify=cache --parents; do
  start_over
  case $options in
    --parents) dest=directory to=directory/source ;;
    *) dest=dest to=dest ;;
  esac
  run "$options" --expect="$bad" source "$dest"
  expect_other "$to"
  expect_none "$to"
  run "$options" --expect="$good" source "$dest"
  expect_copied source "$to"
done

begin "one of two names of a file, which goes with trees otherwise"
start_over
ln -- source name
run -a --expect="$bad" source dest
expect_other dest
run -a --expect="$good" source dest
expect_copied source dest
rm -- name

begin "continued: the hash is that of all of it"
start_over
stop_copy $((3 * MiB)) source dest
run --expect="$bad" source dest
expect_other dest
stop_copy $((3 * MiB)) source dest
run --expect="$good" source dest
expect_copied source dest

begin "all of it was copied by an earlier run: nothing is read to know"
start_over
start_slow "$partial" pread64=60000 -- source dest
wait_until 'all is copied' has_status copied
kill_traced
run_counting source --expect="$bad" source dest
expect_other dest
expect_bytes_read 0

begin "up to date: compared by the journal, and left as it is"
start_over
run source dest
before=$(fingerprint dest)
run_counting dest --expect="$good" source dest
expect_status 0
expect_bytes_read 0
run_counting dest --expect="$bad" source dest
expect_status 3
expect_said "its hash is $good, and $bad is expected; '$work/dest' is an earlier copy of it and stays as it is; nothing"
expect_bytes_read 0
expect_untouched dest "$before"
expect_row status complete

begin "the source stays"
start_over
cp -- source moved
run --remove-source-files --expect="$bad" moved dest
expect_status 3
expect_same source moved
run --remove-source-files --expect="$good" moved dest
expect_copied source dest
expect_none moved

begin "in place the old content is lost, and it says so"
start_over
old_destination
run --inplace --expect="$bad" source dest
expect_status 3
expect_said "is expected; the destination holds these bytes, do not use it; check the source"
expect_same source dest
run --inplace --expect="$good" source dest
expect_copied source dest

begin "an empty file has a hash, too"
start_over
: >empty
run --expect="$(hash_of empty)" empty dest
expect_copied empty dest
rm -- dest
run --expect="$bad" empty dest
expect_status 3
expect_none dest

begin "what is kept is not looked at; a dry run reads nothing"
start_over
old_destination
run -n --expect="$bad" source dest
expect_status 0
run --dry-run --expect="$bad" source directory
expect_status 0
expect_untouched dest "$before"

ask_for_clear_lines=''  # what makes no sense has no next time

begin "of several sources, or of what has no content, nothing can be expected: 2"
start_over
ln -s source link
mkfifo fifo
mkdir -- tree
run --expect="$good" source old directory
expect_refused 2 "^rcopy: cannot compare with the expected hash: .* name one source"
run --expect="$good" --files-from=/dev/null . directory
expect_status 2
for what in '-r tree' tree '-P link' fifo '-r fifo'; do
  # shellcheck disable=SC2086  # words
  run --expect="$good" $what directory
  expect_refused 2 "^rcopy: cannot expect a hash of '${what##* }': it is neither a regular file nor a block device"
done
for hash in "${good%?}" "${good}0" "${good%?}x"; do
  run --expect="$hash" source dest
  expect_refused 2 "it is not 32 hexadecimal digits"
done
run -l --expect="$good" source dest
expect_status 2
[[ -z $(ls -A directory) ]] || fail "something was made"
expect_none dest
run --expect="$good" link dest
expect_copied source dest

begin "from a block device, and to one"
if ((EUID == 0)) && truncate -s 12M image && device=$(losetup --find --show image 2>"$err"); then
  loops+=("$device")
  head -c 12M source >"$device"
  from_device=$(hash_of "$device")
  start_over
  run --expect="$bad" "$device" dest
  expect_status 3
  expect_said "its hash is $from_device, and $bad is expected"
  expect_none dest
  run --expect="$from_device" "$device" dest
  expect_status 0
  run --expect="$bad" old "$device"
  expect_status 0
  run --expect="$good" old "$device"
  expect_status 3
  expect_said "the destination holds these bytes, do not use it"
else
  skip_case "only root can attach loop devices: $(tail -n 1 "$err")"
fi
