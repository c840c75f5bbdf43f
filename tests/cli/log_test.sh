#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --log-file: one line an event, for whoever looks later, also of runs that overlap, and of a disk that is full. And
# --stats: the figures at the end.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly size=$((5 * MiB + 11))
make_file "$size" 1 source
hash=$(hash_of source)
readonly stamp='20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z'

# expect_log PATTERN...: the lines of log, whole, behind time and process.
expect_log() {
  local pattern number=0
  [[ $(wc -l <log) == "$#" ]] || fail "not $# lines: $(cat log)"
  for pattern in "$@"; do
    ((++number))
    sed -n "${number}p" log | grep -qE "^$stamp \[[0-9]+\] $pattern$" || fail "line $number is not $pattern: $(cat log)"
  done
}

begin "a copy: the command, the plan, the file with its hash, the exit code; and nothing is printed"
run --log-file=log source dest
expect_copied source dest
expect_silence
expect_log "start: rcopy [0-9.]+ in '$work': rcopy '--log-file=log' 'source' 'dest'" \
  "plan: 'source' -> '$work/dest': .+" \
  "file: 'source' -> '$work/dest': 5\.0 MiB in .*, xxh128 $hash, verified from the medium" \
  "end: 1 file copied, 5\.0 MiB in .*, exit code 0"

begin "the next run appends, whatever -q says"
run -q --log-file=log source dest
[[ $(wc -l <log) == 7 ]] || fail "not 7 lines: $(cat log)"
tail -n 2 log | head -n 1 | grep -qE "\] file: '$work/dest' is up to date \(xxh128 $hash, verified earlier\)$" || fail "$(cat log)"

begin "failures, warnings, names with control characters: one line each"
rm -f -- log "$journal"*
echo garbage >"$journal"
odd=$'new\nline\x1b[31m\xff'
mkdir directory
cp -- source "$odd"
run --log-file=log missing "$odd" directory
expect_status 1
shown="\\$'new\\\\nline\\\\033\[31m\\\\377'"
expect_log "start: .*$shown 'directory'" \
  "warning: '$journal.*" \
  "error: cannot stat 'missing': No such file or directory; check the name" \
  "plan: $shown -> .*" \
  "file: $shown -> .*, xxh128 $hash, verified from the medium" \
  "end: 1 file copied, 5\.0 MiB in .*, 1 failed, exit code 1"
! LC_ALL=C grep -q '[^ -~]' log || fail "raw bytes: $(cat -v log)"

begin "a retry, and a signal"
rm -f -- log dest "$journal"*
status=0
"${tracer[@]}" -P "$(partial_of dest)" -e trace=pwrite64 -e inject=pwrite64:error=EIO:when=4 \
  "$RCOPY" --log-file=log --retry-wait=0 source dest >"$out" 2>"$err" || status=$?
expect_copied source dest
grep -qE "\] retry: cannot write .*: Input/output error; trying again now \(retry 1 of 3\)$" log || fail "$(cat log)"
rm -f -- log dest "$journal"*
start_slow "$(partial_of dest)" pwrite64=3000:when=3+ -- --log-file=log source dest
wait_until 'a part is written' size_at_least "$(partial_of dest)" $((2 * MiB))
kill -TERM "$pid"
finish
expect_status 143
grep -qE "\] error: '$work/dest': stopped by SIGTERM (at|with) .*; run the same command again" log || fail "$(cat log)"
tail -n 1 log | grep -qE '\] end: 0 files copied, then stopped, exit code 143 \(SIGTERM\)$' || fail "$(cat log)"

begin "a tree: each file, by one call a line"
rm -f -- log
mkdir tree
for i in {1..50}; do printf '%d' "$i" >"tree/$i"; done
run_command "${tracer[@]}" -P "$work/log" -e trace=write,pwrite64,writev,openat "$RCOPY" --log-file="$work/log" -a tree copy
expect_status 0
expect_silence
[[ $(grep -c '\] file: .*, xxh128 ' log) == 50 ]] || fail "not 50 files: $(cat log)"
[[ $(grep -c 'write(' "$trace") == $(wc -l <log) ]] || fail "not one call a line"
grep -q 'O_APPEND' "$trace" || fail "it was not opened with O_APPEND"

begin "runs that overlap: whole lines of each"
rm -f -- log
for i in {1..4}; do
  "$RCOPY" --no-journal --log-file=log -r tree "copy-$i" &
  children+=($!)
done
for i in "${children[@]}"; do wait "$i"; done
children=()
[[ $(wc -l <log) == $((4 * 52)) ]] || fail "lines are missing, or torn: $(wc -l <log)"
! grep -vqE "^$stamp \[[0-9]+\] (start|file|end): " log || fail "a line is torn"
[[ $(grep -oE '\[[0-9]+\]' log | sort | uniq -c | awk '{ print $1 }' | sort -u) == 52 ]] || fail "not 52 lines of each"

begin "a log that cannot be opened: 2, and nothing is touched"
rm -f -- dest "$journal"*
run --log-file=missing/log source dest
expect_refused 2 "^rcopy: cannot open the log 'missing/log': No such file or directory; check the name$"
run --log-file=directory source dest
expect_refused 2 "^rcopy: cannot open the log 'directory': Is a directory; name a regular file$"
run --log-file= source dest
expect_status 2
expect_none dest
expect_none "$journal"

