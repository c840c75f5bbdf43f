# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests of the built program share. A script sources this file, calls begin for each case,
# and the first expectation that does not hold ends it. The oracles are other programs: sqlite3,
# xxh128sum, cmp, head, stat, strace.
#
# Rules: every file is below $work, which is on a disk and is gone at the end; only processes that
# were started here are ended, by their number; no sleep decides an order: wait_until does, or a
# call that strace makes slow.
set -euo pipefail

: "${RCOPY:?must name the program to test}"
RCOPY=$(realpath -- "$RCOPY")
script=$(realpath -- "$0")
export LC_ALL=C TZ=UTC
readonly MiB=$((1 << 20))
readonly patience=120 # seconds until waiting is given up; sanitizers on a busy machine are slow

here=$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")") # for what else is to be sourced
readonly here

# --- the place --------------------------------------------------------------------------------

# The first directory on a disk: what is in memory only hides what a sync costs and can fill up. Not
# where a copy is a clone, which is done before anybody can cut it short; reflink_test looks after those.
disk_directory() {
  local candidate
  for candidate in "${TMPDIR:-/var/tmp}" /var/tmp "$PWD"; do
    [[ -d $candidate && -w $candidate ]] || continue
    case $(stat -f -c %T -- "$candidate") in tmpfs | ramfs) continue ;; esac
    if can_clone "$candidate"; then continue; fi
    realpath -- "$candidate"
    return
  done
  for candidate in "${TMPDIR:-/tmp}" /tmp /dev/shm; do
    [[ -d $candidate && -w $candidate ]] || continue
    if can_clone "$candidate"; then continue; fi
    realpath -- "$candidate"
    return
  done
  echo "skipped: every directory is on a file system that clones; name another with TMPDIR" >&2
}

# can_clone DIRECTORY
can_clone() {
  local probe result=0
  probe=$(mktemp -- "$1/rcopy-probe.XXXXXXXX") || return 1
  cp --reflink=always -- "$probe" "$probe.clone" 2>/dev/null || result=1
  rm -f -- "$probe" "$probe.clone"
  return "$result"
}

# memory_directory: for what asks no disk, where there is one and programs run from there.
memory_directory() {
  local options
  options=$(findmnt -n -o OPTIONS -t tmpfs --mountpoint /dev/shm) || return
  [[ ,$options, != *,noexec,* && -w /dev/shm ]] && realpath -- /dev/shm
}

# A script that compares what is left, and not what it costs or survives, says works_in=memory first.
place_of_work=''
if [[ ${works_in-disk} == memory ]]; then place_of_work=$(memory_directory) || true; fi
[[ $place_of_work ]] || place_of_work=$(disk_directory)
[[ $place_of_work ]] || exit 77
work=$(mktemp -d -- "$place_of_work/rcopy-test.XXXXXXXX")
children=() # what finish has not waited for
mounts=()
loops=()    # devices to detach
scratch=("$work")

