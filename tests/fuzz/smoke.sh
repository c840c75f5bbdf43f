#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/fuzz/smoke.sh [SECONDS]: builds the fuzz targets and lets all at once look for broken promises
# for so long (30). An input that breaks one is kept; its path and how to run it again are printed.
set -euo pipefail
# shellcheck source=src/build.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../../src/build.sh"

seconds=${1:-30}
packages+=(clang libclang-rt-dev)
build fuzz fuzz

# Thousands of small files: in memory where there is some. Only what broke a promise is kept.
corpora=$(TMPDIR=$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}") mktemp -d)
trap 'rm -rf -- "$corpora"; give_back' EXIT
found=$builds/fuzz/found
mkdir -p -- "$found"

# fuzz TARGET: one input may not take longer than 10 s, which is far less than the journal waits for a lock.
fuzz() {
  local target=$1 log=$corpora/$1.log program=$builds/fuzz/tests/fuzz/fuzz_$1 input runs reached
  mkdir -- "$corpora/$target"
  if ! "$program" -max_total_time="$seconds" -timeout=10 -len_control=0 -print_final_stats=1 \
    -artifact_prefix="$found/$target-" "$corpora/$target" >"$log" 2>&1; then
    cat -- "$log"
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    printf 'fuzz %s: broken by %s\nrun again: %s %s\n' "$target" "$input" "$program" "$input"
    return 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  reached=$(sed -n 's/.*DONE *cov: \([0-9]*\).*/\1/p' "$log")
  printf 'fuzz %s: %s runs, %s places of the code reached, no promise broken\n' \
    "$target" "$runs" "$reached"
}

fuzzers=()
for target in journal_bytes row_values hash_state; do
  fuzz "$target" &
  fuzzers+=($!)
done
failed=0
for fuzzer in "${fuzzers[@]}"; do wait "$fuzzer" || failed=1; done
exit "$failed"
