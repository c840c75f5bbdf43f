#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A partial is private until it is published, whatever the umask and the modes of the source and of the
# old destination are. What attributes the copy ends with is in cp_test.sh.
# labels: once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

umask 000
make_file $((4 * MiB + 5)) 1 source
make_file 2000 3 old
partial=$(partial_of dest)

expect_private() {
  [[ $(stat -c %a -- "$partial") == 600 ]] || fail "the partial has mode $(stat -c %a -- "$partial")"
}

# lines_with PATTERN: of the trace, their numbers.
lines_with() { grep -nE "$1" "$trace" | cut -d : -f 1; }

for mode in 4777 777; do
  for options in '' -p; do
    for old in none file; do
      begin "a source of mode $mode,${options:+ $options,} old destination: $old; the partial is 0600"
      chmod "$mode" -- source
      rm -f -- dest "$partial" "$journal"*
      [[ $old == none ]] || { cp -- old dest && chmod 666 -- dest; }

      # shellcheck disable=SC2086  # none or one
      start_stopped pwrite64 2 "$partial" -- $options source dest
      expect_private
      { kill -KILL "$pid"; finish; } 2>/dev/null
      expect_private
      rm -f -- "$partial" "$journal"*

      # shellcheck disable=SC2086  # none or one
      start_stopped pread64 1 "$partial" -- $options source dest
      expect_private
      { kill -KILL "$pid"; finish; } 2>/dev/null
      expect_private
      expect_row status copied

      begin "  its mode is set after it is read back and before it is renamed, and then synced"
      rm -f -- "$partial" "$journal"*
      # shellcheck disable=SC2086  # none or one
      run_command "${tracer[@]}" -P "$work" -P "$partial" \
        -e trace=openat,pwrite64,pread64,fchmod,fchown,fsync,renameat "$RCOPY" $options source dest
      expect_copied source dest
      grep -qE 'openat\(.*rcopy-part", .*O_CREAT\|O_EXCL.*, 0600\)' "$trace" || fail "not made with 0600"
      changed=$(lines_with 'fchmod\(' | head -n 1)
      (($(lines_with 'pwrite64\(|pread64\(' | tail -n 1) < changed)) || fail "used after fchmod"
      (($(lines_with 'fsync\(.*rcopy-part>' | tail -n 1) > changed)) || fail "no sync after fchmod"
      (($(lines_with 'renameat\(' | tail -n 1) > changed)) || fail "renamed before fchmod"
    done
  done
done
