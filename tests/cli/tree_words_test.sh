#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Each word of cp and rsync that is about trees and links, once, with what it must leave. tree_cp_test and links_cp_test
# hold the same to cp in all combinations; this is quick enough for the sanitizers.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# make_tree: a fresh ./s with a little of everything.
make_tree() {
  chmod -R u+rwx . 2>/dev/null || true
  rm -rf -- s d list
  mkdir -p s/a/b s/empty
  echo one >s/one
  echo two >s/a/two
  echo three >s/a/b/three.o
  ln s/one s/a/another
  ln -s ../one s/a/link
  ln -s missing s/dangling
  ln -s a s/to-a
  mkfifo s/fifo
  chmod 750 s/a
  touch -d '2001-02-03 04:05:06.789' s/one s/a
}

# names_of DIRECTORY: sorted, in one line.
names_of() { (cd -- "$1" && find . ! -name . | sort | tr '\n' ' '); }

# expect_names DIRECTORY NAMES
expect_names() {
  local found
  found=$(names_of "$1")
  [[ $found == "$2 " ]] || fail "in $1 there is: $found"
}

# same_inode A B
same_inode() { [[ $(stat -c %i -- "$1") == "$(stat -c %i -- "$2")" ]]; }

readonly all='./a ./a/another ./a/b ./a/b/three.o ./a/link ./a/two ./dangling ./empty ./fifo ./one ./to-a'

begin "-a keeps names, links, times and modes"
make_tree
run -a s d
expect_status 0
expect_names d "$all"
same_inode d/one d/a/another || fail "the hard link is gone"
[[ $(readlink d/to-a) == a && -p d/fifo ]] || fail "the symlink or the FIFO"
[[ $(stat -c '%a %Y' d/a) == "$(stat -c '%a %Y' s/a)" ]] || fail "the directory's mode or time"

begin "again there is nothing to do, and what changed is copied"
touch s/a/b/three.o
chmod 700 s/a/two
run -av s/. d
expect_status 0
[[ $(stat -c %a d/a/two) == 700 ]] || fail "the mode was not brought over"
grep -q ', [0-9]* up to date' "$out" || fail "$(cat "$out")"

begin "without -r a directory is left out, and the rest is copied"
make_tree
mkdir d
run s s/one d
expect_status 1
expect_said "rcopy: -r not specified; omitting directory 's'"
expect_names d ./one

begin "symlinks: -P, -H and -L"
make_tree
mkdir d
run -P s/to-a d
[[ -L d/to-a ]] || fail "-P follows"
run -rL s/a d
[[ -f d/a/link && ! -L d/a/link ]] || fail "-L does not follow"
run -rHT s/to-a d/h
[[ -L d/h/link && -d d/h ]] || fail "-H follows too much, or not at all"
run -rL s d/all
expect_status 1
expect_said "rcopy: cannot stat 's/dangling': No such file or directory"

begin "-l and -s make links"
make_tree
run -rPl s d
expect_status 0
same_inode s/a/two d/a/two || fail "-l copies"
rm -rf d
run -rs "$work/s" d
expect_status 0
[[ $(readlink d/a/two) == "$work/s/a/two" ]] || fail "-s copies"
run -s "$work/s/one" d/one
expect_status 0
run -l s/a/two d/one
expect_status 1

begin "--attributes-only makes an empty file, and leaves a full one full"
make_tree
run --attributes-only -p s/one d
[[ -e d && ! -s d && $(stat -c %Y d) == "$(stat -c %Y s/one)" ]] || fail "the new one"
echo full >d
run --attributes-only -p s/one d
[[ $(cat d) == full ]] || fail "the old one"

begin "--parents"
make_tree
mkdir d
run -r --parents s/a/b s/one d
expect_status 0
expect_names d './s ./s/a ./s/a/b ./s/a/b/three.o ./s/one'
[[ $(stat -c %a d/s/a) == 750 ]] || fail "the mode of a directory above"

