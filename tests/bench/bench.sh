#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/bench/bench.sh [OPTION]... [CASE]...: measures rcopy side by side with what people use
# instead, in pairs A B B A, and prints the ratios with minimum, median and maximum. Peers that are
# missing are left out. It ends with 0 also when a limit is missed: it never gates anything. Needs
# root for cold caches and file systems of its own, and 60 GiB of disk for all cases.
#   --rounds=N     pairs of each case (default 7)
#   --mib=N        size of the large file (default 4096); all other sizes keep their ratio to it. The
#                  limits are for the default
#   --dir=PATH     where the files are made (default: a directory below /var/tmp)
#   --out=PATH     where results.tsv, .json and .svg go (default: .build/bench)
#   --warm         caches are not dropped, so nothing is cold
#   --report       measures nothing: the report again, from results.tsv
#   --list         the cases
set -euo pipefail
self=$(realpath -- "${BASH_SOURCE[0]}")
here=$(dirname -- "$self")

# In a mount namespace of its own: nothing stays mounted, however it ends.
if ((EUID == 0)) && [[ ! ${RCOPY_BENCH_NAMESPACE-} ]]; then
  export RCOPY_BENCH_NAMESPACE=none
  ! unshare -m true 2>/dev/null || RCOPY_BENCH_NAMESPACE=own exec unshare -m bash "$self" "$@"
fi

# shellcheck source=src/build.sh
source "$here/../../src/build.sh"
# shellcheck source=tests/bench/cases.sh
source "$here/cases.sh"
# shellcheck source=tests/bench/features.sh
source "$here/features.sh"
# shellcheck source=tests/bench/trees.sh
source "$here/trees.sh"

rounds=7 mib=4096 base=/var/tmp out=$builds/bench cold=yes task=measure
chosen=()
for word; do
  case $word in
    --rounds=*) rounds=${word#*=} ;;
    --mib=*) mib=${word#*=} ;;
    --dir=*) base=$(realpath -- "${word#*=}") ;;
    --out=*) out=$(realpath -m -- "${word#*=}") ;;
    --warm) cold=no ;;
    --report) task=report ;;
    --list) printf '%s\n' "${cases[@]}"; exit ;;
    -*) give_up "unknown option: $word; the options are at the top of $self" ;;
    *) chosen+=("$word") ;;
  esac
