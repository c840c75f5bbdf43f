#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --json: each line is an object, whatever files are called and however the run ends; what is in it is true; and
# docs/json-output.md says of each member what it is. The oracle for JSON is sqlite3.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

lines=$work/.lines    # of the last run, as a table: lines(number, object)
members=$work/.members # all members that were seen: TYPE MEMBER
: >"$members"

json_query() { sqlite3 -batch "$lines" "$1"; }

# read_json: $out line by line; each must be an object that has a type first, and then a time.
read_json() {
  local bad
  rm -f -- "$lines"
  sqlite3 -batch "$lines" 'create table lines(number integer primary key, object text)' \
    '.mode ascii' '.separator "\037" "\n"' 'create temp table raw(line text)' ".import '$out' raw" \
    'insert into lines(object) select line from raw order by rowid'
  [[ $(json_query 'select count(*) from lines') == $(wc -l <"$out") ]] || fail "lines were lost"
  bad=$(json_query "select object from lines where not json_valid(object) or json_type(object) != 'object'")
  [[ -z $bad ]] || fail "this is no object: $bad"
  bad=$(json_query "select object from lines where object not glob '{\"type\":\"*\",\"time\":\"20??-??-??T??:??:??.???Z\"*'")
  [[ -z $bad ]] || fail "type or time is not what it should be: $bad"
  ! LC_ALL=C grep -q '[^ -~]' "$out" || fail "there is more than ASCII"
  json_query "select distinct object ->> 'type' || ' ' || key from lines, json_each(object)
    union select distinct object ->> 'type' || ' ' || inner.key from lines, json_each(object, '\$.sources') as outer,
      json_each(outer.value) as inner
    union select distinct object ->> 'type' || ' ' || inner.key from lines, json_each(object, '\$.error') as inner" >>"$members"
}

# run_json ARGUMENT...: as run, with what is printed read.
run_json() {
  run --json "$@"
  read_json
}

# expect_json QUERY VALUE
expect_json() {
  local found
  found=$(json_query "$1")
  [[ $found == "$2" ]] || fail "$1 gives $found, not $2; of: $(cat "$out")"
}

# expect_types TYPE,...: of the objects in order, but for what a slow machine adds.
expect_types() {
  expect_json "select group_concat(object ->> 'type') from (select * from lines
    where object ->> 'type' <> 'progress' order by number)" "$1"
}

# of TYPE MEMBER: of the only object of that type.
of() { printf "select object ->> '\$.%s' from lines where object ->> 'type' = '%s'" "$2" "$1"; }

readonly size=$((5 * MiB + 11))
make_file "$size" 1 source
hash=$(hash_of source)

begin "a copy: start, begun, file with hash and proof, summary; nothing for people"
run_json source dest
expect_copied source dest
expect_types start,begun,file,summary
expect_json "$(of begun source)" source
expect_json "$(of begun destination)" "$work/dest"
expect_json "$(of file xxh128)" "$hash"
expect_json "$(of file verified)" medium
expect_json "$(of file outcome)" copied
expect_json "$(of file total_bytes)" "$size"
expect_json "$(of summary exit_code)" 0
expect_json "$(of summary copied_files)" 1
expect_json "$(of summary transferred_bytes)" "$size"
expect_json "$(of summary medium_verified_files)" 1
[[ ! -s $err ]] || fail "it said something"

begin "again: up to date"
run_json source dest
expect_types start,file,summary
expect_json "$(of file outcome)" up_to_date
expect_json "$(of file xxh128)" "$hash"
expect_json "$(of summary up_to_date_files)" 1
expect_json "$(of summary same_bytes)" "$size"

begin "-q and -v change nothing of it, and --stats adds nothing"
for option in -q -v --stats; do
  run_json "$option" --resume=never source dest
  expect_types start,begun,file,summary
done

begin "names that are not UTF-8, or full of control characters, are found again"
mkdir odd odd-copy
for name in $'\xff\xfe' $'new\nline' $'\x1b[31mred\x7f' $'quote"back\\slash' $'gr\xc3\xbcn' $'cut\xe2\x82' $'\xed\xa0\x80' ; do
  printf '%s' "$name" >"odd/$name"
