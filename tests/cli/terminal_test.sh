#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a terminal shows of a copy, in each of its states, is what is kept in tests/cli/terminal. The terminals are
# tmux's. A copy is brought into a state by one system call that does not come back, so that it stays there, and its
# bytes are known: after 8 seconds the history of its speed is flat. Only what is left to chance is masked. All of them
# run at once.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace
command -v tmux >"$out" || skip "tmux is missing"
locale -a 2>"$err" | grep -qi '^C.utf-\?8$' || skip "there is no locale C.UTF-8"

readonly recordings=$here/terminal never=900000000 # microseconds
terminal() { LC_ALL=C.UTF-8 tmux -u -S "$work/tmux" -f /dev/null "$@"; }
terminal new-session -d -s keep -x 80 -y 24 'exec cat'
children+=("$(terminal display-message -p -t keep '#{pid}')")
terminal set-option -g status off

# --- terminals --------------------------------------------------------------------------------

# The shell of each terminal runs these lines. It reads no keys meanwhile, and shows how the program ended.
# open NAME COLUMNS [VARIABLE=VALUE]... -- LINE...: a terminal whose shell is in a directory of that name.
open() {
  local name=$1 columns=$2 one settings=()
  shift 2
  while [[ $1 != -- ]]; do
    settings+=("$1")
    shift
  done
  shift
  mkdir -p -- "$name"
  {
    echo "cd $work/$name || exit"
    echo 'trap : INT' # for the program alone
    printf '%s\n' "$@"
    echo 'echo "[$?]"'
    echo 'exec cat'
  } >"$name.sh"
  terminal new-session -d -s "$name" -x "$columns" -y 8 \
    env LC_ALL=C.UTF-8 TERM=tmux-256color NO_COLOR= "RCOPY_JOURNAL=$work/$name/.journal" "${settings[@]}" bash "$name.sh"
}

# traced NAME PATH INJECTION... -- ARGUMENT...: the line that runs the program with that done to its calls on PATH.
traced() {
  local name=$1 path=$2 calls='' options=()
  shift 2
  while [[ $1 != -- ]]; do
    options+=(-e "inject=$1")
    calls+=,${1%%:*}
    shift
  done
  shift
  printf '%q ' "${tracer[@]/#$trace/$work/$name.trace}" -P "$path" -e "trace=${calls#,}" "${options[@]}" "$RCOPY" "$@"
}

# pid_in NAME: of the program.
pid_in() {
  local shell one
  shell=$(terminal display-message -p -t "$1" '#{pane_pid}')
  for one in $(pgrep -P "$shell") $(pgrep -P "$(pgrep -P "$shell" | paste -sd,)"); do
    [[ $(readlink "/proc/$one/exe") != "$RCOPY" ]] || echo "$one"
  done
}

# Lines that the terminal has wrapped are whole here, for where they are depends on the name of $work.
screen_of() { terminal capture-pane -J -p -t "$1" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; }

# What is not the same on every machine and at every time.
mask() {
  sed -E \
    -e "s|$work|WORK|g" \
    -e 's/ in [0-9.]+ s \([0-9.]+ [KMG]?i?B\/s\)/ in TIME (RATE)/' \
    -e 's/ in [0-9]+ s$/ in TIME/' \
    -e 's/[0-9]+:[0-9]{2} so far/TIME so far/' \
    -e 's/ at byte [0-9]+/ at byte N/' \
    -e 's/ at [0-9.]+ MiB of/ at N MiB of/' \
    -e 's/0\.00 of [0-9.]{4} MiB/0.00 of N MiB/' \
    -e 's/ +$//'
}

shows() { diff -- "$recordings/$2.txt" <(screen_of "$1" | mask) >"$work/.difference"; }

# expect_screen NAME [RECORDING]: the terminal comes to show what is recorded.
expect_screen() {
  (wait_until 'the terminal shows it' shows "$1" "${2-$1}") || fail "it does not show ${2-$1}: $(cat "$work/.difference")"
}

# close NAME: ends what hangs there, and its tracer, which would wait for it.
close() {
  local shell one parent
  shell=$(terminal display-message -p -t "$1" '#{pane_pid}')
  for one in $(pid_in "$1"); do
    parent=$(ps -o ppid= -p "$one" | tr -d ' ')
    kill -KILL "$one"
    [[ $parent == "$shell" ]] || kill -KILL "$parent" 2>"$err" || true # which may have ended with it
  done
  terminal kill-session -t "=$1"
}

# --- the states -------------------------------------------------------------------------------

make_file $((12 * MiB)) 1 source
mkdir -p project/src
cp -- source project/large
echo small >project/src/small.c

partial_in() { echo "$work/$1/.dest.rcopy-part"; }

# from CALL NUMBER: from the one with that number on, the CALL does not come back.
from() { echo "$1:delay_enter=$never:when=$2+"; }

# open_copy NAME COLUMNS [VARIABLE=VALUE]...: four MiB of twelve are written, and no more will be.
open_copy() {
  open "$@" -- "$(traced "$1" "$(partial_in "$1")" "$(from pwrite64 5)" -- ../source dest)"
}

