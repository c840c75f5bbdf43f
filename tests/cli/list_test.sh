#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promise 5: what is not finished can be seen, with how far it is and why it stopped.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly size=$((24 * MiB))
make_file "$size" 1 source

# expect_usage_error PATTERN
expect_usage_error() {
  expect_status 2
  expect_said "$1"
}

begin "without a journal nothing is unfinished, and none is made"
run --list
expect_status 0
expect_printed '^nothing is unfinished$'
expect_none "$(dirname -- "$journal")"
run --list --journal="$work/elsewhere/j.db"
expect_status 0
expect_printed '^nothing is unfinished$'
expect_none "$work/elsewhere"
run --list --json
expect_status 0
expect_silence

begin "what is finished is not listed"
run source finished
run --list
expect_printed '^nothing is unfinished$'

begin "it excludes operands, other actions, and --no-journal"
run --list source
expect_usage_error "extra operand 'source'; --list takes none"
run --list --audit
expect_usage_error '--list and --audit exclude each other'
run --forget=1 --resume-all
expect_usage_error '--forget and --resume-all exclude each other'
run --no-journal --list
expect_usage_error '--list and --no-journal exclude each other'
for action in --resume-all --prune --audit --check=x --forget=x; do
  run "$action" operand
  expect_usage_error "extra operand 'operand'"
done

begin "another program's database is refused"
mkdir other
sqlite3 other/j.db 'create table t(x); insert into t values (1);'
run --list --journal="$work/other/j.db"
expect_refused 6 'another program'

begin "nobody's rows are listed from another journal"
run --list --journal="$work/none.db"
expect_printed '^nothing is unfinished$'

need_strace

begin "a copy that was stopped: how far, and why"
rm -rf -- "$(dirname -- "$journal")" finished
stop_copy $((6 * MiB)) source dest
id=$(journal_query 'select id from transfer_state')
run --list
expect_status 0
[[ ! -s $err ]] || fail "it said something"
percent=$((100 * kept / size))
expect_printed "^ *$id  .* of 24\.0 MiB, $percent % +20[0-9-]+ [0-9:]+  stopped$"
expect_printed "^ +'$work/source' -> '$work/dest'$"
expect_printed 'stopped as requested'

begin "the same for programs"
run --list --json
expect_status 0
[[ $(wc -l <"$out") == 1 ]] || fail "not one line"
expect_printed "^\{\"type\":\"unfinished\",\"time\":\"[0-9TZ:.-]+\",\"kind\":\"file\",\"id\":\"$id\",\"source\":\"$work/source\""
expect_printed "\"total_bytes\":$size,\"transferred_bytes\":$kept,.*\"running\":false,"

begin "a copy that runs: said, and not disturbed"
start_stopped pwrite64 3 "$(partial_of dest)" -- source dest
run --list
expect_status 0
expect_printed "^ *$id .* running$"
go_on
finish
expect_copied source dest
run --list
expect_printed '^nothing is unfinished$'

begin "a copy that was killed"
rm -- dest
kill_copy source dest
run --list
expect_printed ' interrupted$'
rm -- "$(partial_of dest)"

begin "a name cannot write to the terminal"
name=$'evil\e[2J\nname'
cp -- source "$name"
journal_query 'delete from transfer_state'
start_slow "$(partial_of "$name.copy")" pwrite64=1000:when=4+ -- "$name" "$name.copy"
wait_until 'something is written' size_at_least "$(partial_of "$name.copy")" $((3 * MiB))
kill -TERM "$pid"
finish
run --list
expect_status 0
[[ $(wc -l <"$out") == 4 ]] || fail "not a head and three lines"
! grep -q $'\e' "$out" || fail "it printed an escape"
expect_printed "evil.033\[2J.nname"

begin "a tree: how many files are finished"
journal_query 'delete from transfer_state'
mkdir tree
for i in 1 2 3; do make_file 5000 "$i" "tree/$i"; done
cp -- source tree/large
start_slow "$work/copy/.large.rcopy-part" pwrite64=1000:when=4+ -- -r tree copy
wait_until 'something is written' size_at_least copy/.large.rcopy-part $((3 * MiB))
wait_until 'the small files are finished' has_finished 3
run --list
expect_printed '^ *t1 .* running$'
kill -TERM "$pid"
finish
expect_status 143
run --list
expect_printed '^ *t1  3 files finished .* interrupted$'
expect_printed "^ +'$work/tree' -> '$work/copy'$"
expect_printed "^ +'$work/tree/large' -> '$work/copy/large'$"

begin "no line is wider than 80 columns but for names and reasons"
[[ -z $(grep -v ' -> \|cannot ' "$out" | awk 'length > 80') ]] || fail "too wide: $(cat "$out")"
