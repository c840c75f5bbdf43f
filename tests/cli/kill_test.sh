#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 1, 2 and 5: killed at any moment, the journal claims what is true, nothing has the final
# name, and the next run reads only what is missing. RCOPY_TEST_SEED repeats a run.
# labels: slow alone once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly kills_in_copy=15 kills_in_verify=5
readonly slack=$((2 * MiB)) # what a run may read of the source again

seed=${RCOPY_TEST_SEED:-$(($(od -An -tu4 -N 4 /dev/urandom) % 32768))}
RANDOM=$seed

size=$((2 << 30))
free=$(($(df --output=avail -B 1 -- "$work" | tail -n 1)))
if ((free < 3 * size)); then
  size=$((free / 4 / MiB * MiB))
  ((size >= 64 * MiB)) || skip "only $free bytes are free in $work"
  say "only $free bytes are free, so the file has $size"
fi
((size += 4097)) # the last block is a part of one
say "seed $seed, $size bytes"

make_file "$size" "$seed" source
partial=$(partial_of dest)
declare -A hashes=()

# random_below N: in $random.
random_below() { random=$(((RANDOM << 30 | RANDOM << 15 | RANDOM) % $1)); }

# start_counting [STRACE_OPTION]...
start_counting() {
  start_traced -P "$work/source" -e trace="$reading_calls,pwrite64" "$@" -- source dest
}

# What the run that was just ended may have read: the rest from where the last one was, and a bit.
expect_only_the_rest_was_read() {
  count_reads source
  ((bytes_read <= size - before + slack)) ||
    fail "it read $bytes_read bytes, and only $((size - before)) were missing"
  [[ $first_read == none ]] || ((first_read >= before - slack)) ||
    fail "it read at byte $first_read, and the journal had $before"
}

# The claims of the journal after a kill, checked with the source; $before is for the next run.
expect_true_claims() {
  local row n hash
  row=$(sqlite3 "$journal" 'select transferred_bytes, file_hash from transfer_state')
  expect_none dest
  if [[ -z $row ]]; then
    ((before == 0)) || fail "the entry is gone"
    return 0
  fi
  n=${row%%|*}
  hash=${row#*|}
  ((n == size || n % MiB == 0)) || fail "transferred_bytes is $n, not a multiple of 1 MiB"
  ((n >= before)) || fail "transferred_bytes went from $before back to $n"
  (($(size_of "$partial") >= n)) || fail "the partial is shorter than $n bytes"
  if ((n == 0)); then
    [[ -z $hash ]] || fail "a hash of nothing: $hash"
  else
    [[ ${hashes[$n]-} ]] || hashes[$n]=$(hash_of_first "$n" source)
    [[ $hash == "${hashes[$n]}" ]] ||
      fail "file_hash of the first $n bytes is $hash, not ${hashes[$n]}"
  fi
  before=$n
}

kill_run() {
  kill_now
  expect_only_the_rest_was_read
  expect_true_claims
}

# In microseconds, so that no disk is too fast for this test: all writes take 8 s, and all reads of
# the verifier, which has eight in flight, take one.
slow_call=$((8000000 / (size / MiB)))

begin "killed $kills_in_copy times while it copies"
before=0
positions=$(for ((i = 0; i < kills_in_copy; ++i)); do
  random_below $((size * 95 / 100))
  echo "$random"
done | sort -n)
for position in $positions; do
  ((position > before)) || position=$before
  # The sync holds it up where this script was late.
  start_counting -P "$partial" -e trace="$reading_calls,pwrite64,fsync" \
    -e inject=pwrite64:delay_enter=$slow_call -e inject=fsync:delay_enter=20000000
  wait_until "byte $position is written" size_at_least "$partial" $((position + 1))
  kill_run
done

begin "killed $kills_in_verify times while it verifies"
for ((i = 0; i < kills_in_verify; ++i)); do
  start_counting -P "$partial" -e inject=pread64:delay_enter=$((10 * slow_call))
  wait_until "all is copied" has_status copied
  random_below 500
  sleep "0.$(printf %03d "$random")"
  is_running "$pid" || fail "it ended before it was killed"
  kill_run
  ((before == size)) || fail "not all was copied"
done
expect_row status copied

begin "and the last run reads nothing of the source, ends with 0, and the copy is right"
run_counting source source dest
expect_copied source dest
expect_bytes_read 0
expect_row 'status, transferred_bytes, file_hash' "complete|$size|$(hash_of source)"
