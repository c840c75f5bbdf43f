#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --manifest: a list that xxh128sum -c checks, complete or not replaced at all.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace
ask_for_clear_lines=yes

make_file 3000 1 small
make_file $((6 * MiB + 5)) 2 large
mkdir -- directory

start_over() {
  chmod -R u+w directory 2>/dev/null || true
  rm -rf -- directory dest new SUMS .SUMS.rcopy-sums "$journal"*
  mkdir -- directory
}

# expect_listed FILE DIRECTORY: it lists the files of the directory, and no other.
expect_listed() {
  xxh128sum --quiet -c "$1" >"$work/.check" 2>&1 || fail "xxh128sum -c: $(cat "$work/.check")"
  find "$2" -type f ! -path "$1" -print0 | xargs -0 xxh128sum | sort >"$work/.expected"
  sort -- "$1" | diff -- "$work/.expected" - || fail "$1 is another list"
  [[ $(sort -- "$1" | uniq | wc -l) == "$(wc -l <"$1")" ]] || fail "a line is there twice"
  expect_none "$(dirname -- "$1")/.SUMS.rcopy-sums"
}

old_list() {
  echo 'an old list' >SUMS
  before=$(fingerprint SUMS)
}

expect_old_list() {
  expect_untouched SUMS "$before"
  expect_said "^rcopy: warning: 'SUMS': the manifest was not written, for not all files were copied"
  expect_none .SUMS.rcopy-sums
}

begin "one file: a line with the name as it was given"
start_over
run --manifest=SUMS small dest
expect_copied small dest
[[ $(cat SUMS) == "$(hash_of small)  dest" ]] || fail "it has another line: $(cat SUMS)"
xxh128sum --quiet -c SUMS
[[ $(stat -c %a SUMS) == "$(stat -c %a small)" ]] || fail "the list has mode $(stat -c %a SUMS)"

begin "  up to date: the same line, and nothing is read"
chmod 640 SUMS
run_counting dest --manifest=SUMS small dest
expect_status 0
expect_bytes_read 0
[[ $(cat SUMS) == "$(hash_of small)  dest" ]] || fail "it has another line: $(cat SUMS)"
[[ $(stat -c %a SUMS) == 640 ]] || fail "the list lost its mode"

begin "several files, by absolute names, and through a symlink to the list"
start_over
ln -sf "$work/real" SUMS
: >real
run --manifest=SUMS small large "$work/directory/"
expect_status 0
[[ -L SUMS && ! -L real ]] || fail "the link was replaced"
expect_listed "$work/real" "$work/directory"

make_tree() {
  rm -rf -- tree
  mkdir -p -- tree/sub/empty
  cp -- small tree/
  cp -- large tree/sub/
  : >tree/nothing
  truncate -s 5M tree/sparse
  ln -- tree/small tree/sub/name
  ln -- tree/sub/large tree/another
  ln -s small tree/link
  mkfifo tree/fifo
  printf 1 >'tree/ with  spaces '
  printf 2 >'tree/back\slash'
  printf 3 >tree/$'\xff\xfe'
  printf 4 >'tree/*star'
  cp -- small tree/left.out
}

begin "a tree: every regular file with each of its names, nothing else"
start_over
make_tree
run -a --exclude='*.out' --manifest=SUMS tree directory
expect_status 0
expect_listed SUMS directory
[[ $(wc -l <SUMS) == 10 ]] || fail "not 10 lines"

begin "  up to date by size and time: what nobody knows is read"
run -a --exclude='*.out' --manifest=SUMS tree directory
expect_status 0
expect_listed SUMS directory
run -a --checksum --exclude='*.out' --manifest=SUMS tree directory
expect_status 0
expect_listed SUMS directory

begin "killed: the old list stays, and the next run lists also what was finished before, unread"
start_over
old_list
start_slow "$work/directory/tree/sub/.large.rcopy-part" pwrite64=2000 -- -r --manifest=SUMS tree/. directory/tree
small_is_there() { [[ -e directory/tree/small && $(journal_query 'select count(*) from tree_file') -ge 5 ]]; }
wait_until 'small files are finished' small_is_there
kill_now
expect_untouched SUMS "$before"
run_counting directory/tree/small -r --manifest=SUMS tree/. directory/tree
expect_status 0
expect_bytes_read 0
xxh128sum --quiet -c SUMS
expect_listed SUMS directory

