#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the journal is told to forget is gone, with the partial only where it is the one that the journal means; and
# what is of use to somebody stays.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly size=$((16 * MiB))
make_file "$size" 1 source
make_file 3000 2 small

rows() { journal_query 'select count(*) from transfer_state'; }
expect_rows() { [[ $(rows) == "$1" ]] || fail "$(rows) rows, not $1"; }

begin "without a journal there is nothing to forget, and none is made"
run --forget=1
expect_refused 1 'nothing in the journal has this id; check --list'
run --prune
expect_status 0
expect_silence
expect_none "$(dirname -- "$journal")"

begin "an id or a destination that is not there"
run small dest
run --forget=99
expect_refused 1 'nothing in the journal has this id'
run --forget=t1
expect_refused 1 'nothing in the journal has this id'
run --forget=nowhere
expect_refused 1 "cannot forget 'nowhere': the journal has no such destination"
expect_rows 1

begin "what is finished, by its destination; the copy stays"
mkdir elsewhere
(cd elsewhere && run --forget=../dest && expect_status 0)
expect_printed "^forgot 1: '$work/small' -> '$work/dest'$"
expect_rows 0
expect_same small dest

begin "help wins"
run small dest
run --help --forget=dest
expect_status 0
expect_printed '^Usage: '
expect_rows 1
run --forget=dest
expect_rows 0

begin "an AGE that is none"
for age in banana 30 -1d ''; do
  run --prune="$age"
  expect_status 2
done

begin "pruned: what is finished and old, or gone; nothing else"
for name in old gone young; do run small "$name"; done
journal_query "update transfer_state set completed_at = completed_at - 91 * 86400 where dest_path like '%/old'"
rm gone
run --prune
expect_status 0
expect_printed "'$work/old'; finished 91 days ago"
expect_printed "'$work/gone'; the destination is gone"
expect_rows 1
run --prune=1h
expect_silence
expect_rows 1
journal_query "update transfer_state set completed_at = completed_at - 7200"
run --prune=1h --json
expect_printed '^\{"type":"forgotten","time":"20[^"]*","kind":"file",.*"reason":"finished less than a day ago"\}$'
expect_rows 0

begin "pruned: a catalog that is kept stays, as do trees that were cut short and are there"
mkdir tree
cp small tree/
run -r --catalog tree copy
run -r --catalog tree copy2
journal_query "update tree_state set started_at = started_at - 1000 * 86400, updated_at = updated_at - 1000 * 86400;
  update tree_state set completed_at = null where dest_path like '%/copy2'"
run --prune
expect_status 0
expect_silence
[[ $(journal_query 'select count(*) from tree_state') == 2 ]] || fail "a tree is gone"
rm -r copy2
mkdir mnt
mv tree mnt/tree
journal_query "update tree_state set file_path = '$work/away/tree' where id = 2" # its mount point went with its mount
run --prune
expect_silence
journal_query "update tree_state set file_path = '$work/tree', updated_at = strftime('%s') + 0 where id = 2" # a run began it
run --prune
expect_silence
journal_query "update tree_state set updated_at = updated_at - 1000 * 86400 where id = 2"
run --prune
expect_printed "^forgot t2: .*; source and destination are gone$"
mv mnt/tree tree

begin "a tree is forgotten with its entries"
run --forget=t1
expect_status 0
[[ $(journal_query 'select (select count(*) from tree_state) + (select count(*) from tree_file)') == 0 ]] ||
  fail "something of the tree is left"

begin "two trees with one destination are forgotten together, or none of them"
mkdir tree3
run -r -T --catalog tree both
run -r -T --catalog tree3 both
journal_query "update tree_state set completed_at = null"
exec 9<both
flock 9
run --forget=both
expect_refused 5 "another rcopy is copying to it"
[[ $(journal_query 'select count(*) from tree_state') == 2 ]] || fail "one of them is forgotten"
exec 9<&-
run --forget=both
expect_status 0
[[ $(wc -l <"$out") == 2 ]] || fail "not two lines"
[[ $(journal_query 'select count(*) from tree_state') == 0 ]] || fail "one of them is left"

need_strace
partial=$(partial_of dest)

begin "what is on a disk that is not mounted is not forgotten"
stop_copy $((3 * MiB)) source dest
journal_query "update transfer_state set dest_mount = '$work/away', dest_path = '$work/away/dest'"
run --forget=away/dest
expect_refused 1 "the file system that was mounted on '$work/away' is not mounted now; plug it in, then forget it"
expect_rows 1
journal_query 'delete from transfer_state'
rm -- "$partial"

begin "what is unfinished: its partial goes, too"
journal_query 'delete from transfer_state'
rm dest
stop_copy $((3 * MiB)) source dest
id=$(journal_query 'select id from transfer_state')
run --forget="$id"
expect_status 0
expect_printed "; removed '$partial'$"
expect_rows 0
expect_none "$partial"

begin "a partial that is another file stays, and is named"
stop_copy $((3 * MiB)) source dest
rm -- "$partial"
cp small "$partial"
run --forget=dest
expect_status 0
expect_printed "; kept '$partial'; it may be another file than the journal means$"
expect_same small "$partial"
expect_rows 0
rm -- "$partial"

begin "what an rcopy works on is not forgotten, and the copy is right"
start_stopped pwrite64 2 "$partial" -- source dest
run --forget=dest
expect_refused 5 "cannot forget '$work/dest': another rcopy is copying to it"
run --prune=0s
expect_silence
expect_rows 1
go_on
finish
expect_copied source dest
expect_row status complete

begin "pruned: an unfinished copy only if it is old, and source and partial are gone"
rm dest
stop_copy $((3 * MiB)) source dest
age() { journal_query 'update transfer_state set updated_at = updated_at - 91 * 86400'; }
run --prune
expect_silence
age
run --prune
expect_silence
mv source away
run --prune
expect_silence
rm -- "$partial"
run --prune
expect_printed "; source and partial are gone$"
expect_rows 0
