#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promise 5 for who does not know the commands any more: everything that the journal has as unfinished is continued,
# each with the options that it was begun with.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly size=$((24 * MiB))
make_file "$size" 1 one
make_file "$size" 2 two
touch -d 2001-02-03 one two

begin "without a journal nothing is to be done, and none is made"
run --resume-all
expect_status 0
expect_silence
expect_none "$(dirname -- "$journal")"

need_strace

# stop_one SOURCE DEST [OPTION]...: as stop_copy, where others are unfinished, too.
stop_one() {
  start_slow "$(partial_of "$2")" pwrite64=1000:when=7+ -- "${@:3}" -- "$1" "$2"
  wait_until 'something is written' size_at_least "$(partial_of "$2")" $((6 * MiB))
  kill -TERM "$pid"
  finish
  expect_status 143
}

mtime_of() { stat -c %y -- "$1"; }

begin "two copies, each with its own options, from another directory"
stop_one one copy-one -p
stop_one two copy-two --verify=cache
mkdir elsewhere
(cd elsewhere && run -v --resume-all && expect_status 0)
expect_same one copy-one
expect_same two copy-two
[[ $(grep -c 'resumed at' "$out") == 2 ]] || fail "it did not go on where they stopped: $(cat "$out")"
[[ $(mtime_of copy-one) == "$(mtime_of one)" ]] || fail "-p was forgotten"
[[ $(mtime_of copy-two) != "$(mtime_of two)" ]] || fail "-p came from the other copy"
[[ $(journal_query "select group_concat(verified_by) from (select verified_by from transfer_state order by id)") == medium,cache ]] ||
  fail "they were not verified as they were to be"
run --resume-all
expect_status 0
expect_silence

begin "options that are given now come after those"
stop_one two copy-two --resume=never --verify=cache
run -v --resume-all -p --resume=auto
expect_copied two copy-two
[[ $(mtime_of copy-two) == "$(mtime_of two)" ]] || fail "-p did not count"
expect_printed 'resumed at .* verified from the page cache'

begin "what is about one run only is not continued: a manifest would be of a part of the job, the log another"
rm copy-one
stop_one one copy-one --manifest=sums --log-file=log --stats
cp log log-before
(cd elsewhere && run --resume-all && expect_status 0 && expect_silence)
expect_same one copy-one
expect_same log-before log
for name in sums elsewhere/sums elsewhere/log; do expect_none "$name"; done
run --resume-all --manifest=sums
expect_status 2
expect_said '^rcopy: --resume-all and --manifest exclude each other$'

begin "one that is busy or cannot be does not stop the others; what ranks highest counts"
rm copy-one copy-two
stop_one one copy-one
cp one three
stop_one three copy-three
rm three
stop_one two copy-two
exec {lock}<"$(partial_of copy-two)"
flock "$lock"
run --resume-all
exec {lock}<&-
expect_status 5
expect_said "cannot copy to '$work/copy-two': another rcopy is copying to it"
expect_said "'$work/three': No such file"
expect_same one copy-one
run --resume-all
expect_status 1
expect_same two copy-two
run --forget=copy-three
expect_status 0

begin "a dry run only says so"
rm copy-one
stop_one one copy-one
run --resume-all --dry-run
expect_status 0
expect_printed "copy-one.* would be copied"
expect_none copy-one
run --resume-all
expect_copied one copy-one

begin "a tree, with its filters and what was finished of it; a large file goes on"
mkdir -p tree/sub
for i in 1 2 3; do make_file 5000 "$i" "tree/sub/$i"; done
make_file 100 4 tree/left.out
ln -s sub/1 tree/link
cp -p one tree/large
printf 'left.*\n' >rules
for form in tree tree/.; do
  rm -rf copy
  start_slow "$work/copy/.large.rcopy-part" pwrite64=1000:when=7+ -- -a --exclude-from=rules "$form" copy
  wait_until 'something is written' size_at_least copy/.large.rcopy-part $((6 * MiB))
  wait_until 'the small files are finished' has_finished 3
  kill -TERM "$pid"
  finish
  expect_status 143
  begun=$(stat -c %i copy/sub/1)
  (cd elsewhere && run -v --resume-all && expect_status 0)
  expect_printed 'resumed at'
  rm -f -- copy.left
  mv tree/left.out left.out
  diff -r --no-dereference tree copy || fail "$form: the copy is not the tree"
  mv left.out tree/
  [[ -L copy/link ]] || fail "$form: -a was forgotten"
  [[ $(mtime_of copy/sub/1) == "$(mtime_of tree/sub/1)" ]] || fail "$form: times were forgotten"
  [[ $(stat -c %i copy/sub/1) == "$begun" ]] || fail "$form: what was finished was copied again"
  [[ $(journal_query 'select count(*) from tree_state') == 0 ]] || fail "$form: the tree is still in the journal"
done

begin "what came from standard input cannot be had again"
rm -rf copy
start_slow "$work/copy/.large.rcopy-part" pwrite64=1000:when=4+ -- -r --exclude-from=- tree copy
wait_until 'something is written' size_at_least copy/.large.rcopy-part $((3 * MiB))
kill -TERM "$pid"
finish
run --resume-all
expect_status 2
expect_said 'its rules came from standard input; use the command that began it'
run -r tree copy
expect_status 0

begin "a row of a journal that knew no options yet: continued with those of now"
stop_one two copy-four -p
journal_query "update transfer_state set options = null"
run --resume-all
expect_status 0
expect_same two copy-four
[[ $(mtime_of copy-four) != "$(mtime_of two)" ]] || fail "where did -p come from?"