begin "killed when the list is to be published: the old one stays, the same command writes it"
start_over
old_list
# A signal is not injected into calls that a filter lets through.
{ run_command "${tracer[@]/--seccomp-bpf/-qq}" -P "$work/.SUMS.rcopy-sums" -e trace=fsync \
  -e inject=fsync:signal=KILL "$RCOPY" --manifest=SUMS small dest; } 2>/dev/null
expect_status 137
[[ -s .SUMS.rcopy-sums ]] || fail "nothing was written"
expect_untouched SUMS "$before"
run --manifest=SUMS small dest
expect_status 0
expect_listed SUMS dest

begin "a file that fails: 1, the old list stays, and it says so"
start_over
old_list
run --manifest=SUMS small missing directory
expect_status 1
expect_old_list

begin "stopped by the time: 8, the old list stays"
start_over
old_list
run_command "${tracer[@]}" -P "$(partial_of dest)" -e trace=pwrite64 -e inject=pwrite64:delay_enter=500000 \
  "$RCOPY" --manifest=SUMS --max-duration=300ms large dest
expect_status 8
expect_old_list
run --manifest=SUMS large dest
expect_copied large dest
expect_listed SUMS dest

begin "in a destination that the job makes: it does not list itself"
start_over
run -r --exclude=fifo --manifest=new/sub/SUMS tree new
expect_status 0
expect_listed new/sub/SUMS new
run -r --exclude=fifo --manifest=new/sub/SUMS tree/. new
expect_status 0
expect_listed new/sub/SUMS new
rm -- tree/fifo

begin "a file of the job by that name: the file stays, 1, and the list is not written"
start_over
cp -- small tree/SUMS
run -r --manifest=new/SUMS tree new
expect_status 1
expect_said "^rcopy: cannot write the manifest 'new/SUMS': this run copied a file to that name; name another"
expect_same small new/SUMS
expect_none new/.SUMS.rcopy-sums
rm -- tree/SUMS
run --manifest=dest small dest
expect_status 1
expect_same small dest

begin "two sources for one name: the line is that of the later"
start_over
mkdir -p -- one two
echo 1 >one/file
echo 22 >two/file
run --backup=numbered --manifest=SUMS one/file two/file directory
expect_status 0
expect_same two/file directory/file
[[ $(cat SUMS) == "$(hash_of two/file)  directory/file" ]] || fail "other lines: $(cat SUMS)"
mkdir -- new
run -r --manifest=SUMS one/. two/. new
expect_status 0
expect_same two/file new/file
expect_listed SUMS new

begin "a name with a line feed is escaped as GNU programs do"
start_over
printf 1 >$'a\nb\\c'
run --manifest=SUMS $'a\nb\\c' directory
expect_status 0
# shellcheck disable=SC2028  # these backslashes are in the file
[[ $(cat SUMS) == "\\$(printf 1 | xxh128sum | cut -d ' ' -f 1)  directory/a\\nb\\\\c" ]] || fail "$(cat SUMS)"

begin "what is kept has no line; a dry run writes nothing"
start_over
cp -- large directory/small
run -n --manifest=SUMS small directory
expect_status 0
[[ ! -s SUMS && -e SUMS ]] || fail "it lists: $(cat SUMS)"
rm -- SUMS
run --dry-run --manifest=SUMS small dest
expect_status 0
expect_none SUMS

begin "two runs with one list: the second is busy"
start_over
: >.SUMS.rcopy-sums
exec 9<.SUMS.rcopy-sums
flock 9
run --manifest=SUMS small dest
exec 9<&-
expect_refused 5 "another rcopy"
expect_none dest

begin "where there can be no list it is refused, and nothing is copied"
start_over
ask_for_clear_lines='' # what makes no sense has no next time
ln -sf nowhere dangling
mkfifo fifo
for name in - '' directory directory/ /dev/null fifo missing/SUMS dangling .; do
  run --manifest="$name" small dest
  expect_status 2
  expect_none dest
done
run -r --manifest=tree/sub/SUMS tree new
expect_refused 2 "^rcopy: cannot write the manifest 'tree/sub/SUMS': it is a source, or lies in one; name another place"
before=$(fingerprint small)
run --manifest=small small dest
expect_refused 2 "^rcopy: cannot write the manifest 'small': it is a source, or lies in one; name another place"
expect_untouched small "$before"
run -l --manifest=SUMS small dest
expect_status 2
expect_none new
expect_none dest
expect_none SUMS
