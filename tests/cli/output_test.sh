#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What rcopy says, where and when; what --resume and --verify do; and that nothing is written where
# nothing is to be done.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly size=$((5 * MiB + 11))
make_file "$size" 1 source
hash=$(hash_of source)
partial=$(partial_of dest)
readonly proof='verified from the medium'

begin "without a terminal a good copy says nothing"
run source dest
expect_copied source dest
expect_silence

begin "up to date: 0, not a word, and not a write"
before=$(fingerprint dest)$(stat -c '%y %z' .)
status=0
"${tracer[@]}" -e trace=file,desc "$RCOPY" source dest >"$out" 2>"$err" || status=$?
expect_status 0
expect_silence
readonly writes='O_(WRONLY|RDWR|CREAT)|rename|unlink|chmod|utime|truncate|mknod'
! grep -E "dest|$(basename -- "$work")/?\"" "$trace" | grep -E "$writes" ||
  fail "it wrote to the destination or its directory"
[[ $(fingerprint dest)$(stat -c '%y %z' .) == "$before" ]] || fail "it was touched"

begin "up to date, with -v: says so and names the hash"
run -v source dest
expect_status 0
expect_printed "^'$work/dest' is up to date \(xxh128 $hash, verified earlier\)$"

begin "-v: one line says what is done and why, and one how it went"
rm -- dest
run -v source dest
expect_copied source dest
expect_lines 1
expect_said "^rcopy: 'source' -> '$work/dest': the finished copy is gone$"
[[ $(wc -l <"$out") == 1 ]] || fail "not one line on standard output"
rate='[0-9.]+ s \([0-9.]+ [KMG]iB/s\)'
expect_printed "^'source' -> '$work/dest': 5\.0 MiB in $rate, xxh128 $hash, $proof$"

begin "-v after a stop: from where it continued"
rm -- dest "$journal"*
make_file $((24 * MiB)) 2 large
stop_copy $((4 * MiB)) large dest
run -v large dest
expect_copied large dest
from="resumed at $((kept / MiB))\.0 MiB"
expect_printed "^'large' -> '$work/dest': 24\.0 MiB in .*, $from, xxh128 $(hash_of large), $proof$"

begin "-v with several files: a line for each, and a total"
mkdir directory
make_file 10 3 one
make_file 20 4 two
run -v one two directory
expect_status 0
[[ $(wc -l <"$out") == 3 ]] || fail "not three lines: $(cat "$out")"
expect_printed '^2 files copied, 30 B in '
run -v one two directory
expect_printed '^0 files copied, 2 up to date$'

begin "-q: not even a warning, but errors"
echo garbage >"$journal"
rm -f -- "$journal"-*
run -q one dest
expect_copied one dest
expect_silence
run -q missing dest
expect_refused 1 "^rcopy: cannot stat 'missing': No such file or directory"

begin "the last of -v and -q counts"
run -v -q --resume=never one dest
expect_silence
run -q -v --resume=never one dest
expect_printed "'one' -> '$work/dest'"

begin "each error is one line on standard error, and begins with the name of the program"
for wrong in 'missing dest' 'one missing/dest' 'directory dest' 'one one' \
  'one two missing directory' '--journal=/dev/null one dest'; do
  # shellcheck disable=SC2086  # words
  run $wrong
  ((status != 0)) || fail "it ended with 0: $wrong"
  expect_lines 1
  expect_said '^rcopy: (cannot|-r not specified;) '
  [[ ! -s $out ]] || fail "an error on standard output"
done

begin "--help and --version end with 0 and touch nothing"
state=$(dirname -- "$journal")
rm -r -- "$state"
for option in --help -h --version '--help one dest'; do
  # shellcheck disable=SC2086  # words
  run $option
  expect_status 0
  [[ -s $out && ! -s $err ]] || fail "$option: not on standard output"
done
expect_none "$state"
run --help
for option in -p --verify --no-verify --resume --retries --retry-wait --wait --lock-wait --bwlimit \
  --nice-io --sparse --cache --journal --no-journal -v -q \
  --version; do
  expect_printed "(^| )$option(\[?=|,| |$)"