begin "-n, -u, -b, -f, -i and --remove-destination in a tree"
make_tree
cp -r s d
echo other >d/a/two
touch -d 2037-01-01 d/a/two
run -rnT s d
run -ruT s d
[[ $(cat d/a/two) == other ]] || fail "it was replaced"
run -riT s d </dev/null
[[ $(cat d/a/two) == other ]] || fail "no answer is a yes"
run -rbT s d
[[ $(cat d/a/two) == two && $(cat d/a/two~) == other ]] || fail "the backup"
run -rT --remove-destination --preserve=links s d
expect_status 0
same_inode d/one d/a/another || fail "--preserve=links"

begin "what cannot take the place of what"
make_tree
mkdir -p d/s/one
echo file >d/s/a
run -r s d
expect_status 1
[[ -d d/s/one && $(cat d/s/a) == file ]] || fail "it was replaced"
grep -q "cannot overwrite non-directory 'd/s/a' with directory 's/a'" "$err" || fail "$(cat "$err")"
grep -q "with non-directory" "$err" || fail "$(cat "$err")"
run -r s s/a/inside
expect_status 1
grep -q "into itself" "$err" || fail "$(cat "$err")"
[[ ! -e s/a/inside ]] || fail "it began"

begin "--keep-directory-symlink and directories that are there"
make_tree
mkdir -p d/s real
ln -s ../../real d/s/a
run -r --keep-directory-symlink s d
expect_status 0
[[ -L d/s/a && $(cat real/two) == two ]] || fail "the symlink"
rm -rf real

begin "filters, sizes and lists"
make_tree
head -c 3000 /dev/zero >s/large
run -a --exclude='*.o' --include='/s/a/***' --exclude='/s/empty' --max-size=2000 s d
expect_status 0
expect_names d './a ./a/another ./a/b ./a/link ./a/two ./dangling ./fifo ./one ./to-a'
rm -rf d
printf '%s\n' a/b/three.o large >list
run -a --files-from=list s d
expect_status 0
expect_names d './a ./a/b ./a/b/three.o ./large'
run -a --min-size=2000 s/. d
expect_status 0
[[ ! -e d/one ]] || fail "it is small"

begin "--checksum copies what only its bytes tell apart"
make_tree
cp -a s d
echo TWO >d/a/two
touch -r s/a/two d/a/two
run -a s/. d
[[ $(cat d/a/two) == TWO ]] || fail "the times were not believed"
run -a --checksum s/. d
[[ $(cat d/a/two) == two ]] || fail "the bytes were not compared"

begin "--remove-source-files leaves the directories"
make_tree
run -a --remove-source-files s d
expect_status 0
[[ $(find s ! -type d) == '' && $(cat d/a/two) == two ]] || fail "$(find s)"

begin "--remove-source-files makes what is there again, of which it does not know whether it is durable"
make_tree
cp -a s d
run -av --remove-source-files s/. d
expect_status 0
[[ $(find s ! -type d) == '' && $(cat d/a/two) == two && -L d/dangling ]] || fail "$(find s d)"
same_inode d/one d/a/another || fail "the hard link is gone"
! grep -q 'is up to date' "$out" || fail "$(cat "$out")"

begin "--dry-run touches nothing, and says what it would do"
make_tree
run -a --dry-run --exclude='*.o' s d
expect_status 0
[[ ! -e d ]] || fail "it made something"
grep -q "'s/one' -> 'd/one': would be copied, it is new" "$out" || fail "$(cat "$out")"
grep -q "excluded by the rule '\*.o'" "$err" || fail "$(cat "$err")"

begin "--catalog, other proofs, and no journal"
make_tree
run -rT --catalog --verify=none s d
run -rTv --catalog s d
grep -q '^[1-9][0-9]* files copied' "$out" || fail "what was not proven counted"
run -rTv --catalog s d
grep -q 'up to date$' "$out" || fail "$(cat "$out")"
run -rT --no-journal --verify=cache -j3 s d
expect_status 0
run -rT --resume=never s d
expect_status 0

begin "large and sparse files are transferred"
make_tree
head -c 5000000 /dev/urandom >s/large
truncate -s 300000 s/sparse
run -a s d
expect_status 0
cmp s/large d/large
[[ $(stat -c %s d/sparse) == 300000 ]] || fail "the sparse one"
