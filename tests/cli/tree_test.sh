#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 1, 4 and 5 for trees: what is left out, what fails without stopping the others, full disks, signals, two
# runs at once, paths of any length, few open files, somebody who exchanges directories, and what the journal knows.
# labels: slow once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace

# make_small FILES DIRECTORY [BYTES]: in ten directories, with text that tells the number.
make_small() {
  local i
  mkdir -p -- "$2"/d{0..9}
  for ((i = 0; i < $1; ++i)); do printf '%0*d' "${3-$((i % 500))}" "$i" >"$2/d$((i % 10))/f$i"; done
}

# names_in DIRECTORY...: all that must not change of what is not to be touched.
names_in() { find "$@" -printf '%p %y %i %m %U %G %s %T@ %C@ %l\n' | sort; }
inodes_of() { find "$1" -type f -printf '%P %i\n' | sort; }

expect_equal() { diff -rq --no-dereference "$1" "$2" >"$work/.diff" || fail "$(head -n 5 "$work/.diff")"; }

# expect_no_temporary DIRECTORY
expect_no_temporary() {
  local names
  names=$(find "$1" \( -name '.*.rcopy-part' -o -name '.*.rcopy-new' \) -print | head -n 5)
  [[ ! $names ]] || fail "there is $names"
}

# has_temporary DIRECTORY: a small file is there by its temporary name.
has_temporary() { [[ $(find "$1" -name '.f*.rcopy-part' -print -quit 2>/dev/null) ]]; }
has_file() { [[ $(find "$1" -name 'f*' -print -quit 2>/dev/null) ]]; }

# start_synced_slowly ARGUMENT...: each sync takes longer, so that files wait for it.
start_synced_slowly() {
  start_traced -e trace=syncfs,fsync -e inject=syncfs,fsync:delay_enter=1500000 -- "$@"
}

# forget: no copy, and a journal that knows nothing.
forget() { rm -rf -- copy "$journal"*; }

make_small 1000 source
: >source/d0/f0

# --- what is copied ------------------------------------------------------------------------------

begin "--dry-run: says what would be done and why, and touches nothing"
forget
mkdir -- place
run --dry-run -r source copy
expect_status 0
expect_none copy
expect_none "$journal"
[[ $(grep -c ': would be copied, it is new$' "$out") == 1000 ]] || fail "it did not tell of each file"
cp -a -- source copy
printf 'other\n' >copy/d1/f1
rm -- copy/d2/f2
before=$(names_in source copy place)
run --dry-run -v -aT '--exclude=f3' source copy
expect_status 0
[[ $(names_in source copy place) == "$before" ]] || fail "it changed something"
expect_none "$journal"
expect_printed "^'source/d1/f1' -> 'copy/d1/f1': would be copied, what is there differs$"
expect_printed "^'source/d2/f2' -> 'copy/d2/f2': would be copied, it is new$"
expect_said "'source/d3/f3': excluded by the rule 'f3'$"
[[ $(grep -c ': would be copied' "$out") == 2 ]] || fail "it would copy others"

begin "--max-size, --min-size"
for limits in --max-size=100 --min-size=100 '--min-size=50 --max-size=0.1K' --max-size=0; do
  forget
  # shellcheck disable=SC2086  # words
  run -r $limits source copy
  expect_status 0
  least=0 most=100000
  [[ $limits != *min-size=50* ]] || least=50 most=102
  [[ $limits != --min-size=100 ]] || least=100
  [[ $limits != --max-size=100 ]] || most=100
  [[ $limits != --max-size=0 ]] || most=0
  (cd -- source && find . -type f -size "-$((most + 1))c" ! -size "-${least}c" | sort) >expected
  (cd -- copy && find . -type f | sort) >got
  diff expected got || fail "with $limits"
  [[ -s got ]] || fail "nothing to compare with $limits"
done