done
expect_printed '^Examples:'
[[ $(awk 'length > 80' "$out") == '' ]] || fail "lines of more than 80 columns"
run --version
expect_printed '^rcopy [0-9]+\.[0-9]+\.[0-9]+$'

begin "a wrong command line ends with 2 and touches nothing"
for wrong in '' one '--unknown one dest' '-y one dest' 'one dest -- --verify' 'one two three' \
  '--verify=disk one dest' '--verify one dest' '--resume= one dest' '--quiet=yes one dest' \
  '--retries=-1 one dest' '--retries=x one dest' '--retries one dest' --journal 'one new/' \
  '--retry-wait=2parsecs one dest' '--journal=j.db --no-journal one dest'; do
  # shellcheck disable=SC2086  # words
  run $wrong
  expect_status 2
  expect_said '^rcopy: '
  [[ ! -s $out ]] || fail "an error on standard output: $wrong"
done
expect_none "$state"
expect_none j.db

begin "options may follow names, and -- ends them"
rm -f -- dest
run one dest -v
expect_copied one dest
expect_printed 'verified from the medium'
cp -- two ./-v
run -- -v dest
expect_copied ./-v dest
rm -- ./-v

begin "control characters in names are never printed raw"
odd=$'new\nline\x1b[31m\xff\ttab'
cp -- one "$odd"
no_raw_bytes() {
  local lines=$1
  cat -- "$out" "$err" >"$work/.said"
  [[ $(wc -l <"$work/.said") == "$lines" ]] || fail "not $lines lines: $(cat -v "$work/.said")"
  ! LC_ALL=C grep -q '[^ -~]' "$work/.said" || fail "raw bytes: $(cat -v "$work/.said")"
  grep -qF "new\\nline\\033[31m\\377\\ttab'" "$work/.said" ||
    fail "not quoted as a shell reads it: $(cat -v "$work/.said")"
}
run -v "$odd" directory
expect_status 0
no_raw_bytes 2
run -v "$odd" directory
no_raw_bytes 1
rm -- "$odd"
run "$odd" directory
expect_status 1
no_raw_bytes 1
run "$odd"
expect_status 2
expect_said 'missing destination'
! LC_ALL=C grep -q '[^ -~]' "$err" || fail "raw bytes: $(cat -v "$err")"

begin "--resume=never copies again what is up to date"
run source dest
expect_status 0
before=$(stat -c %i dest)
run_counting source -v --resume=never source dest
expect_copied source dest
expect_bytes_read "$size"
[[ $(stat -c %i dest) != "$before" ]] || fail "it is the same file as before"

begin "--resume=never starts over what was stopped"
rm -- dest "$journal"*
stop_copy $((4 * MiB)) large dest
run_counting large --resume=never large dest
expect_copied large dest
expect_first_read 0

begin "--resume=check reads back all of the kept part, and then continues"
rm -- dest "$journal"*
stop_copy $((4 * MiB)) large dest
run_counting "$partial" --resume=check large dest
expect_copied large dest
((bytes_read >= kept + 24 * MiB)) || fail "it read $bytes_read bytes of the copy"
rm -- dest "$journal"*
stop_copy $((4 * MiB)) large dest
run_counting large --resume=check large dest
expect_first_read "$kept"

# expect_read_back HOW BYTES: so many bytes of the copy were read before it got its name.
expect_read_back() {
  rm -f -- dest "$journal"*
  run_counting "$partial" -v --verify="$1" source dest
  expect_copied source dest
  expect_bytes_read "$2"
}

begin "--verify=cache reads back through the cache, --verify=none not at all, and both say so"
expect_read_back cache "$size"
expect_printed 'verified from the page cache$'
expect_row 'status, verified_by' 'complete|cache'
expect_read_back none 0
expect_printed 'not verified$'
expect_row 'status, verified_by' 'complete|none'

