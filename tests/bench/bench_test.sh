#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# bench.sh still works: every case, with small files, and the report of figures that are known. How
# fast anything is does not matter here.
# labels: once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../cli/lib.sh"
: "${MEASURE:?must name what measures}"
export RCOPY MEASURE
bench=$(dirname -- "$script")/bench.sh

# run_bench ARGUMENT...: as run.
run_bench() { run_command timeout --foreground -s TERM "$patience" bash "$bench" --dir="$work" --out="$work/out" "$@"; }

# result QUERY: of results.json, which the query calls whole.
result() {
  sqlite3 -batch :memory: "with file(whole) as (select cast(readfile('out/results.json') as text)) $1"
}

expect_result() {
  local found
  found=$(result "$1")
  [[ $found == "$2" ]] || fail "$1 gives $found, not $2"
}

# expect_picture: every element of the SVG ends, in order, and nothing in it means something else.
expect_picture() {
  awk '
    { text = text $0 "\n" }
    END {
      if (text ~ /&[^a#lgq]/ || text !~ /^<svg /) exit 1
      while (match(text, /<[^>]*>/)) {
        tag = substr(text, RSTART + 1, RLENGTH - 2)
        text = substr(text, RSTART + RLENGTH)
        if (tag ~ /\/$/) continue
        name = tag
        sub(/ .*/, "", name)
        if (name ~ /^\//) { if (open[depth--] != substr(name, 2)) exit 1 } else open[++depth] = name
      }
      exit depth != 0
    }' out/results.svg || fail "this is no picture: $(cat out/results.svg)"
}

begin "every case is measured, or left out for a reason"
run_bench --mib=16 --rounds=2 --warm
expect_status 0
for name in $("$bench" --list); do
  grep -qE -- "^(${name}[_	]|@left_out	$name	)" out/results.tsv || fail "nothing about $name"
done
expect_result 'select json_valid(whole) from file' 1
expect_result "select count(*) from file, json_each(whole, '\$.cases') where value ->> 'against' is not null
  and not (value -> 'ratio' ->> 'min' > 0 and value ->> 'rounds' = 2)" 0
expect_result "select count(*) from file, json_each(whole, '\$.facts') where value = ''" 0
expect_picture
grep '^left out: ' "$out" | sed 's/^/  /' || true
[[ -z $(find . -name 'rcopy-bench.*') ]] || fail "it left its files"

begin "the figures are those of the rounds"
{
  printf '@fact\tprocessor\t%s\n' 'a "fast" <one> \& more'
  for round in '1 5 10' '2 9 10' '3 6 10' '4 7 10'; do
    read -r number ours theirs <<<"$round"
    printf 'quick\ta copy\tcp && sync\ts\t0.70\t%s\t%s\t%s\n' "$number" "$ours" "$theirs"
    printf 'slow\ta copy\tcp <x\ts\t0.60\t%s\t%s\t%s\n' "$number" "$ours" "$theirs"
    printf 'small\tmemory\t\tMiB\t7\t%s\t%s\t\n' "$number" "$ours"
    printf 'large\tmemory\t\tMiB\t6\t%s\t%s\t\n' "$number" "$ours"
    printf 'free\tmemory\t\tMiB\t\t%s\t%s\t\n' "$number" "$ours"
  done
  printf '@left_out\tother\tno "rsync"\n'
} >out/results.tsv
run_bench --report
expect_status 0
expect_printed '^a copy +cp && sync +6\.50 s +10 s +0\.65 \(0\.50 to 0\.90\) +0\.70$'
expect_printed '^a copy +cp <x .* 0\.60  MISSED$'
expect_printed '^memory +- +6\.50 MiB +- +\(5 to 9\) +7$'
expect_printed '^memory .* 6  MISSED$'
expect_printed '^memory .* -$'
expect_printed '^left out: other: no "rsync"$'
expect_result "select group_concat(value ->> 'case') from file, json_each(whole, '\$.cases')
  where value ->> 'missed'" slow,large
expect_result "select whole ->> '\$.facts.processor' from file" 'a "fast" <one> \& more'
expect_picture

begin "a copy that fails is no measurement"
RCOPY=$(command -v false) run_bench --mib=16 --rounds=1 --warm copy_sync
expect_status 2
expect_said '^failed: copy_sync_ours'
[[ -z $(find . -name 'rcopy-bench.*') ]] || fail "it left its files"

begin "an unknown case or option is refused"
run_bench copy_nothing
expect_status 2
run_bench --nothing
expect_status 2