begin "--checksum: what has the same size and time, and another content, is copied; and nothing else"
forget
cp -a -- source copy
printf '%0*d' 99 7 >copy/d9/f99
touch -r source/d9/f99 copy/d9/f99
inodes_of copy >inodes
run -aT source copy
expect_status 0
! cmp -s source/d9/f99 copy/d9/f99 || fail "it was found without --checksum: the test shows nothing"
run -aT --checksum source copy
expect_status 0
expect_equal source copy
inodes_of copy | comm -13 inodes - >changed
(($(wc -l <changed) <= 1)) || fail "it copied others: $(head -n 5 changed)"
find copy -type f -exec touch -d 2001-01-01 {} +
inodes_of copy >inodes
run -v -rT --checksum source copy
expect_status 0
inodes_of copy | diff inodes - >changed || fail "with other times only it copied $(wc -l <changed)"

begin "-j1, -j64: the same copy; others are refused"
for jobs in -j1 --jobs=64; do
  forget
  run -r "$jobs" source copy
  expect_status 0
  expect_silence
  expect_equal source copy
  expect_no_temporary copy
done
for jobs in -j0 -j257 -jx; do
  run -r "$jobs" source other
  expect_status 2
  expect_none other
done

begin "--remove-source-files: files go when they are proven, directories stay"
forget
cp -a -- source moving
ln -s f1 moving/d1/link
mkfifo moving/d1/fifo
run -a --remove-source-files moving copy
expect_status 0
[[ ! $(find moving ! -type d) ]] || fail "there is $(find moving ! -type d | head -n 3)"
[[ $(find moving -type d | wc -l) == 11 ]] || fail "directories are gone"
[[ -L copy/d1/link && -p copy/d1/fifo ]] || fail "the link or the node is not in the copy"
rm -- copy/d1/{link,fifo}
expect_equal source copy

begin "--remove-source-files: what was there already and was not proven by this program stays"
rm -rf -- moving "$journal"*
cp -a -- source moving
cp -a -- source/. copy
printf '%0*d' 99 7 >copy/d9/f99
touch -r moving/d9/f99 copy/d9/f99
run -aT --remove-source-files moving copy
expect_status 0
[[ -e moving/d9/f99 ]] || expect_same source/d9/f99 copy/d9/f99

begin "--remove-source-files: a source that is changed before its copy has its name, or after, is not lost"
for at in has_temporary has_file; do
  forget
  rm -rf -- moving
  mkdir -- moving
  printf 'first\n' >moving/f0
  printf 'first\n' >moving/f1
  start_synced_slowly -a --remove-source-files moving copy
  wait_until "it is $at" "$at" copy
  printf 'second\n' >moving/f1
  finish
  ((status == 0 || status == 4)) || fail "it ended with $status"
  expect_none moving/f0
  if [[ -e moving/f1 ]]; then now=moving/f1; else now=copy/f1; fi
  [[ $(<"$now") == second ]] || fail "changed when it $at, the source is gone, and its copy is what it was before"
  rm -rf -- moving
done

# --- what fails ------------------------------------------------------------------------------------

begin "a file that vanishes is named, and does not stop the others: 1"
forget
cp -a -- source vanishing
# The first call may give a part, and the second the end of all.
start_stopped getdents64 2 "$work/vanishing/d3" -- -r vanishing copy
rm -- vanishing/d3/f13
go_on
finish
expect_refused 1 "^rcopy: cannot .*vanishing/d3/f13': No such file or directory"
expect_equal vanishing copy
expect_no_temporary copy
rm -rf -- vanishing