done
((${#chosen[@]})) || chosen=("${cases[@]}")
for word in "${chosen[@]}"; do
  [[ " ${cases[*]} " == *" $word "* ]] || give_up "no such case: $word; the cases are: ${cases[*]}"
done
[[ $rounds =~ ^[1-9][0-9]*$ && $mib =~ ^[1-9][0-9]*$ ]] || give_up "rounds and MiB are numbers"
((mib >= 16)) || give_up "16 MiB is the least"

export LC_ALL=C TZ=UTC
mkdir -p -- "$out"
results=$out/results.tsv

say() { printf '%s\n' "$*" >&2; }
missing() { ! command -v "$1" >/dev/null; }

# --- what was measured ------------------------------------------------------------------------

# record CASE WORK AGAINST UNIT LIMIT ROUND OURS [THEIRS]: one line of results.tsv. Without THEIRS the
# limit is for OURS, else for the ratio.
record() { local IFS=$'\t'; printf '%s\n' "$*" >>"$results"; }
left_out() { record @left_out "$1" "$2"; say "- $1: left out: $2"; }
fact() { record @fact "$1" "$2"; }

report() {
  awk -v json="$out/results.json" -v svg="$out/results.svg" \
    -f "$here/report.awk" -f "$here/chart.awk" "$results"
  say "written: $out/results.json, $out/results.svg"
}

# What the directory of the files is on: "vda, NAME OF THE MODEL", as far as the kernel tells.
disk() {
  local source device
  source=$(df --output=source -- "$work" | tail -n 1)
  device=/sys/class/block/$(basename -- "$(realpath -m -- "$source")")
  if [[ -e $device/partition ]]; then device=$(dirname -- "$(realpath -- "$device")"); fi
  if [[ -r $device/device/model ]]; then
    printf '%s, ' "$(basename -- "$source")"
    xargs <"$device/device/model"
  elif [[ -e $device/device/driver ]]; then
    printf '%s, %s\n' "$(basename -- "$source")" "$(basename -- "$(realpath -- "$device/device/driver")")"
  else
    printf '%s\n' "$source"
  fi
}

# The others' names and versions, of those that are there.
versions() {
  local one text=''
  for one in cp rsync fio; do
    missing "$one" || text+=", $one $("$one" --version | grep -oE '[0-9]+[.][0-9.]*[0-9]' | head -n 1)"
  done
  printf '%s\n' "${text#, }"
}

facts() {
  fact rcopy "$("$RCOPY" --version | head -n 1)"
  fact processor "$(awk -F ': *' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) cores"
  fact memory "$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)"
  fact kernel "Linux $(uname -r)"
  fact file_system "$(df --output=fstype -- "$work" | tail -n 1)"
  fact disk "$(disk)"
  fact others "$(versions)"
  fact date "$(date +%F)"
  fact rounds "$rounds"
  fact large_file "$mib MiB"
  fact caches "$([[ $cold == yes ]] && echo 'dropped before each run that is cold' || echo 'not dropped')"
}

# --- measuring --------------------------------------------------------------------------------

# cool: what was written reaches the disk, and nothing is cached.
cool() {
  sync
  [[ $cold == no ]] || echo 3 >/proc/sys/vm/drop_caches
}

# run COMMAND...: the way each side of a case starts a program.
run() { "$MEASURE" "$work/.runs" "$@"; }
rcopy() { run "$RCOPY" "$@"; }

# timed COMMAND...: from the begin of its first `run` to the end of its last, or what it says in
# $said_seconds, goes to $wall, the processor time of all of them to $cpu, in $unit. What rcopy held in
# memory is kept for `memory`.
timed() {
  said_seconds=''
  : >"$work/.runs"
  "$@" >/dev/null 2>"$work/.err" || { cat -- "$work/.err" >&2; give_up "failed: $*"; }
  read -r wall cpu < <(awk -v factor="$([[ $unit == ms ]] && echo 1000 || echo 1)" -v said="$said_seconds" '
    NR == 1 || $1 < begun { begun = $1 }
    $2 > ended { ended = $2 }
    { cpu += $3 }
    END { printf "%.6f %.6f\n", (said == "" ? ended - begun : said) * factor, cpu * factor }' "$work/.runs")
  awk '$5 == ENVIRON["RCOPY"] { print $4 }' "$work/.runs" >>"$work/.resident"
}

has() { declare -F "$1" >/dev/null; }

# one_round: both sides of case $name, ours first in odd rounds; without STEPS_theirs, ours alone.
one_round() {
  local side sides=(ours theirs) seen=()
  local -A time=() processor=()
  ((round % 2)) || sides=(theirs ours)
  has "${steps}_theirs" || sides=(ours)
  for side in "${sides[@]}"; do
    "${steps}_before" "$side"
    timed "${steps}_$side"
    time[$side]=$wall processor[$side]=$cpu
    if [[ $side == ours ]] && has "${steps}_seen"; then "${steps}_seen"; fi
  done
  record "$name" "$title" "$against" "$unit" "$limit" "$round" "${time[ours]}" "${time[theirs]-}"
  [[ -z $limit_cpu ]] || record "${name}_cpu" "$title, processor time" "$against" "$unit" "$limit_cpu" \
    "$round" "${processor[ours]}" "${processor[theirs]}"
  ((${#seen[@]} == 0)) || record "${seen[@]}"
  say "    ${time[ours]} $unit${time[theirs]+ against ${time[theirs]} $unit}"
}

# A case is the function NAME, which sets title, against, limit (the most that is good) and what else
# differs, or skipped. Then either STEPS_before SIDE, STEPS_ours, STEPS_theirs and, where more is to be
# seen of ours, STEPS_seen, which sets seen to the words of a record; or STEPS_round, which records by
# itself. STEPS_end gives back what is large. STEPS is NAME, unless the case says otherwise.
run_case() {
  local name=$1 round
  title='' against='' unit=s limit='' limit_cpu='' skipped='' steps=$name
  "$name"
  if [[ $skipped ]]; then left_out "$name" "$skipped"; return; fi
  say "- $name: $title${against:+, against $against}"
  for ((round = 1; round <= rounds; ++round)); do
    if has "${steps}_round"; then "${steps}_round"; else one_round; fi
  done
  ! has "${steps}_end" || "${steps}_end"
}

if [[ $task == report ]]; then
  [[ -s $results ]] || give_up "nothing was measured: there is no $results"
  report
  exit
fi

if [[ ! ${RCOPY-} || ! ${MEASURE-} ]]; then
  packages+=(catch2 libfuse3-dev)
  build release bench -DRCOPY_TESTS=ON
  : "${RCOPY:=$builds/release/rcopy}" "${MEASURE:=$builds/release/tests/measure}"
fi
RCOPY=$(realpath -- "$RCOPY")
MEASURE=$(realpath -- "$MEASURE")
export RCOPY

work=$(mktemp -d -- "$base/rcopy-bench.XXXXXX")
mounts=()
clean_up() {
  local code=$? one
  trap - EXIT
  cd /
  for one in "${mounts[@]}"; do umount -- "$one" || umount -l -- "$one" || true; done
  rm -rf -- "$work"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
cd -- "$work"
export RCOPY_JOURNAL=$work/journal.db

if ((EUID != 0)) && [[ $cold == yes ]]; then
  say "not root: caches cannot be dropped, so nothing is cold"
  cold=no
fi
state=$([[ $cold == yes ]] && echo cold || echo warm)
: >"$results"
: >"$work/.resident"
facts
for name in "${chosen[@]}"; do run_case "$name"; done
report
