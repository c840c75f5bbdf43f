#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Names are chosen by others: whatever is in one, no message, no line of -v, no progress and no text in
# the journal holds a raw control character, a direction override, or bytes that are not UTF-8, and
# each message stays one line.
# labels: once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

export LC_ALL=C.UTF-8
names=($'control\x01\a\b\t\x7f' $'title\e]0;owned\a\e[2J' $'new\nrcopy: line\rrcopy: ok'
  $'csi\xc2\x9b31m' $'bytes\xe9\xe2\x82\xc0\xae\xed\xa0\x80'
  $'direction\xe2\x80\xaetxt.exe\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c'
  $'invisible\xe2\x80\xa8\xe2\x80\x8b\xef\xbb\xbf\xf3\xa0\x81\xa1')

# expect_clean FILE LINES: of text for people; any number of lines where LINES is "any".
expect_clean() {
  iconv -f UTF-8 -t UTF-8 "$1" >"$work/.recoded" 2>&1 || fail "not UTF-8: $(cat -v "$1")"
  local raw='[\x00-\x08\x0b-\x1f\x7f-\x9f\x{61c}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}\x{feff}\x{e0000}-\x{e0fff}]|\t'
  ! grep -qP "$raw" "$1" || fail "raw characters: $(cat -v "$1")"
  [[ $2 == any || $(wc -l <"$1") == "$2" ]] || fail "not $2 lines: $(cat -v "$1")"
}

# said LINES [PATTERN]: on standard error, and nothing raw anywhere.
said() {
  expect_clean "$out" any
  expect_clean "$err" "$1"
  [[ $(grep -c '^rcopy: ' "$err") == "$1" ]] || fail "a line does not begin with the program"
  [[ ! ${2-} ]] || expect_said "$2"
}

start_over() { rm -rf -- there "$journal"* && mkdir there; }

for odd in "${names[@]}"; do
  begin "$(LC_ALL=C printf %q "$odd")"
  start_over
  make_file $((2 * MiB + 9)) 1 "./$odd"
  mkdir -- "there/$odd"
  copy="there/$odd/$odd"

  run -v "$odd" "there/$odd"
  expect_status 0
  said 1 ': no earlier copy in the journal$'
  run -v "$odd" "there/$odd"
  expect_printed 'is up to date'
  said 0

  for wrong in missing "$odd/below" "there/$odd"; do # a name in the source
    run "$wrong$odd" "there/$odd"
    said 1 '^rcopy: cannot '
  done
  run "$odd" "missing$odd/dest"
  said 1 'the directory does not exist'
  mkfifo -- "there/$odd/fifo$odd"
  run "$odd" "there/$odd/fifo$odd"
  said 1 'it is a FIFO'
  run "there/$odd/missing" "$odd" "$odd"
  said 1 'not a directory'
  run "--verify=$odd" "$odd" there
  expect_clean "$err" 2
  run "--$odd" "$odd" there
  expect_clean "$err" 2
  run --journal="$work/missing/$odd/../$odd" "$odd" there
  expect_clean "$err" 1
  mkdir -p -- "journal$odd"
  echo garbage >"journal$odd/db"
  run --journal="journal$odd/db" -v "$odd" there
  said 2 'warning: .*was renamed to'
  rm -rf -- "journal$odd" missing

  rm -f -- "$copy" "$journal"*
  run_command "${tracer[@]}" -P "$(partial_of "$copy")" -e trace=pwrite64 \
    -e inject=pwrite64:error=EIO:when=2+ "$RCOPY" --retries=1 --retry-wait=1ms -v "$odd" "$copy"
  expect_status 1
  said 4 'trying again'
  journal_query 'select last_error from transfer_state' >"$work/.last-error"
  expect_clean "$work/.last-error" 1
  grep -q '^cannot write .*: Input/output error' "$work/.last-error" || fail "the journal has no error"

  rm -f -- "$(partial_of "$copy")" "$journal"*
  start_slow "$(partial_of "$copy")" pwrite64=5000:when=2+ -- "$odd" "$copy"
  wait_until 'a part is written' size_at_least "$(partial_of "$copy")" "$MiB"
  run "$odd" "$copy"
  expect_status 5
  said 1 'another rcopy'
  kill -TERM "$pid"
  { finish; } 2>/dev/null
  said "$(wc -l <"$err")" 'stopped by SIGTERM' # announced, unless it stops at once

  status=0
  TERM=xterm script -qec "stty cols 70; exec \"\$RCOPY\" -v ./* there" /dev/null >"$out" 2>"$err" </dev/null ||
    status=$?
  # What the program itself sends: back to the first column, and clear to the end.
  sed -i -e 's/\r\x1b\[K//g; s/\x1b\[K//g; s/\r$//; s/\r/\n/g' -- "$out"
  expect_clean "$out" any
  rm -- "./$odd"
done