if can_be_user; then
  begin "so does one that may not be read, and a directory that may not be listed: each is named"
  cp -r -- source "$user_place/source"
  ((EUID != 0)) || chown -R 65534:65534 -- "$user_place/source"
  chmod 000 "$user_place/source/d4/f14" "$user_place/source/d5"
  RCOPY_JOURNAL=$user_place/journal.db as_user run -r "$user_place/source" "$user_place/copy"
  expect_status 1
  expect_lines 5  # each, and the list of both at the end
  expect_said "^rcopy: cannot .*source/d4/f14'.*: Permission denied"
  expect_said "^rcopy: cannot .*source/d5['/].*: Permission denied"
  [[ $(find "$user_place/copy" -type f | wc -l) == 899 ]] || fail "others are missing"
  expect_no_temporary "$user_place/copy"
  begin "and when they may be read the same command copies these only, to the same place"
  chmod 755 "$user_place/source/d4/f14" "$user_place/source/d5"
  inodes_of "$user_place/copy" >inodes
  RCOPY_JOURNAL=$user_place/journal.db as_user run -r "$user_place/source" "$user_place/copy"
  expect_status 0
  expect_equal "$user_place/source" "$user_place/copy"
  inodes_of "$user_place/copy" >inodes-now
  comm -23 inodes inodes-now >lost
  [[ ! -s lost ]] || fail "it copied again $(head -n 5 lost)"
else
  skip_case "there is no user without privileges here"
fi

mkdir -- disk
if ((EUID == 0)) && mount -t tmpfs -o size=3m none disk 2>"$err"; then
  mounts+=("$work/disk")
  begin "a full disk: 7, and after there is space the same command continues in the same place"
  make_small 1500 larger 4000
  rm -f -- "$journal"*
  run -r larger disk/copy
  expect_status 7
  expect_said 'No space left on device|are needed and'
  (($(wc -l <"$err") <= 20)) || say "  it said so in $(wc -l <"$err") lines"
  diff -rq larger disk/copy >differences || true
  ! grep -v '^Only in larger' differences || fail "a name has a part of a file, or a temporary one is left"
  mount -o remount,size=64m disk
  run -r larger disk/copy
  expect_status 0
  expect_none disk/copy/larger
  expect_equal larger disk/copy
  expect_no_temporary disk/copy
  umount disk
  mounts=()
else
  skip_case "no tmpfs can be mounted: $(tail -n 1 "$err")"
fi

# --- stopped, killed, twice ----------------------------------------------------------------------

for signal in INT TERM; do
  begin "SIG$signal in mid-tree: it ends by that, leaves no temporary names of small files, and continues"
  forget
  start_synced_slowly -r source copy
  wait_until 'a file is copied' has_temporary copy
  kill -"$signal" "$pid"
  finish
  expect_status $((128 + $(kill -l "$signal")))
  expect_no_temporary copy
  diff -rq source copy >differences && fail "it was done before the signal"
  ! grep -v '^Only in source' differences || fail "a name has a part of its file"
  run -r source copy
  expect_status 0
  expect_silence
  expect_none copy/source
  expect_equal source copy
done

begin "two runs on one tree: the second says that it is busy, 5; with --lock-wait it waits"
forget
start_synced_slowly -r source copy
first=$job first_pid=$pid
wait_until 'a file is copied' has_temporary copy
kill -STOP "$pid"
run -rT source copy
expect_refused 5 "^rcopy: cannot copy to 'copy': another rcopy is copying to it; wait until"
run --lock-wait=1s -rT source copy
kill -CONT "$pid"
expect_status 5
expect_said '^rcopy: .*another rcopy is copying to it; wait until'
run --lock-wait -rT source copy
expect_status 0
expect_equal source copy
job=$first pid=$first_pid
finish
expect_status 0
expect_silence

begin "killed, and some sources are gone when it continues: their temporary names are removed"
forget
cp -a -- source going
start_synced_slowly -r going copy
wait_until 'a file is copied' has_temporary copy
kill_traced
has_temporary copy || fail "nothing was left: the test shows nothing"
find copy -name '.f*.rcopy-part' -printf '%P\n' | sed -E '51,$d; s:\.(f[0-9]+)\.rcopy-part:\1:' >gone
(cd -- going && xargs rm -- <"$work/gone")
run -r going copy
expect_status 0
expect_none copy/going
expect_equal going copy
expect_no_temporary copy
rm -r -- going

