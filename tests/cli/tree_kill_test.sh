#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 1, 2 and 5 for trees: killed fifty times in one job, no final name ever has a part of its file, what the
# catalog has is not copied again, and the same command continues in the same place. RCOPY_TEST_SEED repeats the
# moments.
# labels: slow once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly kills=50 directories=30 files=3000 large=2

seed=${RCOPY_TEST_SEED:-$(($(od -An -tu4 -N 4 /dev/urandom) % 32768))}
RANDOM=$seed
say "seed $seed"
mkfifo never
exec {never}<>never

# pause MICROSECONDS
pause() { read -rt "$(printf '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000)))" -u "$never" _ || true; }

# put_name PATH: below the source, as it is below the destination. xxh128sum will say what the catalog calls it.
put_name() {
  names+=("$1")
  printf %s "source/$1" >"names/$((${#names[@]} - 1))"
}

names=()
mkdir -- source names
for ((i = 0; i < directories; ++i)); do mkdir -- "source/d$i"; done
for ((i = 0; i < files; ++i)); do
  size=$((RANDOM % 7000))
  ((i % 100)) || size=$((i * 100))
  name=d$((i % directories))/f$i
  printf '%0*d' "$size" "$i" >"source/$name"
  put_name "$name"
done
for ((i = 0; i < large; ++i)); do
  make_file $((10 * MiB + i)) "$i" "source/d$((i * 20))/large$i"
  put_name "d$((i * 20))/large$i"