done
run_json -r odd odd-copy
expect_status 0
expect_json "select count(*) from lines where object ->> 'type' = 'file'" 7
# The content of each is its name.
json_query "select coalesce(object ->> 'source_base64', '-'), hex(object ->> 'source') from lines
  where object ->> 'type' = 'file'" | while IFS='|' read -r base64 hex; do
  if [[ $base64 == - ]]; then
    escaped=''
    for ((i = 0; i < ${#hex}; i += 2)); do escaped+="\\x${hex:i:2}"; done
    name=$(printf '%b' "${escaped}x")
  else
    name=$(base64 -d <<<"$base64" && printf x)
  fi
  name=${name%x}
  [[ -e $name && $(cat -- "$name" && printf x) == "${name##*/}x" ]] || fail "no such file: $(cat -v <<<"$name")"
done
expect_json "select count(*) from lines where object ->> 'source_base64' is not null" 3

begin "a tree: counts, and each file with its hash"
mkdir tree
for i in {1..40}; do printf '%d' "$i" >"tree/$i"; done
ln -s 1 tree/link
run_json -aT tree tree-copy
expect_status 0
expect_json "select count(*) from lines where object ->> 'type' = 'file' and object ->> 'item' = 'file'
  and length(object ->> 'xxh128') = 32 and object ->> 'verified' = 'medium'" 40
expect_json "$(of summary found_files)" 41
expect_json "$(of summary copied_files)" 41
run_json -aT tree tree-copy
expect_json "$(of summary up_to_date_files)" 41

begin "--dry-run: what would be done, and what is left out"
run_json --dry-run -a --exclude=4 tree other-copy
expect_status 0
expect_json "$(of start dry_run)" 1
expect_json "$(of summary planned_files)" 40
expect_json "select count(*) from lines where object ->> 'type' = 'notice'" 1
expect_none other-copy

begin "a failure: code, path, reason, what next; and the text on standard error"
run_json missing source directory-not-there
expect_status 2
mkdir directory
run_json missing source directory
expect_status 1
expect_types start,error,begun,file,summary
expect_json "$(of error code)" io
expect_json "$(of error operation)" stat
expect_json "$(of error path)" missing
expect_json "$(of error errno)" 2
expect_json "$(of error source)" missing
[[ $(cat "$err") == "rcopy: $(json_query "$(of error message)")" ]] || fail "the message is another: $(cat "$err")"
expect_json "$(of summary failed_files)" 1
expect_json "$(of summary exit_code)" 1

begin "errors before the run, too"
run_json --retries=x source dest
expect_status 2
expect_types error,summary
expect_json "$(of error code)" usage
expect_json "$(of summary exit_code)" 2
run_json source
expect_types error,summary
run_json --log-file=missing/log source dest
expect_status 2
expect_types error,summary
HOME='' RCOPY_JOURNAL='' run_json --journal=/dev/null source dest
expect_status 6
expect_types start,error,summary
expect_json "$(of error code)" journal
expect_json "$(of summary exit_code)" 6

begin "warnings"
echo garbage >"$journal"
rm -f -- "$journal"-*
run_json source dest
expect_status 0
expect_json "select count(*) > 0 from lines where object ->> 'type' = 'warning'" 1
expect_said '^rcopy: warning: '

begin "a stop: the error, and a summary with the signal"
rm -f -- dest "$journal"*
make_file $((24 * MiB)) 2 large
start_slow "$(partial_of dest)" pwrite64=400:when=6+ -- --json large dest
wait_until 'some of it is written' size_at_least "$(partial_of dest)" $((12 * MiB))
wait_until 'progress is told' grep -q '"type":"progress"' "$work/.job-out"
kill -TERM "$pid"
finish
expect_status 143
read_json
expect_json "$(of error code)" interrupted
kept=$(json_query "$(of error kept_bytes)")
((kept >= 11 * MiB)) || fail "it kept $kept bytes"
expect_json "$(of summary exit_code)" 143
expect_json "$(of summary signal)" SIGTERM

begin "progress: at most once a second, something moved each time, phase and rate are there"
expect_json "select count(*) > 0 from lines where object ->> 'type' = 'progress'" 1
expect_json "select count(*) from lines where object ->> 'type' = 'progress' and (object ->> 'phase' is null
  or object ->> 'source' is not 'large')" 0
expect_json "select count(*) from (select object -> 'done_bytes' as now, lag(object -> 'done_bytes') over () as before,
    object ->> 'phase' as phase, lag(object ->> 'phase') over () as phase_before,
    julianday(object ->> 'time') - lag(julianday(object ->> 'time')) over () as days
  from lines where object ->> 'type' = 'progress')
  where (now = before and phase = phase_before) or days * 86400 < 0.95" 0

begin "resumed: says where"
start_slow "$(partial_of dest)" pread64=1500 -- --json large dest
finish
expect_copied large dest
read_json
expect_json "$(of resumed resume_offset_bytes)" "$kept"
expect_json "$(of file resumed_bytes)" "$kept"
expect_json "$(of file xxh128)" "$(hash_of large)"
expect_json "$(of summary resumed_bytes)" "$kept"
expect_json "$(of summary transferred_bytes)" $((24 * MiB - kept))
expect_json "select count(*) > 0 from lines where object ->> 'phase' = 'verifying' and object ->> 'bytes_per_second' > 0" 1
expect_json "select object ->> 'verifying_seconds' > 0.2 from lines where object ->> 'type' = 'summary'" 1

begin "progress of a tree: its files, and the large one that is under way"
mkdir slow slow-copy
cp -- large tree/[1-9] slow
start_slow "$(partial_of slow-copy/large)" pread64=1500 -- --json -rT slow slow-copy
finish
expect_status 0
read_json
expect_json "select count(*) > 0 from lines where object ->> 'type' = 'progress' and object ->> 'found_files' = 10
  and object ->> 'done_files' = 9 and object ->> 'done_files_bytes' = 9 and object ->> 'source' = 'slow/large'" 1
expect_json "$(of summary medium_verified_files)" 10

begin "a wait for another rcopy, and a retry"
rm -f -- dest "$journal"*
(umask 077 && : >"$(partial_of dest)")
exec {lock}>>"$(partial_of dest)"
flock "$lock"
run_json --lock-wait=200ms large dest
expect_status 5
expect_json "$(of waiting code)" busy
expect_json "$(of waiting at_most_seconds)" 0.2
expect_json "$(of error code)" busy
exec {lock}>&-
rm -f -- "$(partial_of dest)" "$journal"*
status=0
"${tracer[@]}" -P "$(partial_of dest)" -e trace=pwrite64 -e inject=pwrite64:error=EIO:when=13 \
  "$RCOPY" --json --retry-wait=0 large dest >"$out" 2>"$err" || status=$?
expect_copied large dest
read_json
expect_json "$(of retry errno)" 5
expect_json "$(of retry next_attempt)" 2
expect_json "$(of file attempts)" 2
rm -f -- dest "$journal"*
status=0
"${tracer[@]}" -P "$(partial_of dest)" -e trace=pwrite64 -e inject=pwrite64:error=EIO:when=13 \
  "$RCOPY" --json --retries=0 large dest >"$out" 2>"$err" || status=$?
expect_status 1
read_json
expect_json "select object ->> 'offset_bytes' > 0 from lines where object ->> 'type' = 'error'" 1
run --resume=never large dest
expect_copied large dest

begin "--interactive asks on standard error, and --repair tells what was there"
status=0
make_file "$size" 3 other
"$RCOPY" --json -i other dest >"$out" 2>"$err" <<<n || status=$?
expect_status 0
read_json
expect_json "$(of file outcome)" kept
expect_said 'overwrite'

begin "standard output full, or closed by who reads: 1, and the copy is right"
rm -f -- dest "$journal"*
status=0
"$RCOPY" --json source dest >/dev/full 2>"$err" || status=$?
expect_copied_with() {
  expect_status "$1"
  expect_said 'standard output'
  expect_same source dest
}
expect_copied_with 1
rm -f -- dest "$journal"*
status=0
mkfifo pipe
exec {both}<>pipe
exec {end}>pipe
exec {both}>&- # now nobody reads
"$RCOPY" --json source dest 1>&"$end" 2>"$err" || status=$?
exec {end}>&-
expect_copied_with 1

begin "--list and --forget, with what they could not do"
rm -rf -- dest stopped "$journal"*
mkdir stopped
stop_copy $((4 * MiB)) large stopped/dest
id=$(journal_query 'select id from transfer_state')
run_json --list
expect_status 0
expect_types unfinished
expect_json "$(of unfinished id)" "$id"
journal_query "update transfer_state set last_error = 'why'"
run_json --list
run_json --forget="$id" --forget=nowhere
expect_status 1
expect_types forgotten,error
expect_json "$(of forgotten partial)" removed
expect_json "$(of error code)" io
expect_json "$(of error path)" nowhere
[[ $(cat "$err") == "rcopy: $(json_query "$(of error message)")" ]] || fail "the message is another: $(cat "$err")"
run_json -r --catalog tree stopped
journal_query 'update tree_state set completed_at = null'
run_json --list
run source dest
rm -- dest
run_json --prune
expect_json "$(of forgotten reason)" 'the destination is gone'

begin "--audit and --check: verdicts, errors, a list that makes no sense in part, and the exit code"
run source dest
(cd stopped && xxh128sum tree/1 tree/2) >sums
printf 'nonsense\n%s  missing\n' "$hash" >>sums
(cd stopped && run_json --check=../sums && expect_status 1)
expect_json "$(of summary senseless_lines)" 1
expect_json "$(of summary intact_files)" 2
expect_json "$(of summary exit_code)" 1
expect_json "$(of error message)" "'../sums': 1 of its lines could not be made by xxh128sum and were passed over"
expect_json "select object ->> '\$.error.errno' from lines where object ->> 'verdict' = 'missing'" 2
run_json --audit
expect_status 0
expect_json "$(of summary intact_files)" 41
expect_json "$(of summary senseless_lines)" ''
rm -- stopped/tree/[12]
run_json --audit
expect_status 1
expect_json "$(of summary exit_code)" 1
expect_json "select object ->> '\$.files' from lines where object ->> 'verdict' = 'missing'" 2
run_json --forget=t1
expect_json "$(of forgotten kind)" tree
echo garbage >"$journal"
rm -f -- "$journal"-*
run_json --list
expect_types warning
run_json --list --journal=/dev/null
expect_status 6
expect_types error,summary

begin "each member that was printed is documented"
documented=$work/.documented
# TYPE MEMBER of each row of the tables, for each type in the heading.
awk -v common='type time' '
  /^### / {
    sub(/^### /, "")
    sub(/ \(.*\)/, "")
    types = split($0, type, ", ")
    for (t = 1; t <= types; ++t) { print type[t] " type"; print type[t] " time" }
    next
  }
  /^## / { types = 0 }
  types && /^\| \*?`/ {
    split($0, cell, " \\| ")
    count = split(cell[1], word, "`")
    only = match($0, /only of `[a-z]+`/) ? substr($0, RSTART + 9, RLENGTH - 10) : ""
    for (w = 2; w <= count; w += 2) for (t = 1; t <= types; ++t) if (only == "" || only == type[t]) print type[t] " " word[w]
  }' "$here/../../docs/json-output.md" | sort -u >"$documented"
sort -u "$members" | sed 's/_base64$//' | sort -u >"$work/.seen"
unknown=$(comm -13 "$documented" "$work/.seen")
[[ -z $unknown ]] || fail "docs/json-output.md does not know: $unknown"

begin "each member that is documented was printed"
# But for what only a device that is away brings.
missing=$(comm -23 "$documented" "$work/.seen" | grep -vxE 'waiting (errno|offset_bytes)' || true)
[[ -z $missing ]] || fail "was never printed: $missing"
