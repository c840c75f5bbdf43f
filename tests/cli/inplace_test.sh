#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --inplace: the destination itself is written. Its old content is lost, as documented; all other
# promises hold.
# labels: privileged
# shellcheck source=tests/cli/namespace.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/namespace.sh"
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace
ask_for_clear_lines=yes

readonly size=$((48 * MiB + 7))
make_file "$size" 1 source
make_file $((53 * MiB + 1)) 2 long
make_file 3000 3 short

# set_up OLD: dest is a copy of OLD with a second name.
set_up() {
  rm -f -- dest link "$(partial_of dest)" "$journal"*
  cp -- "$1" dest
  chmod 640 dest
  ln dest link
  identity=$(stat -c '%i %h %a %u %g' dest)
}

# expect_in_place: the run ended well, and dest is the same file with the new content.
expect_in_place() {
  expect_copied source dest
  expect_same source link
  [[ $(stat -c '%i %h %a %u %g' dest) == "$identity" ]] || fail "dest is another file"
}

# stop_in_place BYTES
stop_in_place() {
  start_slow "$work/dest" "pwrite64=1000:when=$(($1 / MiB + 1))+" -- --inplace source dest
  wait_until "$1 bytes are in the journal" has_transferred "$1"
  kill -TERM "$pid"
  finish
  expect_status 143
  kept=$(journal_query 'select transferred_bytes from transfer_state')
}

has_transferred() {
  [[ -e $journal ]] || return 1
  local bytes
  bytes=$(journal_query 'select transferred_bytes from transfer_state') && ((${bytes:-0} >= $1))
}

for old in short long; do
  begin "over a $old file: inode, links, mode and owner stay, the rest of a longer one is cut off"
  set_up "$old"
  run --inplace source dest
  expect_in_place
  expect_row 'status, file_hash' "complete|$(hash_of source)"
  run --inplace -v source dest
  expect_printed "dest' is up to date"

  begin "over a $old file: stopped and continued where it was"
  set_up "$old"
  stop_in_place $((6 * MiB))
  run -v --inplace source dest
  expect_in_place
  expect_printed "resumed at $((kept / MiB))\.0 MiB"

  begin "over a $old file: killed, then continued"
  set_up "$old"
  written=$work/dest kill_copy source dest --inplace
  run -v --inplace source dest
  expect_in_place
  expect_printed "resumed at $((transferred / MiB))\.0 MiB"
done

# run_counted ARGUMENT...: as run; $written_bytes is what it wrote into dest.
run_counted() {
  : >"$trace"
  run_command "${tracer[@]}" -P "$work/dest" -e trace=pwrite64 "$RCOPY" "$@"
  written_bytes=$(awk '/pwrite64/ && / = [0-9]+$/ { sum += $NF } END { printf "%.0f\n", sum }' "$trace")
}

begin "--repair: only the blocks that differ are written"
set_up source
flip_byte dest $((2 * MiB + 5))
flip_byte dest $((30 * MiB))
run_counted -v --inplace --repair source dest
expect_in_place
((written_bytes == 2 * MiB)) || fail "$written_bytes bytes were written"
expect_printed "46\.0 MiB were there already"
rm -f -- "$journal"*
run_counted --inplace --repair source dest
expect_in_place
((written_bytes == 0)) || fail "$written_bytes bytes were written into what was the same"

begin "a byte that goes wrong while rcopy is dead: found, and all is written again"
set_up long
stop_in_place $((6 * MiB))
flip_byte dest $((2 * MiB))
run --inplace source dest
expect_in_place
expect_said "^rcopy: cannot verify '$work/dest': .*byte is at $((2 * MiB)); trying again"

begin "the same with --repair: only that block is written again"
set_up long
stop_in_place $((6 * MiB))
flip_byte dest $((2 * MiB))
run_counted --inplace --repair source dest
expect_in_place
expect_said "^rcopy: cannot verify '$work/dest': .*byte is at $((2 * MiB)); trying again"
((written_bytes == size - kept + MiB)) || fail "$written_bytes bytes were written, $kept were kept"

begin "in every attempt: 3, and it says what the destination holds"
set_up long
stop_in_place $((6 * MiB))
flip_byte dest $((2 * MiB))
run --inplace --retries=0 source dest
expect_refused 3 "^rcopy: cannot verify '$work/dest': .*the destination holds these bytes, do not use it"
[[ $(stat -c '%i %h' dest) == "${identity% * * *}" ]] || fail "dest is another file"

begin "without an old file the final name comes last, as always"
rm -f -- dest link "$journal"*
start_stopped pwrite64 3 "$(partial_of dest)" -- --inplace source dest
expect_none dest
go_on
finish
expect_copied source dest

begin "holes of the source become holes of an old file that had data there"
set_up long
truncate -s $((20 * MiB)) holes
dd if=source of=holes bs=1M seek=7 count=2 conv=notrunc status=none
sync holes
run --inplace holes dest
expect_status 0
expect_same holes link
(($(stat -c %b dest) <= $(stat -c %b holes) + 2048)) || fail "dest takes $(stat -c %b dest) blocks"

begin "a clone in place is refused: 2"
run --inplace --reflink=always source dest
expect_refused 2 'clone'
expect_same holes dest

begin "a symbolic link is followed and stays"
set_up short
ln -sf dest soft
run --inplace source soft
expect_in_place
[[ $(readlink soft) == dest ]] || fail "the link is gone"

begin "a read-only file: refused for who may not write it, and untouched"
if can_be_user; then
  (
    cd "$user_place"
    cp -- "$work/source" new
    cp -- "$work/short" old
    chmod 444 old
    chmod 644 new
    ((EUID != 0)) || chown 65534:65534 new old
  )
  before=$(fingerprint "$user_place/old")
  as_user run --journal="$user_place/j.db" --inplace "$user_place/new" "$user_place/old"
  expect_refused 1 "^rcopy: cannot overwrite '.*old': Permission denied"
  expect_untouched "$user_place/old" "$before"
else
  skip_case "a user without privileges cannot reach $work"
fi

begin "in a directory that the user may not write, as cp can"
if can_be_user; then
  rm -rf "$user_place/closed" && mkdir "$user_place/closed"
  cp -- short "$user_place/closed/old"
  ((EUID != 0)) || chown -R 65534:65534 "$user_place"
  chmod 666 "$user_place/closed/old"
  chmod 555 "$user_place/closed"
  as_user run --journal="$user_place/j.db" --inplace "$user_place/new" "$user_place/closed/old"
  expect_status 0
  expect_same source "$user_place/closed/old"
  chmod 755 "$user_place/closed"
else
  skip_case "a user without privileges cannot reach $work"
fi

begin "a disk with no room for two copies: 7 beside, and in place it works, in two runs"
mkdir -p small
mount -t tmpfs -o size=64m none small
mounts+=("$work/small")
cp -- long small/dest
rm -f -- "$journal"*
run source small/dest
expect_refused 7 'are needed and .* are free'
expect_same long small/dest
run --inplace --retries=0 source small/dest
expect_copied source small/dest

begin "and what a full disk left beside makes room for it"
rm -f -- small/dest "$journal"*
head -c $((10 * MiB)) long >small/dest
start_stopped pwrite64 3 "$(partial_of small/dest)" -- source small/dest
head -c $((14 * MiB)) /dev/zero >small/filler
go_on
finish
expect_status 7
[[ -e $(partial_of small/dest) ]] || fail "nothing was kept"
run --inplace source small/dest
expect_copied source small/dest