done
for ((i = 0; i < ${#names[@]}; ++i)); do printf '%s\n' "names/$i"; done | xargs xxh128sum | cut -c -16 >hashes
paste -d ' ' hashes <(printf '%s\n' "${names[@]}") | sort >names-by-hash
[[ $(cut -d ' ' -f 1 names-by-hash | uniq | wc -l) == $((files + large)) ]] || fail "two names have one hash"

# committed_names: what the catalog has, with the inode that has the name now.
committed_names() {
  journal_query "select distinct printf('%016x', name) from tree_file" | sort | join - names-by-hash |
    cut -d " " -f 2 | sort >committed-names
  [[ $(wc -l <committed-names) == $(journal_query "select count(distinct name) from tree_file") ]] ||
    fail "the catalog has names that are no files of the source"
  join committed-names inodes
}

has_table() { [[ -e $journal && $(journal_query "select count(*) from sqlite_master where name = '$1'") == 1 ]]; }

# rows_in TABLE: none where it was killed before it had made the table.
rows_in() { if has_table "$1"; then journal_query "select count(*) from $1"; else echo 0; fi; }

# is_complete: it was killed when all was done, so that the next run is another job.
is_complete() {
  [[ $(wc -l <inodes) == $((files + large)) ]] && has_table tree_state &&
    [[ $(journal_query "select count(*) from tree_state") == 0 ]]
}

# expect_true_names: each final name has all of its file, and what had been in the catalog is what it was.
expect_true_names() {
  local line
  : >inodes
  : >committed-now
  [[ ! -e new/source ]] || fail "kill $killed: it began again in new/source; before, $left"
  if [[ -d new ]]; then
    diff -rq --no-dereference source new >differences 2>&1 || true
    while IFS= read -r line; do
      [[ $line == 'Only in source'* || $line =~ ^Only\ in\ new(/d[0-9]+)?:\ \.(f|large)[0-9]+\.rcopy-(part|new)$ ]] ||
        fail "after kill $killed: $line"
    done <differences
    find new -type f ! -name '.*' -printf '%P %i\n' | sort >inodes
  fi
  if has_table tree_file; then
    committed_names >committed-now
    [[ $(wc -l <committed-names) == "$(wc -l <committed-now)" ]] || fail "the catalog has names that are not in the copy"
  fi
  if is_complete; then cp -- inodes committed-now; fi
  comm -23 committed committed-now >lost
  [[ ! -s lost ]] || fail "after kill $killed these were finished, and are no more what they were: $(head -n 5 lost)"
  mv -- committed-now committed
}

# tell_where_it_was: for the tally, from what is left.
tell_where_it_was() {
  ((++in_all))
  left="it had $(wc -l <inodes) names, and rows of trees: $(rows_in tree_state)"
  [[ -s committed ]] || ((++before_first))
  if [[ -d new ]] && find new -name '.*.rcopy-*' -print -quit | grep -q .; then ((++with_temporary)); fi
  (($(wc -l <inodes) == $(wc -l <committed))) || ((++named_only))
  if has_table transfer_state &&
    [[ $(journal_query "select count(*) from transfer_state where status <> 'complete'") != 0 ]]; then
    ((++in_large))
  fi
}

begin "the time it takes"
start_time=${EPOCHREALTIME/./}
run -r source whole
usual=$((${EPOCHREALTIME/./} - start_time))
expect_status 0
expect_silence
diff -r --no-dereference source whole
rm -r -- whole
rm -f -- "$journal"*

begin "killed $kills times: no name has a part of its file, and what was finished is not copied again"
# Fewer open files mean smaller batches, so that something is finished before most kills; not in the first ten.
launcher=()
longest=$((usual < 800000 ? usual : 800000))
in_all=0 before_first=0 with_temporary=0 named_only=0 in_large=0 jobs=0 left=nothing
for ((killed = 1; killed <= kills; ++killed)); do
  if ((jobs == 0)) || is_complete; then
    rm -rf -- new
    : >committed
    first=$killed
    ((++jobs))
    at_most=$((longest / 4)) # of the next wait
  fi
  ((killed <= 10)) || launcher=(prlimit --nofile=1200:1200)
  start -r source new
  pause $(((RANDOM << 15 | RANDOM) % at_most))
  { kill -KILL "$pid" && finish; } 2>/dev/null || finish
  ((status == 137 || status == 0)) || fail "it ended with $status before kill $killed"
  expect_true_names
  ((status == 137)) || { ((killed--)) && continue; }
  tell_where_it_was
  if (($(wc -l <committed) < files * (killed - first) / (kills - first + 1))); then
    at_most=$((at_most * 5 / 4))
  else
    at_most=$((at_most * 3 / 4 + 1000))
  fi
  ((at_most < longest)) || at_most=$longest
done
launcher=()

say "  usually $((usual / 1000)) ms; $in_all kills in $jobs jobs: $before_first before the first batch was finished, $with_temporary" \
  "with temporary names, $named_only with names not yet in the catalog, $in_large in a large file;" \
  "$(wc -l <committed) of $((files + large)) finished"
((with_temporary > 0)) || fail "the kills were at the wrong moments, seed $seed"
! is_complete || rm -r -- new

begin "killed in a large file: the same command goes on there"
rm -rf -- alone large
mkdir -- alone
make_file $((64 * MiB)) 7 alone/large
start_slow "$PWD/large/.large.rcopy-part" pwrite64=300 fdatasync=60000:when=2+ -- -r alone large
wait_until 'the journal has a window' has_window 4
kill_traced
expect_none large/large
run_counting alone/large -r alone large
expect_status 0
diff -r --no-dereference alone large
((first_read >= durable)) || fail "it read from $first_read on, not from $durable"

begin "the last run ends with 0 and opens nothing that was finished"
run_command timeout -s KILL "$patience" "${tracer[@]}" -e trace=open,openat,openat2 "$RCOPY" -r source new
expect_status 0
expect_silence
sed -nE 's/.*open(at2?)?\([^"]*"([^"]*)".*/\2/p' "$trace" | sed 's:.*/::' | sort -u >opened
grep -qx d1 opened || fail "the trace has no opens of this tree"
sed 's/ .*//; s:.*/::' committed | sort >finished
comm -12 opened finished >opened-again
[[ ! -s opened-again ]] || fail "$(wc -l <opened-again) finished files were opened: $(head -n 5 opened-again)"
missing=$((files + large - $(wc -l <finished)))
(($(grep -cE '^(f|large)[0-9]+$' opened) >= missing)) || fail "the trace has not the files that were missing"
diff -r --no-dereference source new
find new -type f -printf '%P %i\n' | sort >inodes
comm -23 committed inodes >lost
[[ ! -s lost ]] || fail "the last run copied again: $(head -n 5 lost)"

begin "and leaves no temporary names, and no rows"
[[ ! $(find new -name '.*') ]] || fail "there is $(find new -name '.*' | head -n 5)"
for table in tree_state tree_file transfer_state; do
  [[ $(journal_query "select count(*) from $table") == 0 ]] || fail "there are rows in $table"
done
[[ $(journal_query 'pragma integrity_check') == ok ]] || fail "the journal is not sound"

begin "killed as soon as it has made its directory: the same command continues there, and makes none in it"
mkdir -- there
for where in new new/ there/new; do
  rm -rf -- new "$journal"*
  start_traced -e trace=mkdir,mkdirat -e inject=mkdir,mkdirat:delay_exit=20000000 -- -r source/d1 "$where"
  wait_until "there is $where" test -d "$where"
  kill_traced
  run -r source/d1 "$where"
  expect_status 0
  expect_none "$where/d1"
  diff -r --no-dereference source/d1 "$where"
done
