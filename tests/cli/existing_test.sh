#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Where a copy goes and what it does to what is there: cp's options -t -T -f -i -n -u -b -S, --backup,
# --update and --remove-destination do what cp does.
# labels: once
# shellcheck disable=SC2317  # set_up is called by name
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/cli/cp.sh
source "$here/cp.sh"
need_strace

shown='%a %u %g %h %s'
unset VERSION_CONTROL SIMPLE_BACKUP_SUFFIX

# a_destination KIND: what `dest` is before.
a_destination() {
  printf 'new\n' >source
  touch -d 2020-01-02 source
  chmod 751 source
  case $1 in
    none) return ;;
    link | dangling) ln -s other dest ;;
    *) printf 'old\n' >dest ;;
  esac
  [[ $1 == dangling ]] || printf 'other\n' >other
  case $1 in
    older) touch -d 2020-01-01 dest ;;
    newer) touch -d 2020-01-03 dest ;;
    same-age) touch -r source dest ;;
    hard-link) ln dest name ;;
    read-only) chmod 440 dest ;;
  esac
}

kinds=(none older newer same-age link dangling hard-link)
((EUID != 0)) || kinds+=(read-only) # -f of a user makes a new file in cp, and keeps the mode here
for kind in "${kinds[@]}"; do
  begin "as cp, where the destination is: $kind"
  set_up() { a_destination "$kind"; }
  for options in '' -f -n -u -nu -un -fn -nf -p -b -bf -bu --backup --backup=numbered --backup=simple --backup=none \
    --backup=off '-S .bak' '-S.bak' '--suffix=.bak --backup=t' --remove-destination '--remove-destination -u' \
    '-b --remove-destination' '-f --remove-destination' -T --strip-trailing-slashes; do
    # Without these rcopy's copy is a new file all the same, and cp's is not: see the README.
    [[ $kind != hard-link || $options =~ ^(-b|-S|--suffix|--backup$|--backup=(numbered|simple)|--remove|-n) ]] || continue
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options source dest
  done
done

begin "as cp: several backups, and those that are none"
set_up() {
  a_destination older
  printf 'older\n' >dest~
  for name in 'dest.~3~' 'dest.~x~' 'dest.~07~'; do printf 'oldest\n' >"$name"; done
}
for options in -b --backup=simple --backup=numbered --backup=existing --backup=nil --backup=never \
  '--backup=numbered -b' '--backup=simple --backup'; do
  # shellcheck disable=SC2086  # words
  same_as_cp set_up $options source dest
done
for VERSION_CONTROL in numbered simple existing none; do
  export VERSION_CONTROL SIMPLE_BACKUP_SUFFIX=.env
  same_as_cp set_up -b source dest
  same_as_cp set_up --backup source dest
  same_as_cp set_up --backup=simple source dest
  same_as_cp set_up source dest
done
VERSION_CONTROL=nonsense run -b source dest
expect_status 2
expect_said "invalid value 'nonsense' for \\\$VERSION_CONTROL"
unset VERSION_CONTROL SIMPLE_BACKUP_SUFFIX

begin "as cp: into a directory that is named first, and never into one"
set_up() {
  a_destination older
  printf 'second\n' >second
  mkdir directory directory/source
}
same_as_cp set_up -t directory second
same_as_cp set_up -tdirectory second dest
same_as_cp set_up --target-directory=directory second dest
same_as_cp set_up -t missing second
same_as_cp set_up -t dest second
same_as_cp set_up -T second directory
same_as_cp set_up -T second dest other
same_as_cp set_up -T second dest
same_as_cp set_up -T -t directory second
same_as_cp set_up second source directory # of which one is in the way
same_as_cp set_up -b second directory
set_up() {
  mkdir directory one two
  printf 'one\n' >one/x
  printf 'two\n' >two/x
}
same_as_cp set_up --backup=numbered one/x two/x directory

