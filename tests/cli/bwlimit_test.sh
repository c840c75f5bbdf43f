#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --bwlimit: what is read of the source, and read back of the copy, is never more than the rate and
# 5 % over any 2 seconds, and about the rate in all. The times are those of strace.
# labels: slow once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly rate=$((6 * MiB)) seconds=5
make_file $((rate * seconds)) 1 source

# expect_steady FILE: the reads in the trace; the most in any 2 seconds, and the time of all.
expect_steady() {
  local figures
  figures=$(awk -v file="<$(realpath -- "$1")>" -v rate=$rate '
    !index($0, file) || !match($0, /\) += [0-9]+$/) { next }
    {
      bytes = substr($0, RSTART, RLENGTH); sub(/.*= /, "", bytes)
      at[++n] = $2; size[n] = bytes; sum += bytes; window += bytes
      while (at[n] - at[first + 1] > 2) window -= size[++first]
      if (window > most) most = window
      # Of the time in which the machine stood still only a tenth of a second is made up for.
      if (n > 1) { gap = at[n] - at[n - 1]; time += gap < 0.2 ? gap : 0.2 }
    }
    END { printf "%.3f %.3f", most / (2 * rate), sum / time / rate }' "$trace")
  say "  at most ${figures% *} of the rate over 2 s, ${figures#* } over all"
  # One piece (a tenth of a second) more may be in the window.
  awk -v most="${figures% *}" -v all="${figures#* }" \
    'BEGIN { exit !(most <= 1.05 + 0.05 && all >= 0.85 && all <= 1.1) }' || fail "not steady: $figures"
}

begin "the source is read at the rate"
run_command "${tracer[@]}" -ttt -P "$work/source" -e trace=$reading_calls \
  "$RCOPY" --bwlimit=6M --verify=none source dest
expect_copied source dest
expect_steady source

begin "the copy is read back at the rate, and a stop does not wait for it"
rm -- dest "$journal"*
run_command "${tracer[@]}" -ttt -P "$(partial_of dest)" -e trace=$reading_calls \
  "$RCOPY" --bwlimit=6144 source dest
expect_copied source dest
sed -i 's|\.dest\.rcopy-part|dest|' "$trace"
expect_steady dest

begin "a signal ends it at once, also at a rate of a KiB a second"
rm -- dest "$journal"*
start --bwlimit=1 source dest
wait_until 'it copies' test -e "$(partial_of dest)"
kill -TERM "$pid"
finish
expect_status 143

begin "without a limit nothing waits: what takes five seconds above takes less"
for ((i = 0; i < 3; ++i)); do # the disk may be busy
  rm -f -- dest "$journal"*
  began=$SECONDS
  run source dest
  expect_copied source dest
  took=$((SECONDS - began))
  ((took >= 10)) || break
done
((took < 10)) || fail "it took $took s, and more each time before"

begin "--nice-io: the threads that read, write, sync and record have the idle priority"
rm -f -- dest "$journal"*
start --nice-io --bwlimit=1M source dest
wait_until 'it copies' size_at_least "$(partial_of dest)" 1
idle=0
for task in /proc/"$pid"/task/*; do
  [[ $(ionice -p "${task##*/}") != idle ]] || ((++idle))
done
[[ $(ionice -p "$pid") == idle ]] && ((idle == 5)) || fail "$idle threads are idle"
kill -TERM "$pid"
finish
expect_status 143