begin "--verify=medium opens the copy with O_DIRECT, where the file system can"
rm -- dest "$journal"*
if dd if=source of=/dev/null bs=4096 count=1 iflag=direct status=none 2>"$err"; then
  status=0
  "${tracer[@]}" -e trace=openat "$RCOPY" source dest >"$out" 2>"$err" || status=$?
  expect_copied source dest
  grep -q "rcopy-part\", .*O_DIRECT" "$trace" || fail "it was not opened with O_DIRECT"
else
  skip_case "the file system of $work has no direct I/O"
fi

begin "a weaker proof is not enough where a stronger one is asked for"
rm -f -- dest "$journal"*
run --verify=none source dest
before=$(stat -c %i dest)
run --verify=none source dest
[[ $(stat -c %i dest) == "$before" ]] || fail "it was copied again"
run source dest
expect_copied source dest
[[ $(stat -c %i dest) != "$before" ]] || fail "it was not copied again"
expect_row verified_by medium
before=$(stat -c %i dest)
run --verify=cache source dest
[[ $(stat -c %i dest) == "$before" ]] || fail "it was copied again"

begin "on a terminal: a line of progress with phase and percent, that is gone at the end"
cat >watched <<END
#!/usr/bin/env bash
exec strace -f -qq -o "$trace" --seccomp-bpf -P "$partial" -e trace=pwrite64,pread64 \
  -e inject=pwrite64:delay_enter=50000 -e inject=pread64:delay_enter=250000 "$RCOPY" "\$@"
END
# on_terminal COMMAND: what a terminal with 100 columns shows of it.
on_terminal() {
  rm -f -- dest "$journal"*
  status=0
  NO_COLOR=1 TERM=xterm ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" \
    script -qec "stty cols 100; $1" /dev/null >"$out" 2>"$err" </dev/null || status=$?
}
on_terminal "bash watched large dest"
expect_copied large dest
printf '  %s\n' "$(tr '\r' '\n' <"$out" | grep -a ' copy ' | tail -n 1 | cat -v)"
shown() { [[ $(tr '\r' '\n' <"$out" | grep -acE "$1") != 0 ]] || fail "it did not show: $1"; }
rate='[0-9.]+ [KMG]?i?B/s' time='[0-9]+:[0-9][0-9] left'
shown "^'large'  copy  +[0-9]+ % [#+.]+  [ 0-9.]+ of 24\.0 MiB +$rate [ _.:=+*#-]+  $time"
shown "^'large'  verify  +[0-9]+ % [#.]+  [ 0-9.]+ of 24\.0 MiB"
shown "^(.\[J)?'large' -> '.*dest': 24\.0 MiB in "
long=$(tr '\r' '\n' <"$out" | sed -E 's/\x1b\[[0-9]*[Jm]//g' | awk 'length > 100 && / %/')
[[ -z $long ]] || fail "a line is longer than the terminal: $long"
rest=$(tail -n 1 "$out" | tr '\r' '\n' | tail -n 2 | grep ' % ' || true)
[[ -z $rest ]] || fail "the progress was left on the screen: $rest"

begin "on a terminal with -q, or a dumb one: none"
on_terminal "bash watched -q large dest"
expect_copied large dest
[[ ! -s $out ]] || fail "it showed: $(cat -v "$out")"
on_terminal "TERM=dumb bash watched large dest"
expect_copied large dest
! grep -q '%' "$out" || fail "it showed: $(cat -v "$out")"
! grep -q $'\x1b' "$out" || fail "it showed: $(cat -v "$out")"

begin "a standard output that cannot be written is an error, and the copy is right"
rm -f -- dest "$journal"*
status=0
"$RCOPY" -v source dest >/dev/full 2>"$err" || status=$?
expect_status 1
expect_said 'standard output'
expect_same source dest

begin "with closed standard streams the copy is right"
for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
  rm -f -- dest "$journal"*
  status=0
  bash -c "\"\$0\" source dest $closed" "$RCOPY" || status=$?
  expect_copied source dest
done