begin "as cp: a slash at the end of a source"
set_up() { a_destination older; }
same_as_cp set_up source/ dest
set_up() { a_destination older; mkdir directory; }
same_as_cp set_up --strip-trailing-slashes source/// other// directory

begin "as cp: a source that would be lost to a backup"
set_up() { a_destination older; printf 'a backup\n' >dest~; }
same_as_cp set_up -b dest~ dest

begin "-n and -u say nothing; with -v they do"
rm -f -- source dest
a_destination newer
for option in -n -u --update=none; do
  run "$option" source dest
  expect_status 0
  expect_silence
  run -v "$option" source dest
  expect_printed "^'$work/dest' exists and is kept$"
done
run --update=none-fail source dest
expect_refused 1 "^rcopy: cannot replace '$work/dest': it exists"
[[ $(<dest) == old ]] || fail "it was replaced"
run --update=all source dest
expect_copied source dest

begin "-i asks, and yes is what begins with y"
for answer in y Y yes; do
  printf 'old\n' >dest
  status=0
  "$RCOPY" -i source dest <<<"$answer" >"$out" 2>"$err" || status=$?
  expect_copied source dest
  [[ $(<"$err") == "rcopy: overwrite '$work/dest'? " ]] || fail "it asked: $(<"$err")"
done
for answer in n '' no Ny; do
  printf 'old\n' >dest
  status=0
  "$RCOPY" -i source dest <<<"$answer" >"$out" 2>"$err" || status=$?
  expect_status 0
  [[ $(<dest) == old ]] || fail "it was replaced"
done
"$RCOPY" -i source dest </dev/null >"$out" 2>"$err"
[[ $(<dest) == old ]] || fail "no answer was taken for a yes"
printf y | "$RCOPY" -i source dest >"$out" 2>"$err"
[[ $(<dest) == new ]] || fail "an answer without a line feed was not taken"
printf 'old\n' >dest

begin "-n, and another program makes the destination meanwhile: that stays"
make_file $((8 * MiB)) 1 large
start_stopped pwrite64 2 "$(partial_of late)" -- -n large late
printf 'theirs\n' >late
go_on
finish
expect_refused 1 "^rcopy: cannot rename the finished copy to '$work/late': File exists"
[[ $(<late) == theirs ]] || fail "it was replaced"
run -n large late
expect_status 0

begin "-i asks for each file, and takes one line for each"
mkdir -p many
for name in a b c; do
  printf 'new %s\n' "$name" >"$name"
  printf 'old\n' >"many/$name"
done
printf 'n\ny\nn\n' | "$RCOPY" -i a b c many >"$out" 2>"$err"
[[ $(cat many/a many/b many/c) == $'old\nnew b\nold' ]] || fail "it left $(cat many/*)"

begin "of -i and -n the last one counts"
"$RCOPY" -i -n source dest <<<y >"$out" 2>"$err"
[[ $(<dest) == old && ! -s $err ]] || fail "it asked"
"$RCOPY" -n -i source dest <<<y >"$out" 2>"$err"
[[ $(<dest) == new ]] || fail "it did not ask"

begin "a stop while it asks ends it at once"
printf 'old\n' >dest
mkfifo question
# shellcheck disable=SC2016  # for the other shell
start_job bash -c 'exec "$0" -i source dest <question' "$RCOPY"
exec 3>question
wait_until 'it asks' grep -q overwrite "$work/.job-err"
kill -TERM "$pid"
finish
exec 3>&-
expect_status 143
[[ $(<dest) == old ]] || fail "it was replaced"

begin "what makes no sense together is refused, and nothing is touched"
run -b -n source dest
expect_status 2
expect_said 'options --backup and --no-clobber are mutually exclusive'
run --inplace -b source dest
expect_refused 2 'keep a backup in place'
run --inplace --remove-destination source dest
expect_refused 2 'replace a name in place'
run -T source dest other
expect_status 2
expect_said "extra operand 'other'"
[[ $(<dest) == old ]] || fail "it was replaced"