clean_up() {
  local code=$? one
  trap - EXIT
  trap '' INT TERM HUP
  for one in "${children[@]}"; do
    { kill -KILL "$one" && wait "$one"; } 2>/dev/null || true
  done
  cd /
  for one in "${mounts[@]}"; do umount -- "$one" || umount -l -- "$one" || true; done
  for one in "${loops[@]}"; do losetup -d "$one" || true; done
  chmod -R u+rwx -- "$work" 2>/dev/null || true
  rm -rf -- "${scratch[@]}"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

out=$work/.stdout
err=$work/.stderr
trace=$work/.trace
journal=$work/.state/journal.db
export HOME=$work/.home RCOPY_JOURNAL=$journal
unset XDG_STATE_HOME
mkdir -- "$HOME"
: >"$out"
: >"$err"
cd -- "$work"

# --- saying what is tested --------------------------------------------------------------------

say() { printf '%s\n' "$*"; }
begin() { say "- $*"; }

# skip REASON: ends the script with what ctest takes for "cannot be run here".
skip() {
  say "skipped: $*"
  exit 77
}

skip_case() { say "- skipped: $*"; }

fail() {
  local frame=0
  trap - ERR
  say "FAILED: $*"
  while caller "$frame"; do ((++frame)); done | awk '{ print "  line " $1 " of " $3 ", in " $2 }'
  say "  standard error of the last run (status ${status-none}):"
  sed 's/^/  | /' "$err"
  exit 1
}

# A command that was not expected to fail.
set -E
trap '((BASH_SUBSHELL > 0)) || fail "$BASH_COMMAND"' ERR

# wait_until TEXT COMMAND...: polls, since nothing tells when a file grows or a row appears.
wait_until() {
  local text=$1 deadline=$((SECONDS + patience))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || fail "waited $patience s until $text"
    sleep 0.01
  done
}

# --- files ------------------------------------------------------------------------------------

# make_file BYTES SEED FILE: text that is the same for the same seed on every machine. It repeats
# after a prime number of bytes a little above 1 MiB, so no two blocks of 1 MiB are alike.
make_file() {
  local bytes=$1 seed=$2 file=$3 period=1048583 part at
  part=$((bytes < period ? bytes : period))
  # What feeds a head that has enough is ended by SIGPIPE: that is no failure, and the size tells.
  awk -v state=$((seed + 1)) -v lines=$((part / 10 + 1)) 'BEGIN {
    for (i = 0; i < lines; ++i) {
      state = state * 16807 % 2147483647
      printf "%010d", state
    }
  }' </dev/null | head -c "$part" >"$file" || true
  if ((bytes > period)); then
    mv -- "$file" "$work/.period"
    for ((at = 0; at < bytes; at += period)); do printf '%s\0' "$work/.period"; done |
      xargs -0 cat 2>/dev/null | head -c "$bytes" >"$file" || true
  fi
  [[ $(size_of "$file") == "$bytes" ]] || fail "cannot make $file"
}

# flip_byte FILE OFFSET: the byte there becomes another one, in place.
flip_byte() {
  local old
  old=$(od -An -tu1 -j "$2" -N 1 -- "$1")
  # shellcheck disable=SC2059  # the format is the byte
  printf "\\$(printf %03o $((old ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

hash_of() { xxh128sum <"$1" | cut -d ' ' -f 1; }
hash_of_first() { head -c "$1" -- "$2" | xxh128sum | cut -d ' ' -f 1; }
size_of() { if [[ -b $1 ]]; then blockdev --getsize64 "$1"; else stat -c %s -- "$1"; fi; }
size_at_least() {
  local bytes
  bytes=$(size_of "$1" 2>/dev/null) && ((bytes >= $2))
}

# attach FILE [LOSETUP_OPTION]...: $device is a block device that holds what FILE holds; gone at the end.
attach() {
  local file=$1
  shift
  device=$(losetup "$@" --find --show -- "$file")
  loops+=("$device")
}

# detach DEVICE
detach() {
  local one others=()
  losetup -d "$1"
  for one in "${loops[@]}"; do [[ $one == "$1" ]] || others+=("$one"); done
  loops=("${others[@]}")
}

# need_loop: a device that can be attached.
need_loop() {
  ((EUID == 0)) || skip "only root can attach loop devices"
  truncate -s 1M "$work/.probe-image"
  device=$(losetup --find --show -- "$work/.probe-image" 2>"$err") ||
    skip "no loop device can be attached: $(tail -n 1 "$err")"
  losetup -d "$device"
}

# What must not change of a file that is not to be touched.
fingerprint() {
  stat -c '%i %a %u %g %s %y %z' -- "$1"
  xxh128sum <"$1"
}

# Where the copy to FILE is written, for names that are short enough to be taken whole.
partial_of() {
  printf '%s/.%s.rcopy-part' "$(realpath -- "$(dirname -- "$1")")" "$(basename -- "$1")"
}

# has_status STATUS: of the only transfer in the journal.
has_status() {
  [[ -e $journal && $(journal_query 'select status from transfer_state') == "$1" ]]
}

journal_query() { sqlite3 -batch -cmd '.timeout 20000' "$journal" "$1"; }

# has_finished FILES: of a tree, so many are in the journal.
has_finished() {
  [[ -e $journal ]] && (($(journal_query 'select count(distinct name) from tree_file' 2>/dev/null || echo 0) >= $1))
}

# --- running rcopy ----------------------------------------------------------------------------

launcher=()             # what the program is started through
ask_for_clear_lines=''  # after each run

# run ARGUMENT...: to its end; then $status, $out and $err say how it went. What hangs is killed.
run() {
  run_command timeout --foreground -s KILL "$patience" "$RCOPY" "$@"
}

run_command() {
  status=0
  "${launcher[@]}" "$@" >"$out" 2>"$err" </dev/null || status=$?
  [[ ! $ask_for_clear_lines ]] || expect_clear_lines
}

# start ARGUMENT...: in the background, as $pid, until finish.
start() { start_job "$RCOPY" "$@"; }

# A background job of a script ignores SIGINT; the program must not, in these tests.
start_job() {
  "${launcher[@]}" env --default-signal=INT,QUIT "$@" \
    >"$work/.job-out" 2>"$work/.job-err" </dev/null &
  job=$!
  pid=$job
  children+=("$job")
}

# finish: waits for what was started; then $status, $out and $err are as after run.
finish() {
  local one others=()
  status=0
  wait "$job" 2>/dev/null || status=$?
  for one in "${children[@]}"; do [[ $one == "$job" || $one == "$pid" ]] || others+=("$one"); done
  children=("${others[@]}")
  cp -- "$work/.job-out" "$out"
  cp -- "$work/.job-err" "$err"
  [[ ! $ask_for_clear_lines ]] || expect_clear_lines
}

# kill_now: ends what was started, and finish. Bash would tell about it.
kill_now() {
  { kill -KILL "$pid"; finish; } 2>/dev/null
  expect_status 137
}

is_running() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }
has_ended() { ! is_running "$1"; }