begin "the journal is lost between two runs: the copy is right all the same"
for at in has_temporary has_file; do
  forget
  start_synced_slowly -r source copy
  wait_until "it $at" "$at" copy
  kill_traced
  rm -f -- "$journal"*
  run -rT source copy
  expect_status 0
  expect_equal source copy
  expect_no_temporary copy
done

begin "--catalog: the list is kept, and by it a later run without -p finds all up to date"
forget
run -r --catalog source copy
expect_status 0
[[ $(journal_query 'select count(*), count(completed_at) from tree_state') == '1|1' ]] || fail "the tree is not complete"
[[ $(journal_query 'select count(distinct name) from tree_file') == 1000 ]] || fail "the list has not 1000 files"
inodes_of copy >inodes
run -v -rT --catalog source copy
expect_status 0
expect_printed '^0 files copied, 1000 up to date$'
inodes_of copy | diff inodes - >changed || fail "it copied $(wc -l <changed)"
printf 'new\n' >>source/d1/f11
run -v -rT --catalog source copy
expect_status 0
expect_printed '^1 file copied, .* 999 up to date$'
expect_equal source copy
run -v -rT source copy
expect_printed '^0 files copied, 1000 up to date$'

# --- limits ---------------------------------------------------------------------------------------

begin "700 directories in each other: paths longer than any call takes"
segment=$(printf 'directory-%02d/' {0..99})
mkdir -p -- "deep/$segment"
printf 'bottom\n' >"deep/${segment}bottom"
for ((i = 1; i < 7; ++i)); do
  mkdir -p -- "above/$segment"
  mv -- deep "above/${segment}below"
  mv -- above deep
done
for options in -r -a; do
  rm -rf -- copy "$journal"*
  run "$options" deep copy
  expect_status 0
  find deep -printf '%P %y\n' | sort >expected
  find copy -printf '%P %y\n' | sort | diff expected - || fail "not all is there"
  (($(wc -l <expected) > 700)) || fail "the tree is too small"
  [[ $(find copy -name bottom -execdir cat {} +) == bottom ]] || fail "not what the last file has"
done
run -v -aT deep copy
expect_status 0
expect_printed 'is up to date'
rm -rf -- deep

begin "with 256 open files, and with 64: all is copied"
make_small 1000 wide
for ((i = 0; i < 150; ++i)); do
  mkdir -p -- "wide/w$i/a/b/c/d/e"
  printf '%d' "$i" >"wide/w$i/a/b/c/d/e/f"
done
for limit in 256 64; do
  forget
  launcher=(prlimit "--nofile=$limit:$limit")
  run -r wide copy
  launcher=()
  expect_status 0
  expect_silence
  expect_equal wide copy
done

# --- somebody else --------------------------------------------------------------------------------

# exchange_for_ever DIRECTORY TARGET: a directory and a symlink take turns in having the name.
exchange_for_ever() {
  while mv -T -- "$1" "$1.away" && ln -s -- "$2" "$1" && rm -- "$1" && mv -T -- "$1.away" "$1"; do :; done
} 2>/dev/null

# disturb DIRECTORY TARGET -- ARGUMENT...: runs while that goes on.
disturb() {
  exchange_for_ever "$1" "$2" &
  local exchanger=$! i
  children+=("$exchanger")
  for ((i = 0; i < 4; ++i)); do
    run "${@:4}"
    ((status == 0 || status == 1 || status == 4)) || fail "it ended with $status"
    ((status == 0)) || ((++hits))
    run_checks
  done
  { kill -KILL "$exchanger" && wait "$exchanger"; } 2>/dev/null || true
  children=()
}

mkdir -- outside secret
for ((i = 0; i < 1000; ++i)); do printf 'SECRET %d\n' "$i" >"secret/f$i"; done
printf 'mine\n' >outside/f5
outside=$(names_in outside secret)

