#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/bench/bench.sh [OPTION]... [CASE]...: measures rcopy side by side with what people use
# instead, in pairs A B A B, and prints the ratios with minimum, median and maximum. Needs root for
# cold caches. Never part of the tests.
#   --rounds=N     pairs of each case (default 7)
#   --mib=N        size of the large file (default 4096)
#   --dir=PATH     where the files are made (default: a directory below /var/tmp)
#   --out=PATH     where results.json and results.svg go (default: .build/bench)
#   --list         the cases
# shellcheck source=src/build.sh
set -euo pipefail
here=$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")
top=$(dirname -- "$(dirname -- "$here")")
: "${RCOPY:=$top/.build/release/rcopy}"
# shellcheck source=tests/bench/cases.sh
source "$here/cases.sh"

rounds=7 mib=4096 base=/var/tmp out=$top/.build/bench
chosen=()
for word; do
  case $word in
    --rounds=*) rounds=${word#*=} ;;
    --mib=*) mib=${word#*=} ;;
    --dir=*) base=${word#*=} ;;
    --out=*) out=${word#*=} ;;
    --list) printf '%s\n' "${cases[@]}"; exit ;;
    -*) printf 'unknown option: %s\n' "$word" >&2; exit 2 ;;
    *) chosen+=("$word") ;;
  esac
done
((${#chosen[@]})) || chosen=("${cases[@]}")
[[ -x $RCOPY ]] || { echo "no rcopy at $RCOPY: run src/run.sh --version first" >&2; exit 2; }

export LC_ALL=C
work=$(mktemp -d -- "$base/rcopy-bench.XXXXXX")
mounts=()
clean_up() {
  local one
  cd /
  for one in "${mounts[@]}"; do umount -- "$one" || true; done
  rm -rf -- "$work"
}
trap clean_up EXIT
cd -- "$work"
export RCOPY_JOURNAL=$work/journal.db
mkdir -p -- "$out"
results=$out/results.tsv
: >"$results"

say() { printf '%s\n' "$*" >&2; }
missing() { ! command -v "$1" >/dev/null; }

# cool: what was written reaches the disk, and nothing is cached. Kept warm with `warm FILE`.
cool() {
  sync
  ((EUID != 0)) || echo 3 >/proc/sys/vm/drop_caches
}
((EUID == 0)) || say "not root: caches cannot be dropped, so nothing is cold"

# timed COMMAND...: its wall time goes to $wall and its CPU time to $cpu, in seconds.
timed() {
  local figures TIMEFORMAT='%R %U %S'
  figures=$({ time "$@" >/dev/null 2>"$work/.err"; } 2>&1) ||
    { cat -- "$work/.err" >&2; say "failed: $*"; exit 1; }
  read -r wall user system <<<"$figures"
  cpu=$(awk -v a="$user" -v b="$system" 'BEGIN { print a + b }')
}

# A case is the functions NAME_before, NAME_ours, NAME_theirs and the variables it sets in NAME:
# work, against, limit (largest ratio that is good), figure (wall or cpu).
run_case() {
  local name=$1 round side skipped=''
  figure=wall limit='' skipped=''
  "$name"
  [[ -z $skipped ]] || { say "- $name: skipped: $skipped"; return 0; }
  say "- $name: $title, against $against"
  for ((round = 1; round <= rounds; ++round)); do
    local -A time=()
    for side in ours theirs; do
      "${name}_before" "$side"
      timed "${name}_$side"
      time[$side]=${!figure}
    done
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$title" "$against" "$limit" "$round" \
      "${time[ours]}" "${time[theirs]}" >>"$results"
    say "    ${time[ours]} s against ${time[theirs]} s"
  done
}

for name in "${chosen[@]}"; do run_case "$name"; done

machine="$(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r)"
machine+=", $(stat -f -c %T -- "$work"), $("$RCOPY" --version | head -n 1), $(date -u +%F)"
awk -v machine="$machine" -v json="$out/results.json" -v svg="$out/results.svg" \
  -f "$here/report.awk" "$results"
say "written: $out/results.json, $out/results.svg"