unprivileged=(setpriv --reuid=65534 --regid=65534 --clear-groups)

# as_user COMMAND...: the program that COMMAND runs has no privileges. The caller has asked
# can_be_user, and the user's files are below $user_place.
as_user() {
  local launcher=() RCOPY=$RCOPY HOME=$HOME
  if ((EUID == 0)); then
    launcher=("${unprivileged[@]}")
    RCOPY=$user_place/.bin/rcopy
  fi
  local -x GCOV_PREFIX=$work/.lines # where a build that counts lines may write
  "$@"
}

# Makes $user_place, a directory of the user of as_user; false where such a user cannot reach it.
can_be_user() {
  user_place=$work/user
  mkdir -p -- "$user_place/.bin"
  mkdir -p -m 1777 -- "$work/.lines"
  cp -- "$RCOPY" "$user_place/.bin/rcopy"
  ((EUID == 0)) || return 0
  chmod 755 -- "$work"
  chown -R 65534:65534 -- "$user_place"
  "${unprivileged[@]}" "$user_place/.bin/rcopy" --version >"$out" 2>"$err"
}

# run_workers NUMBER ARGUMENT...: this script, so many times at once, as "SCRIPT worker I ARGUMENT...".
# Each has a place of its own; what it prints is in log-I.
run_workers() {
  local count=$1 i failed=0
  shift
  for ((i = 0; i < count; ++i)); do
    TMPDIR=$work bash "$script" worker "$i" "$@" >"log-$i" 2>&1 </dev/null &
    children+=($!)
  done
  for ((i = 0; i < count; ++i)); do
    wait "${children[i]}" || { failed=1 && sed "s/^/  worker $i: /" "log-$i"; }
  done
  children=()
  ((failed == 0)) || fail "a worker failed"
}

# --- with strace ------------------------------------------------------------------------------

# LeakSanitizer cannot work in a process that is traced.
tracer=(env "ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0"
  strace -f -qq -y -s 0 -o "$trace" --seccomp-bpf)

need_strace() {
  : >"$work/.probe"
  "${tracer[@]}" -P "$work/.probe" -e trace=read -e inject=read:delay_enter=1 \
    cat "$work/.probe" 2>"$err" || true
  grep -qs DELAYED "$trace" || skip "strace is missing or may not trace: $(tail -n 1 "$err")"
}

readonly reading_calls=read,pread64,readv,preadv,preadv2,copy_file_range,sendfile,splice,mmap

# run_counting FILE ARGUMENT...: as run; then $bytes_read were read from FILE, the first of them at
# offset $first_read ("none" without a read).
run_counting() {
  local file=$1
  shift
  run_command "${tracer[@]}" -P "$(realpath -- "$file")" -e trace=$reading_calls "$RCOPY" "$@"
  count_reads "$file"
}