begin "a directory of the destination is exchanged for a symlink meanwhile: nothing is written where that leads"
hits=0
forget
cp -a -- source copy
run_checks() {
  [[ $(names_in outside secret) == "$outside" ]] || fail "it wrote outside: $(names_in outside | head -n 5)"
}
disturb "$work/copy/d5" "$work/outside" -- -rT --resume=never source copy
say "  $hits of 4 runs met it"

begin "a directory of the source is exchanged for a symlink: nothing is copied from where that leads"
hits=0
forget
cp -a -- source exchanged
run_checks() {
  run_checks_of_destination
  rm -rf -- copy
}
run_checks_of_destination() {
  [[ $(names_in outside secret) == "$outside" ]] || fail "it wrote outside: $(names_in outside | head -n 5)"
  ! grep -rlq SECRET copy || fail "it copied $(grep -rl SECRET copy | head -n 3)"
}
disturb "$work/exchanged/d5" "$work/secret" -- -rT exchanged copy
say "  $hits of 4 runs met it"

begin "the same, at the worst moment: after it has looked at the name, before it opens it"
for what in source destination; do
  for call in openat getdents64; do
    [[ $what == source || $call == openat ]] || continue # nobody lists it there
    forget
    rm -rf -- exchanged moved
    cp -a -- source exchanged
    mkdir -p -- copy/d5
    directory=exchanged/d5 target=secret
    [[ $what == source ]] || directory=copy/d5 target=outside
    start_stopped "$call" 1 "$work/$directory" -- -rT exchanged copy
    mv -- "$directory" moved
    ln -s -- "$work/$target" "$directory"
    go_on
    finish
    ((status == 0 || status == 1 || status == 4)) || fail "it ended with $status"
    run_checks_of_destination
    [[ $what == source ]] || ((status != 0)) || fail "the copy is not where its name says, and it ended with 0"
  done
done

# --- what people have -----------------------------------------------------------------------------

for real in /usr/include /usr/share/doc; do
  [[ -d $real ]] || { skip_case "there is no $real" && continue; }
  (($(du -sm -- "$real" | cut -f 1) < 150)) || { skip_case "$real is too large" && continue; }
  begin "$real, and what diff says to the copy"
  forget
  run -r "$real" copy
  expect_status 0
  expect_silence
  expect_equal "$real" copy
  expect_no_temporary copy
done

# --- what is said ---------------------------------------------------------------------------------

begin "--dry-run does not say that something was copied"
forget
run --dry-run -r source copy
expect_status 0
! grep -E '^[0-9]+ files? copied' "$out" || fail "it said: $(tail -n 1 "$out")"

begin "--lock-wait: it says for what it waits, as it does for one file"
forget
start_synced_slowly -r source copy
first=$job first_pid=$pid
wait_until 'a file is copied' has_temporary copy
run --lock-wait -rT source copy
expect_status 0
cp -- "$err" said
job=$first pid=$first_pid
finish
expect_status 0
grep -q 'another rcopy is copying to it; waiting until it has finished$' said || fail "it waited in silence: $(<said)"

begin "one that was refused because it was busy is nothing to continue: later it goes where cp goes"
forget
start_synced_slowly -r source copy
wait_until 'a file is copied' has_temporary copy
run -rT place copy
expect_refused 5 'another rcopy is copying to it'
finish
expect_status 0
run -r place copy
expect_status 0
[[ -d copy/place ]] || fail "it continued what it had refused"

begin "a file that could not be read has the name that was given to it, and so has a directory"
if can_be_user; then
  mkdir -p -- "$user_place/shut/inside"
  ((EUID != 0)) || chown -R 65534:65534 -- "$user_place/shut"
  chmod 000 "$user_place/shut/inside"
  RCOPY_JOURNAL=$user_place/journal.db as_user run -r "$user_place/shut" "$user_place/shut-copy"
  chmod 755 "$user_place/shut/inside"
  expect_refused 1 "^rcopy: cannot .* '$user_place/shut/inside': Permission denied"
fi