begin "a log that is one of the files of the run: 2, and nothing is written"
rm -rf -- log dest "$journal"* place
mkdir place
run source place/source
ln source other-name
ln -s source symlink
print=$(fingerprint source)
for log in source other-name symlink "$work/source"; do
  run --log-file="$log" source dest
  expect_refused 2 "^rcopy: the log '$log' is the same file as the source 'source'; name another with --log-file$"
done
expect_untouched source "$print"
rm -- other-name symlink
for words in "--log-file=dest source dest" "--log-file=place/../dest source $work/dest" "--log-file=place/source source place" \
  "--log-file=place/new source missing/new place" "--log-file=place/source --parents source place" "--log-file=dest source -T dest"; do
  # shellcheck disable=SC2086  # words
  run $words
  expect_refused 2 "is the same file as the destination '"
done
expect_none dest
expect_none place/new
expect_same source place/source
run "--log-file=$journal" source dest
expect_refused 2 "is the same file as the journal '$journal'"
run "--log-file=$journal-wal" source dest
expect_refused 2 "is the same file as the journal '$journal-wal'"
run --log-file=sums --manifest=./sums source dest
expect_refused 2 "is the same file as the manifest './sums'"
make_file $((24 * MiB)) 2 large
rm -f -- "$journal"* "$(partial_of dest)" # so that one of 4 MiB is this copy's
stop_copy $((4 * MiB)) large dest
print=$(fingerprint large)
run --resume-all --log-file=large
expect_refused 2 "is the same file as the source '$work/large'"
run --resume-all --log-file=dest
expect_refused 2 "is the same file as the destination '$work/dest'"
expect_untouched large "$print"
run --resume-all --log-file=log
expect_copied large dest
rm -f -- dest log

begin "a log that cannot be written: the copy goes on, one line says so, and the exit code is 1"
run --log-file=/dev/full source dest
expect_refused 1 "^rcopy: cannot write the log '/dev/full': No space left on device; what was copied is not affected; free some space for the log$"
expect_same source dest
run -q --log-file=/dev/full source dest
expect_refused 1 "^rcopy: cannot write the log '/dev/full'"
run --json --log-file=/dev/full source dest
expect_status 1
[[ $(tail -n 1 "$out") == *'"type":"summary",'*'"exit_code":1,'* ]] || fail "the summary knows nothing of it"
begin "the log ends with the exit code of the process, also where standard output is full"
rm -f -- log
status=0
"$RCOPY" -v --log-file=log source dest >/dev/full 2>"$err" || status=$?
expect_status 1
expect_said 'standard output'
tail -n 1 log | grep -q ', exit code 1$' || fail "the log has another: $(cat log)"
mv log log-lines
run --log-file=/dev/full missing -t directory
expect_status 1
expect_lines 2
expect_same source dest

begin "a last line that is lost: one line says so, and 1"
rm -f -- log
lines=$(wc -l <log-lines)
run_command "${tracer[@]}" -P "$work/log" -e trace=write -e inject=write:error=ENOSPC:when="$lines" "$RCOPY" --log-file=log source dest
expect_refused 1 "^rcopy: cannot write the log 'log': No space left on device; what was copied is not affected; free some space"

begin "a line that was cut by a full disk does not spoil the next"
rm -f -- log
run_command "${tracer[@]}" -P "$work/log" -e trace=write -e inject=write:retval=5:when=2 "$RCOPY" --log-file=log -r tree cut
expect_refused 1 "^rcopy: cannot write the log '"
expect_same tree/1 cut/1
# The second call of each of two threads.
[[ $(grep -vcE "^$stamp " log) == 2 ]] || fail "more than the lines that were cut: $(cat log)"
tail -n 1 log | grep -q '\] end: ' || fail "the last line is lost, too: $(cat log)"

# --- --stats ------------------------------------------------------------------------------------

# expect_figure NAME VALUE
expect_figure() { grep -qE "^ *$1: +$2$" "$out" || fail "$1 is not $2: $(cat "$out")"; }

begin "--stats: what one file came to, also without a terminal and with -q"
rm -f -- dest "$journal"*
run -q --stats source dest
expect_copied source dest
[[ ! -s $err ]] || fail "it said something"
expect_figure 'files found' 1
expect_figure copied 1
expect_figure failed 0
expect_figure 'bytes in all' "5\.0 MiB \($size B\)"
expect_figure transferred "5\.0 MiB \($size B\)"
expect_figure 'by an earlier run' '0 B'
expect_figure verify '[0-9.]+ s'
expect_figure rate '[0-9.]+ [KMG]iB/s'
expect_figure 'verified from medium' 1
run --stats source dest
expect_figure 'up to date' 1
expect_figure 'there already' "5\.0 MiB \($size B\)"
expect_figure transferred '0 B'

begin "--stats: what was resumed, and how long each phase took"
rm -f -- dest "$journal"*
make_file $((24 * MiB)) 2 large
stop_copy $((4 * MiB)) large dest
start_slow "$(partial_of dest)" pread64=500 -- --stats large dest
finish
expect_copied large dest
expect_figure 'by an earlier run' "$((kept / MiB))\.0 MiB \($kept B\)"
expect_figure transferred ".* \($((24 * MiB - kept)) B\)"
awk '$1 == "verify:" { exit !($2 >= 0.5) }' "$out" || fail "verifying took longer: $(cat "$out")"

begin "--stats: trees, clones or not, and failures"
rm -rf -- copy
chmod 000 tree/7
run --stats -r --verify=cache tree copy
if ((EUID == 0)); then
  expect_figure copied 50
  expect_figure 'verified from cache' 50
else
  expect_figure copied 49
  expect_figure failed 1
fi
expect_figure 'files found' 50
