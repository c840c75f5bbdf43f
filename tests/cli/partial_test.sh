#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 1 and 5: whatever has become of the partial between two runs, the result is the right
# file or a clear error, and what is not rcopy's own stays as it is.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

readonly size=$((24 * MiB + 1))
make_file "$size" 1 source
make_file "$size" 2 other
make_file 3000 3 old
partial=$(partial_of dest)

# After this dest is old, and the partial holds the first $kept bytes.
set_up() {
  rm -rf -- dest "$partial" "$journal"*
  cp -- old dest
  stop_copy $((4 * MiB)) source dest
  expect_same old dest
  [[ $(size_of "$partial") == "$kept" && $(stat -c %a -- "$partial") == 600 ]] ||
    fail "the partial is $(stat -c '%s bytes, mode %a' -- "$partial")"
}

begin "as it was left: continues"
set_up
run_counting source source dest
expect_copied source dest
expect_first_read "$kept"

begin "longer, with garbage at its end: cut, and continued"
for tail in 1 $((9 * MiB)) $((size + MiB)); do
  set_up
  { cat other other | head -c "$tail" || true; } >>"$partial"
  run_counting source source dest
  expect_copied source dest
  expect_first_read "$kept"
done

begin "longer, and of a source that is all there"
set_up
truncate -s $((3 * size)) "$partial"
run source dest
expect_copied source dest

begin "shorter than what was durable: starts over, and says so"
for left in kept-1 MiB/2 0; do
  set_up
  truncate -s $((left)) "$partial"
  run_counting source -v source dest
  expect_copied source dest
  expect_said 'the partial is shorter than the journal says'
  expect_first_read 0
done

begin "shorter than what was transferred, but not than what is durable: continues there"
rm -f -- dest "$partial" "$journal"*
make_file $((40 * MiB)) 4 large
kill_copy large dest
truncate -s $((transferred - MiB - 5)) "$partial"
run_counting large large dest
expect_copied large dest
expect_first_read "$durable"

begin "missing: starts over, and says so"
set_up
rm -- "$partial"
run_counting source -v source dest
expect_copied source dest
expect_said 'the partial is gone'
expect_first_read 0

begin "another file of the same size: found out, and not copied onto"
set_up
head -c "$kept" other >new
mv -- new "$partial"
run_counting source -v source dest
expect_copied source dest
expect_first_read 0

begin "another file with the same bytes: found out to be good"
set_up
cp -- "$partial" new
mv -- new "$partial"
run_counting source source dest
expect_copied source dest
expect_first_read "$kept"

begin "the complete file of another source"
set_up
cp -- other "$partial"
run source dest
expect_copied source dest

# expect_victim_refused: the partial is no regular file of ours, so nothing is done.
expect_victim_refused() {
  local before victim=$1
  before=$(fingerprint "$victim")
  run source dest
  expect_refused 1 "^rcopy: cannot use '$partial': "
  expect_untouched "$victim" "$before"
  expect_same old dest
}

begin "a link, FIFO or directory in its place: an error, and what it means is untouched"
cp -- other victim
set_up
for replace in 'ln -s victim' "ln -s $work/victim" 'ln -s missing' 'ln victim' mkfifo mkdir; do
  rm -rf -- "$partial"
  $replace "$partial"
  expect_victim_refused victim
  [[ $replace != *missing ]] || expect_none missing
  expect_same other victim
done

begin "and after it is removed the same command ends with 0"
rmdir -- "$partial"
run source dest
expect_copied source dest

begin "a hard link to the source in its place: an error, and the source is untouched"
set_up
rm -- "$partial"
ln -- source "$partial"
before=$(fingerprint source)
run source dest
expect_refused 1 "$partial|'source': it is the unfinished copy of '$work/dest'"
expect_untouched source "$before"
rm -- "$partial"

begin "one more link to the partial itself: an error, and the link keeps its bytes"
set_up
ln -- "$partial" link
before=$(fingerprint link)
run source dest
expect_refused 1 "^rcopy: cannot use '$partial': "
expect_untouched link "$before"
rm -- link
run_counting source source dest
expect_copied source dest
expect_first_read "$kept"

begin "a file of that name that the journal does not know: starts over"
rm -f -- dest "$partial" "$journal"*
cp -- other "$partial"
run -v source dest
expect_copied source dest
expect_said 'the journal does not know the partial'

begin "a file of that name of another user: an error, and it is untouched"
if ((EUID == 0)); then
  rm -f -- dest "$journal"*
  cp -- other "$partial"
  chown 65534 -- "$partial"
  before=$(fingerprint "$partial")
  run source dest
  expect_refused 1 "^rcopy: cannot use '$partial': "
  expect_untouched "$partial" "$before"
  expect_none dest
else
  skip_case "only root can give a file away"
fi
