#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Symlinks, hard links and special files, as operands and in trees, with cp as the oracle: -P -d -L -H -l -s
# --attributes-only --copy-contents.
# labels: slow once
# shellcheck disable=SC2317  # set_up is called by name
works_in=memory
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/cli/cp.sh
source "$here/cp.sh"

unset VERSION_CONTROL SIMPLE_BACKUP_SUFFIX

# a_destination KIND: what `dest` is before.
a_destination() {
  case $1 in
    file) printf 'old\n' >dest ;;
    link) ln -s other dest ;;
    same) ln -s file dest ;;
    dangling) ln -s missing dest ;;
    directory-link) ln -s there dest ;;
    directory) mkdir dest ;;
    fifo) mkfifo dest ;;
    hard) ln file dest ;;
  esac
}

some_sources() {
  printf 'content\n' >file
  printf 'other\n' >other
  mkdir there
  ln -s file link
  ln -s missing broken
  ln -s loop loop
  ln -s there to-there
  mkfifo pipe
  chmod 640 file
  touch -h -d 2001-02-03 file link pipe broken
  touch -d 2000-01-01 other
}

# hard_links: links among the files of a tree, and a symlink to one.
hard_links() {
  mkdir -p src/sub other
  printf 'one\n' >src/a
  ln src/a src/b
  ln src/a src/sub/c
  ln src/a other/d
  ln -s a src/link
  ln -s gone src/broken
  ln src/broken src/sub/broken
  mkfifo src/pipe
  ln src/pipe src/sub/pipe
  printf 'alone\n' >src/alone
  touch -h -d 2001-02-03 src/* src/sub/* other/*
}

all_cases() {
  local options source kind

  begin "a symlink or a special file as operand, onto everything ($who)"
  for kind in none file link same dangling directory-link directory fifo; do
    set_up() { some_sources; a_destination "$kind"; }
    for options in -P -d -a -R -rH -Pf -Pn -Pu -Pb '-P --remove-destination' '-P --attributes-only'; do
      for source in link broken loop pipe; do
        [[ $source != pipe || $options =~ ^(-a|-R|-rH)$ ]] || continue # which cp reads
        [[ $kind != fifo || $options != -rH ]] || continue # which cp writes into
        # What is the same already is no error, so that a run can be repeated.
        [[ $options != *--attributes-only || $kind:$source != same:link && $kind:$source != dangling:broken ]] || continue
        # shellcheck disable=SC2086  # words
        same_as_cp set_up $options "$source" dest
      done
      # shellcheck disable=SC2086  # words
      [[ $kind != directory-link ]] || same_as_cp set_up $options -T link dest
    done
  done
  set_up() { some_sources; }
  for source in link link/ broken loop to-there to-there/ ./link missing; do
    same_as_cp set_up -P "$source" new
    same_as_cp set_up -P "$source" new/
    same_as_cp set_up -P "$source" there
    same_as_cp set_up -d "$source" "$source"
    same_as_cp set_up -a "$source" new
    same_as_cp set_up --strip-trailing-slashes -a "$source" there
    same_as_cp set_up "$source" there
    same_as_cp set_up -H "$source" new
    same_as_cp set_up -rH "$source" new
    same_as_cp set_up -rL "$source" new
  done
  same_as_cp set_up -P link broken file to-there there
  same_as_cp set_up -a link broken file pipe there
  same_as_cp set_up -P link missing/new
  set_up() { some_sources; ln link link2; ln pipe pipe2; }
  same_as_cp set_up -P link link2
  same_as_cp set_up -P link link
  same_as_cp set_up -Pb link link2
  same_as_cp set_up -R pipe pipe2
  same_as_cp set_up -R --remove-destination pipe pipe2
  same_as_cp set_up -a link link2 pipe pipe2 there

  begin "-l ($who)"
  shown=$with_links
  for kind in none file link same dangling directory directory-link hard; do
    set_up() { some_sources; a_destination "$kind"; }
    for options in -l -lf -ln -lu -lb '-l --remove-destination' -lT -lP '-lPf' -al -ral '-l --attributes-only' -lL; do
      for source in file link; do
        [[ $kind:$source != hard:link || ! $options =~ P|a ]] || continue # which cp leaves alone
        # shellcheck disable=SC2086  # words
        same_as_cp set_up $options "$source" dest
      done
    done
  done
  set_up() { hard_links; mkdir there; rm -- src/broken src/sub/broken; }
  for options in -rl -al -rlP -rlH -alL; do
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options src there
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options src new
  done

  begin "-s ($who)"
  shown=$mode_owner
  for kind in none file link same dangling hard; do
    set_up() { some_sources; a_destination "$kind"; }
    for options in -s -sf -sn -su -sb '-s --remove-destination' -sT -sP -sr; do
      for source in file link pipe; do
        [[ $kind:$source != same:file ]] || continue # which is left alone: see the man page
        [[ $kind != hard || $options =~ ^(-s|-sn|-sT)$ ]] || continue # with -f and -u it is no error
        # shellcheck disable=SC2086  # words
        same_as_cp set_up $options "$source" dest
      done
    done
  done
  set_up() { some_sources; mkdir src; printf 'x\n' >src/x; }
  same_as_cp set_up -s file there
  ((one_in > 1)) || expect_said 'can make relative symbolic links only in current directory'
  same_as_cp set_up -s "$both/file" there
  same_as_cp set_up -s there/../file .
  same_as_cp set_up -s there/../other new
  same_as_cp set_up -s there new
  same_as_cp set_up -rs src there
  same_as_cp set_up -rs "$both/src" there
  same_as_cp set_up -rs "$both/src" new
  same_as_cp set_up -ls file new

  begin "symlinks in a tree: -P -L -H, to directories, dangling and in circles ($who)"
  set_up() {
    hard_links
    mkdir there
    ln -s ../other src/sub/over
    ln -s src named
    printf 'x\n' >other/x
    case $kind in
      circle) ln -s .. src/sub/up ;;
      deep) mkdir src/z && ln -s ../sub src/z/again ;;
      loop) ln -s loop src/loop ;;
    esac
    [[ $kind == dangling ]] || rm -- src/broken src/sub/broken
  }
  for kind in none circle deep loop dangling; do
    for options in -r -rP -rL -rH -aL -aH -rLp '-rL --preserve=links' '-rH --preserve=links'; do
      shown=$mode_owner
      # shellcheck disable=SC2086  # words
      for source in src named named/; do same_as_cp set_up $options "$source" there; done
    done
  done

  begin "hard links: within a tree, across sources, and onto what is there ($who)"
  shown=$with_links
  for kind in new existing kept; do
    set_up() {
      hard_links
      mkdir there
      case $kind in
        existing) mkdir -p there/src/sub && printf 'old\n' | tee there/src/a there/src/sub/c >there/src/alone ;;
        kept) mkdir -p there/src/sub && printf 'old\n' >there/src/sub/c && touch -d 2030-01-01 there/src/sub/c ;;
      esac
    }
    for options in -a -d -rd '-r --preserve=links' -r '-a --no-preserve=links' -an -ab '-a --remove-destination' -af; do
      # shellcheck disable=SC2086  # words
      same_as_cp set_up $options src there
      # shellcheck disable=SC2086  # words
      same_as_cp set_up $options src other there
      # shellcheck disable=SC2086  # words
      same_as_cp set_up $options src/a src/b other/d src/alone there
      # shellcheck disable=SC2086  # words
      same_as_cp set_up $options src/a src/link src/sub/broken src/broken there
    done
    same_as_cp set_up -L --preserve=links src/a src/link there
    same_as_cp set_up -H --preserve=links src/link src/a there
  done
  same_as_cp set_up --parents -a src/a src/sub/c other/d there

  begin "--attributes-only ($who)"
  shown='%a %u %g %y'
  for kind in none file link dangling directory hard; do
    set_up() { some_sources; a_destination "$kind"; touch -h -d 2001-01-01 other; [[ ! -f dest ]] || touch -d 2001-01-01 dest; }
    for options in '' -p -b -n -u --remove-destination --preserve=mode --no-preserve=mode -T -pb -f -P -a; do
      # shellcheck disable=SC2086  # words
      for source in file link; do
        [[ $kind:$options != dangling:-[nu] && $kind:$options != hard:-u ]] || continue # kept, which is no error
        [[ $source$options != link*-[Pa] || $kind == none || $kind == directory ]] || continue # see tree_cp_test
        same_as_cp set_up --attributes-only $options "$source" dest
      done
    done
  done
  same_as_cp set_up --attributes-only -p file other there

  begin "special files and their modes ($who)"
  shown='%a %u %g %t:%T'
  for mask in 022 077; do
    set_up() {
      mkdir src
      mkfifo -m 640 src/fifo
      mkfifo src/special
      chmod 6777 src/special
      perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "src/socket", Listen => 1)' || mkfifo src/socket
      [[ ! $nodes ]] || { mknod -m 640 src/null c 1 3; mknod -m 660 src/loop b 7 99; }
    }
    for options in -r -a -rL -rp '-r --no-preserve=mode' -aH; do
      # shellcheck disable=SC2086  # words
      same_as_cp set_up $options src new
      # shellcheck disable=SC2086  # words
      same_as_cp set_up $options src/fifo src/socket src/special .
    done
    [[ ! $nodes ]] || same_as_cp set_up -a src/null src/loop .
  done
  mask=022
}

readonly mode_owner='%a %u %g' with_links='%a %u %g %h'

who='as who runs this'
nodes=
((EUID != 0)) || ! mknod probe c 1 3 2>"$err" || nodes=yes
all_cases
if ((EUID == 0)) && can_be_user; then
  who='as a user, every fifth'
  one_in=5
  nodes=
  owner=65534:65534
  cp_launcher=("${unprivileged[@]}")
  rcopy_runner=(as_user)
  export RCOPY_JOURNAL=$user_place/journal.db
  chmod 777 "$arena"
  all_cases
fi

# --- what cp cannot be asked about, or rcopy does otherwise -----------------------------------

cd -- "$work"
begin "--copy-contents: what has no end that could be proven is refused"
mkdir tree
mkfifo tree/fifo
printf 'x\n' >tree/file
run -r --copy-contents tree copy
expect_refused 1 "cannot copy '.*tree/fifo': it is a FIFO"
expect_same tree/file copy/file
expect_none copy/fifo
run tree/fifo copy
expect_refused 1 "it is a FIFO"

begin "--keep-directory-symlink: a link to a directory is gone through; without it, it is an error"
mkdir -p keep/tree/sub keep/real to/keep
printf 'x\n' >keep/tree/sub/file
ln keep/tree/sub/file keep/tree/name
ln -s "$work/keep/real" to/keep/sub
run -a --keep-directory-symlink keep/tree/. to/keep
expect_status 0
expect_same keep/tree/sub/file keep/real/file
[[ keep/real/file -ef to/keep/name ]] || fail "the hard link is none"
rm -r keep/real/file
run -a keep/tree/. to/keep
expect_refused 1 "cannot overwrite non-directory '.*/sub' with directory 'keep/tree/./sub'"
expect_none keep/real/file

begin "a second run of -s and of -rL finds its links and special files, where cp would fail"
run -s "$work/tree/file" symbolic
expect_status 0
run -s "$work/tree/file" symbolic
expect_status 0
run -rL tree/fifo other-fifo
run -rL tree/fifo other-fifo
expect_status 0