begin "all terminals are opened"
mkdir -- check
(cd -- check && journal=$PWD/.journal RCOPY_JOURNAL=$PWD/.journal stop_copy $((4 * MiB)) "$work/source" dest)
open_copy copy 110
open_copy copy-80 80
open_copy copy-60 60
open_copy copy-40 40
open_copy copy-20 20
open_copy ascii 110 LC_ALL=C
open_copy no-colour 110 NO_COLOR=1
open_copy dumb 110 TERM=dumb
open_copy resize 110
open never 110 -- "$(traced never "$(partial_in never)" "$(from pwrite64 5)" -- --progress=never ../source dest)"
open always 110 TERM=dumb -- \
  "$(traced always "$(partial_in always)" "$(from pwrite64 5)" -- -q --progress=always ../source dest)"
open background 110 -- 'set -m' \
  "$(traced background "$(partial_in background)" "$(from pwrite64 5)" -- ../source dest) &" 'cat'
open sync 110 -- "$(traced sync "$(partial_in sync)" "$(from fdatasync 1)" "$(from fsync 1)" -- ../source dest)"
open verify 110 -- "$(traced verify "$(partial_in verify)" "$(from pread64 1)" -- ../source dest)"
open check 110 -- "$(traced check "$(partial_in check)" "$(from pread64 1)" -- --resume=check ../source dest)"
open retry 110 -- \
  "$(traced retry "$work/source" pread64:error=EIO:when=1+ -- --retry-wait=900s ../source dest)"
open retried 110 -- \
  "$(traced retried "$(partial_in retried)" fsync:error=EIO:when=1 "$(from pread64 1)" -- --retry-wait=1ms ../source dest)"
open end 110 -- "$(traced end "$(partial_in end)" pwrite64:delay_enter=50000 -- ../source dest)"
open tree 110 -- "$(traced tree "$work/tree/dest/.large.rcopy-part" "$(from pwrite64 5)" -- -r ../project dest)"
open small 110 -- "$(traced small "$work/project/src/small.c" "$(from pread64 1)" "$(from read 1)" -- -r ../project/src dest)"

begin "copying, in every width: what is left out matters least"
expect_screen copy
expect_screen copy-80
expect_screen copy-60
expect_screen copy-40
expect_screen copy-20

begin "a terminal that is made narrower and wider shows one line, and no rest of another"
expect_screen resize copy
for columns in 60 40 110; do
  terminal resize-window -t resize -x "$columns" -y 8
  name=copy-$columns
  expect_screen resize "${name%-110}"
done

begin "another rcopy is waited for"
open wait 110 -- "cd ../copy; $(printf '%q ' "$RCOPY" --lock-wait --no-journal ../source dest)"
expect_screen wait

begin "in a locale without UTF-8 all of it is ASCII"
expect_screen ascii

begin "the bar has colour, and with NO_COLOR it has none"
coloured() { terminal capture-pane -e -p -t "$1" | grep -q $'\x1b\[32m█'; }
coloured copy || fail "there is no colour"
expect_screen no-colour copy
! terminal capture-pane -e -p -t no-colour | grep -q $'\x1b' || fail "there is colour"

begin "asked by SIGUSR1 it says how far it is, above the line"
kill -USR1 "$(pid_in copy)"
expect_screen copy asked

# Twice, for the line would be drawn after the answer.
ask_twice() {
  local answers=0
  wait_until "$1 has written" size_at_least "$(partial_in "$1")" $((4 * MiB))
  for answers in 1 2; do
    wait_until "the program runs" pid_of "$1"
    kill -USR1 "$pid"
    wait_until "answer $answers" has_answered "$1" "$answers"
  done
}
pid_of() { pid=$(pid_in "$1") && [[ $pid ]]; }
has_answered() { (($(screen_of "$1" | grep -c "^rcopy: 'source'  copy ") >= $2)); }

for name in background dumb never; do
  begin "$name: nothing but the answer to who asks"
  ask_twice "$name"
  expect_screen "$name" no-line
done

begin "--progress=always on a dumb terminal, also with --quiet: finished lines and nothing else"
at_rest() { (($(screen_of always | grep -c "^rcopy: 'source'  copy  33 %  ") >= 2)); }
wait_until 'there are two lines' at_rest
screen_of always >"$work/.lines"
! grep -vE "^rcopy: 'source'  (check|copy)  " "$work/.lines" || fail "it shows something else"

begin "all is written, and nothing of it is on the medium: the sync has its own share"
expect_screen sync

begin "reading back, and checking what an earlier run left"
expect_screen verify
expect_screen check

begin "between two attempts, and in the next"
expect_screen retry
expect_screen retried

begin "a tree: its files, and the one that is copied"
expect_screen tree
expect_screen small

begin "Ctrl-C: the line is gone, and two others say what happens"
open stop 110 -- "$(traced stop "$(partial_in stop)" pwrite64:delay_enter=3000000:when=3+ -- ../source dest)"
wait_until 'a part is written' size_at_least "$(partial_in stop)" $((2 * MiB))
has_line() { screen_of stop | grep "^'source'  copy " >/dev/null; }
wait_until 'the line is there' has_line # which hides the echo of Ctrl-C
terminal send-keys -t stop C-c
expect_screen stop

begin "at the end there is the end line and nothing else"
expect_screen end

# What hangs would hang until its call comes back.
for name in wait copy copy-80 copy-60 copy-40 copy-20 ascii no-colour dumb resize never always background sync verify check \
  retry retried tree small; do
  close "$name"
done