# count_reads FILE: what a trace of $reading_calls says. A call may be cut in two lines, which begin
# with the same thread.
# shellcheck disable=SC2034  # for the scripts
count_reads() {
  read -r bytes_read first_read < <(awk -v file="<$(realpath -- "$1")>" '
    BEGIN { first = "none"; CONVFMT = "%.0f" }
    !/ resumed>/ { ours[$1] = index($0, file) }
    !ours[$1] { next }
    /PROT_NONE/ { next } # only asks what is cached
    /mmap\(/ { sum = -1; exit }
    match($0, /\) += [0-9]+/) {
      result = substr($0, RSTART, RLENGTH)
      sub(/.*= /, "", result)
      sum += result
      if (match($0, /, [0-9]+\) += /)) {
        offset = substr($0, RSTART + 2) + 0
        if (first == "none" || offset < first) first = offset
      }
    }
    END { printf "%.0f %s\n", sum, first }' "$trace")
  ((bytes_read >= 0)) || fail "$1 was mapped, so what is read of it cannot be counted"
}

# start_slow FILE CALL=MILLISECONDS[:when=N+]... -- ARGUMENT...: as start, but each CALL on FILE
# takes longer by that, on its own thread.
start_slow() {
  local options=(-P "$1") calls='' call time
  shift
  while [[ $1 != -- ]]; do
    call=${1%%=*}
    time=${1#*=}
    calls+=,$call
    options+=(-e "inject=$call:delay_enter=${time%%:*}000${time#"${time%%:*}"}")
    shift
  done
  shift
  start_traced "${options[@]}" -e "trace=${calls#,}" -- "$@"
}

# start_stopped CALL NUMBER PATH -- ARGUMENT...: as start, but all of its threads are stopped after
# the CALL on PATH that has that NUMBER, until go_on.
start_stopped() {
  local call=$1 number=$2 path=$3 tracer=("${tracer[@]/--seccomp-bpf/-qq}") # see crash_test
  shift 4
  : >"$trace"
  start_traced -P "$path" -e "trace=$call" -e "inject=$call:signal=STOP:when=$number" -- "$@"
  wait_until "it is stopped after $call" grep -q 'stopped by SIGSTOP' "$trace"
}

go_on() { kill -CONT "$pid"; }

# keep_going: to its end, as often as it is stopped: each thread counts its own calls.
keep_going() { wait_until 'it has ended' continued_to_the_end; }
continued_to_the_end() {
  kill -CONT "$pid" 2>/dev/null || true
  has_ended "$pid"
}

# all_stopped: no thread of it does anything.
all_stopped() { ! grep -qsE '^State:[[:space:]]*[RSD]' "/proc/$pid/task/"*/status; }

# kill_traced: ends what was started and its tracer, which would first wait for the call that it has made slow; and
# finish. The disk may still keep a thread in a call.
kill_traced() {
  { kill -KILL "$pid" || true; kill -KILL "$job" || true; finish; } 2>/dev/null
  wait_until 'it is gone' is_gone "$pid"
  expect_status 137
}

is_gone() {
  local tasks=("/proc/$1/task/"[0-9]*)
  [[ ! -e ${tasks[0]} ]] || { ((${#tasks[@]} == 1)) && has_ended "$1"; }
}

# start_traced STRACE_OPTION... -- ARGUMENT...: as start; $pid is the program, not strace.
start_traced() {
  local options=()
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  start_job "${tracer[@]}" "${options[@]}" "$RCOPY" "$@"
  wait_until 'the program runs under strace' find_traced
  # Should it come to that, the program is ended before its tracer.
  children=("${children[@]:0:${#children[@]}-1}" "$pid" "$job")
}

# What has ended already is judged by what the script expects of it.
find_traced() {
  local child
  for child in $(pgrep -P "$job"); do
    [[ $(readlink "/proc/$child/exe") == "$RCOPY" ]] || continue
    pid=$child
    return 0
  done
  ! is_running "$job" && pid=$job
}

# --- copies that are cut short ----------------------------------------------------------------

# stop_copy BYTES SOURCE DEST [OPTION]...: a copy that was asked to stop when BYTES or a little more
# were written. All it wrote is durable; $kept is how much.
stop_copy() {
  local bytes=$1 source=$2 dest=$3
  shift 3
  local there=0
  [[ ! -e $(partial_of "$dest") ]] || there=$(size_of "$(partial_of "$dest")")
  local first_slow=$((bytes > there ? (bytes - there) / MiB + 1 : 1))
  start_slow "$(partial_of "$dest")" "pwrite64=1000:when=$first_slow+" -- "$@" -- "$source" "$dest"
  wait_until "$bytes bytes are written" size_at_least "$(partial_of "$dest")" "$bytes"
  kill -TERM "$pid"
  finish
  expect_status 143
  expect_said "stopped by SIGTERM at "
  kept=$(journal_query 'select transferred_bytes from transfer_state')
  expect_row durable_bytes "$kept"
  ((kept >= bytes - MiB && kept < $(size_of "$source"))) || fail "it kept $kept bytes, not $bytes"
}

# kill_copy SOURCE DEST [OPTION]...: a copy that was killed when it had written more than is durable. $durable
# and $transferred are the ends of the window between. $written is what it writes to, where that is not the partial.
kill_copy() {
  start_slow "${written-$(partial_of "$2")}" pwrite64=300 fdatasync=60000:when=2+ -- "${@:3}" -- "$1" "$2"
  wait_until 'the journal has a window' has_window 4
  kill_traced
  has_window 4 || fail "the window is gone"
}

# has_window MIB
has_window() {
  local row
  [[ -e $journal ]] || return 1
  row=$(journal_query "select durable_bytes || ' ' || transferred_bytes from transfer_state
    where status = 'in_progress' and durable_bytes > 0 and transferred_bytes >= durable_bytes + $1 * $MiB
    order by id desc limit 1") && [[ -n $row ]] || return 1
  read -r durable transferred <<<"$row"
}

# --- expectations -----------------------------------------------------------------------------

expect_status() { [[ $status == "$1" ]] || fail "status $status, not $1"; }
expect_said() { grep -qE -- "$1" "$err" || fail "it did not say: $1"; }
expect_not_said() { ! grep -qE -- "$1" "$err" || fail "it said: $1"; }
expect_printed() { grep -qE -- "$1" "$out" || fail "it did not print: $1; but: $(cat "$out")"; }
expect_lines() { [[ $(wc -l <"$err") == "$1" ]] || fail "not $1 lines on standard error"; }
expect_silence() { [[ ! -s $out && ! -s $err ]] || fail "it printed something: $(cat "$out")"; }

expect_same() { cmp -- "$1" "$2" || fail "$2 is not what $1 is"; }
expect_none() { [[ ! -e $1 && ! -L $1 ]] || fail "there is $1"; }

# expect_copied SOURCE DEST: the run said it is done, and so it is.
expect_copied() {
  expect_status 0
  expect_same "$1" "$2"
  expect_none "$(partial_of "$2")"
}

# expect_clear_lines: each line about a failure says what could not be done, with which path, why, and
# what next; none says "error 5".
expect_clear_lines() {
  local line name="[$]?'.+'" shape number next
  shape="^rcopy: (warning: $name: )?cannot [a-z ]+($name)?( at byte [0-9]+)?: .+; .+"
  number='(error|errno|code|status) -?[0-9]|[Uu]nknown error'
  next=' again|; free some space for the log$|; name another|; name a larger|; try another|; the copy goes on|; check |; leave out |; use |; .*remove it$'
  while IFS= read -r line; do
    [[ $line == 'rcopy: '* ]] || continue
    [[ ! $line =~ $number ]] || fail "it is not for people: $line"
    [[ $line == *': cannot '* ]] || continue
    [[ $line =~ $shape ]] || fail "path, reason or advice is missing: $line"
    [[ $line =~ $next ]] || fail "it does not say what next: $line"
  done <"$err"
}

# What run_counting counted.
expect_first_read() { [[ $first_read == "$1" ]] || fail "the first read was at $first_read"; }
expect_bytes_read() { ((bytes_read == $1)) || fail "it read $bytes_read bytes, not $1"; }

# expect_refused STATUS PATTERN: one line says why.
expect_refused() {
  expect_status "$1"
  expect_lines 1
  expect_said "$2"
}

# expect_untouched FILE FINGERPRINT
expect_untouched() {
  local now
  now=$(fingerprint "$1")
  [[ $now == "$2" ]] || fail "$1 was touched: $2, now $now"
}

# expect_row COLUMNS VALUE: of the only transfer in the journal.
expect_row() {
  local row
  row=$(journal_query "select $1 from transfer_state")
  [[ $row == "$2" ]] || fail "in the journal $1 is $row, not $2"
}
