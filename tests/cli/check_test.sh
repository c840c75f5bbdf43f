#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --check: files are read from the medium and compared with a list of hashes. xxh128sum makes the lists.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

mkdir -p files/sub
make_file 100 1 files/a
make_file $((5 * MiB + 17)) 2 files/large
make_file $((3 * MiB)) 3 'files/sub/b c'
: >files/empty
truncate -s 40M files/hole
ln -s large files/link
cd files
list() { xxh128sum -- a large 'sub/b c' empty hole link; }
list >../list

begin "everything as it was: nothing is said"
run --check=../list
expect_status 0
expect_silence
expect_none "$(dirname -- "$journal")"

begin "-v says so of each file, and sums up"
run -v --check ../list
expect_status 0
expect_printed "^'sub/b c': OK$"
expect_printed '^6 files intact, [0-9.]+ MiB read in '
[[ $(grep -c ': OK$' "$out") == 6 ]] || fail "not six files: $(cat "$out")"

begin "from standard input; other forms of lines"
printf '%s\n' '# a comment' '' "$(hash_of a) *a" "XXH128 (sub/b c) = $(hash_of 'sub/b c' | tr a-f A-F)" >../forms
xxh128sum --tag large >>../forms
status=0
"$RCOPY" -v --check=- <../forms >"$out" 2>"$err" || status=$?
expect_status 0
expect_printed '^3 files intact'

begin "names in escapes"
name=$'line\nfeed\\'
cp a "$name"
# shellcheck disable=SC1003  # as it is written in lists
printf '\\%s  %s\n' "$(hash_of a)" 'line\nfeed\\' >../escaped
run -v --check=../escaped
expect_status 0
expect_printed "OK$"

begin "other content: named with both hashes, and 3"
old=$(hash_of large)
flip_byte large $((4 * MiB))
run --check=../list
expect_status 3
expect_lines 2
expect_said "^rcopy: 'large': FAILED: the medium gives xxh128 $(hash_of large), the list says $old$"
expect_said "^rcopy: 'link': FAILED"
[[ ! -s $out ]] || fail "it printed something"
run -q --check=../list
expect_status 3
expect_lines 2

begin "the same for programs"
run --json --check=../list
expect_status 3
[[ $(wc -l <"$out") == 7 ]] || fail "not an object for each file, and one for all"
expect_printed "^\{\"type\":\"checked\",\"time\":\"20[^\"]*\",\"path\":\"large\",\"verdict\":\"different\",\"total_bytes\":$((5 * MiB + 17)),"
expect_printed '^\{"type":"summary","time":"20.*","exit_code":3,.*"intact_files":4,"different_files":2,.*"senseless_lines":0\}$'

begin "--progress=always: lines now and then, also with -q, where there is no terminal"
run_command "${tracer[@]}" -P "$PWD/large" -e trace=pread64 -e inject=pread64:delay_enter=1200000:when=1 \
  "$RCOPY" -q -j1 --progress=always --check=../list
expect_status 3
expect_said '^rcopy: [0-9]+ files? checked, '

begin "missing, or no regular file: 1, but 3 ranks higher"
rm a
run --check=../list
expect_status 3
expect_said "^rcopy: cannot .*'a': No such file or directory; check the name$"
flip_byte large $((4 * MiB))
rm empty
mkdir empty
run --check=../list
expect_status 1
expect_said "^rcopy: cannot check 'empty': it is not a regular file"
rmdir empty
make_file 100 1 a
: >empty
if can_be_user && ((EUID == 0)); then
  mkdir "$user_place/files"
  make_file 10 1 "$user_place/files/secret"
  xxh128sum "$user_place/files/secret" >"$user_place/list"
  chmod 0 "$user_place/files/secret"
  as_user run --check="$user_place/list"
  expect_status 1
  expect_said "secret': Permission denied"
fi

begin "lines that make no sense are not taken for checked"
{ cat ../list && echo 'what is this?'; } >../odd
run --check=../odd
expect_status 1
expect_said "^rcopy: '../odd': 1 of its lines could not be made by xxh128sum and were passed over$"

begin "a list that is none, or is not there"
xxhsum a >../short 2>/dev/null
for file in ../short /dev/null a; do
  run --check="$file"
  expect_status 2
  expect_said "no line that xxh128sum could have made"
done
run --check=../nowhere
expect_refused 2 "cannot read '../nowhere': No such file"
run --check=.
expect_refused 2 'cannot read .*directory'
run --check=../list --check=../list
expect_status 2

need_strace

begin "it is the medium that is read, not the cache"
run_command "${tracer[@]}" -e trace=openat "$RCOPY" --check=../list
expect_status 0
grep -q '"large", .*O_DIRECT' "$trace" || grep -q 'large.*O_DIRECT' "$trace" || fail "there was no direct read"

begin "SIGINT ends it, with what was found so far"
for i in {1..40}; do cp a "many-$i"; done
xxh128sum many-* >../many
start_traced -e trace=pread64 -e inject=pread64:delay_enter=200000 -- -v -j1 --check=../many
wait_until 'files are read' grep -q OK "$work/.job-out"
kill -INT "$pid"
finish
expect_status 130
expect_printed ' intact, .*, then stopped$'
expect_said '^rcopy: stopped by SIGINT when [0-9]+ files? (was|were) read, .*; nothing is known of the others; run the same command again$'
[[ $(grep -c OK "$out") -lt 40 ]] || fail "it went on to the end"
