#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Trees, with cp as the oracle: where they go, what they go over, their directories, and what several sources do to
# each other. links_cp_test has symlinks, hard links and special files.
# labels: slow once
# shellcheck disable=SC2317  # set_up is called by name
works_in=memory
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/cli/cp.sh
source "$here/cp.sh"

unset VERSION_CONTROL SIMPLE_BACKUP_SUFFIX

# a_tree NAME [TEXT]: files, links, empty directories and odd names; everything has a time of its own.
a_tree() {
  local made=$work/.trees/${1//\//+}.${2-new}
  [[ -d $made ]] || make_tree "$made" "${2-new}"
  mkdir -p -- "$1"
  cp -a -- "$made/." "$1"
}

make_tree() {
  local name=$1 text=$2
  mkdir -p -- "$name"/{deep/er/est,empty,shut}
  printf '%s %s\n' "$text" "${name##*/}" >"$name/file"
  printf '%s deep\n' "$text" >"$name/deep/er/file"
  : >"$name/deep/nothing"
  printf 'odd\n' >"$name"/$'new\nline'
  printf 'odd\n' >"$name"/$'not utf8 \xff\xfe'
  mkdir -- "$name"/$'a directory \xff'
  printf 'x\n' >"$name"/$'a directory \xff/-r'
  ln -s file "$name/link"
  ln -s missing "$name/dangling"
  ln -s deep "$name/link to directory"
  mkfifo "$name/fifo"
  chmod 4751 "$name/file"
  chmod 2640 "$name/deep/er/file"
  chmod 1777 "$name/empty"
  chmod 705 "$name/deep"
  chmod 500 "$name/shut"
  find "$name" -depth -exec touch -h -d '2001-02-03 04:05:06.789012345' {} +
  touch -d 2002-02-02 "$name/deep/er" "$name/empty"
}

# all_cases: each case, as whoever they are run as.
all_cases() {
  local options destination kind source

  begin "a tree to a new name, into a directory, and over what is there ($who)"
  for options in -r -a -d -rp '-R --preserve=timestamps' '-a --no-preserve=mode' '-r --no-preserve=all' -rT \
    '-r --preserve=mode' '-a --attributes-only' -rb '-a -S.old' -rn -ru -rf '-r --remove-destination' -rx \
    '-r --preserve=ownership'; do
    shown=$mode_owner
    [[ ! $options =~ -a|-rp|timestamps || $options =~ attributes ]] || shown='%a %u %g %y'
    set_up() { a_tree src; mkdir -p there; }
    # shellcheck disable=SC2086  # words
    for destination in new there/; do same_as_cp set_up $options src "$destination"; done
    set_up() {
      a_tree dest/src old
      chmod 777 dest/src/deep
      printf 'mine\n' >dest/src/deep/mine
      touch -d 2000-01-01 dest/src/deep/mine
      find dest -depth -exec touch -h -d 2000-01-01 {} +
      a_tree src
      rm dest/src/{fifo,link}
      [[ $options != *--attributes-only* ]] || rm dest/src/{dangling,'link to directory'} # which cp cannot replace
    }
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options src dest
  done

  begin "source and destination written in other ways ($who)"
  shown=$mode_owner
  for destination in new/ ./new there there/. ./there/new there/../new; do same_as_cp set_up -r src "$destination"; done
  set_up() { a_tree src; a_tree src/deep/sub; mkdir there; ln -s src to-src; ln -s there to-there; }
  for source in src/ src// src/. src/./ ./src src/deep/.. src/deep/er/.. "$both/src" to-src/ to-src/. to-src; do
    same_as_cp set_up -r "$source" there
    same_as_cp set_up -a -T "$source" there
    same_as_cp set_up -rH "$source" new
    [[ $source != */* ]] || same_as_cp set_up -r --strip-trailing-slashes "$source" there
  done
  same_as_cp set_up -r src to-there
  same_as_cp set_up -r src to-there/
  same_as_cp set_up -rT src to-there
  same_as_cp set_up -rT src to-there/
  same_as_cp set_up -rt to-there src
  same_as_cp set_up -r -t there src/deep src/empty
  same_as_cp set_up -r -t missing src
  same_as_cp set_up -r src/deep src/empty missing
  same_as_cp set_up -r src missing/new
  same_as_cp set_up -r src/file missing/
  same_as_cp set_up -r missing there
  same_as_cp set_up -r missing src/deep there
  set_up() { a_tree here/src; mkdir here/there; cd here; }
  same_as_cp set_up -r here/. here2
  same_as_cp set_up -r here new

  begin "directories onto what is none, and the other way round ($who)"
  for kind in file link dangling fifo directory; do
    set_up() {
      a_tree src
      printf 'plain\n' >plain
      ln -s plain symlink
      mkfifo pipe
      mkdir other
      case $kind in
        file) printf 'old\n' >dest ;;
        link) ln -s other dest ;;
        dangling) ln -s missing dest ;;
        fifo) mkfifo dest ;;
        directory) mkdir dest ;;
      esac
    }
    for options in -a -rf -rn -ru -rb '-r --remove-destination'; do
      # shellcheck disable=SC2086  # words
      same_as_cp set_up $options -T src dest
      # shellcheck disable=SC2086  # words
      for source in symlink pipe; do same_as_cp set_up $options -T "$source" dest; done
      # shellcheck disable=SC2086  # words
      [[ $kind == fifo && $options != *remove* && $options != *b ]] || same_as_cp set_up $options -T plain dest
    done
  done
  set_up() { a_tree src; a_tree dest/src; rm -r dest/src/deep dest/src/file; mkdir dest/src/file; printf 'x\n' >dest/src/deep; }
  for options in -r -a -rf -rn -ru -rb '-r --remove-destination'; do
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options src dest
  done

  begin "without -r a directory is left out, and the others are copied ($who)"
  set_up() { a_tree src; printf 'x\n' >plain; mkdir there; }
  same_as_cp set_up src there
  [[ $(<"$err") == "rcopy: -r not specified; omitting directory 'src'" ]] || fail "it said $(<"$err")"
  same_as_cp set_up src plain there
  same_as_cp set_up -d src plain there
  same_as_cp set_up --parents plain src there

  begin "several sources ($who)"
  set_up() {
    a_tree one/a
    a_tree two/a other
    printf 'one\n' >one/f
    printf 'two\n' >two/f
    ln -s f one/l
    ln -s f two/l
    mkdir there
  }
  same_as_cp set_up -r one two there
  same_as_cp set_up -r one two one there
  expect_said "^rcopy: warning: source directory 'one' specified more than once$"
  same_as_cp set_up -a one one/ there
  same_as_cp set_up -r one/f one/f there
  expect_said "^rcopy: warning: source file 'one/f' specified more than once$"
  same_as_cp set_up -a one/l one/l there
  same_as_cp set_up one/f two/f there
  expect_said "^rcopy: will not overwrite just-created 'there/f' with 'two/f'$"
  for options in -a -rn -an -rb '-a --backup=simple' '-a --backup=numbered' '-r --backup=numbered' -ru -rf; do
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options one/f two/f there
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options one/l two/l there
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options one/f two/l there
  done
  set_up() { # whose second tree goes over the first
    a_tree one/a
    a_tree two/a other
    rm -f {one,two}/a/{fifo,dangling}
    mkdir there
  }
  for options in -r -a -rb '-r --backup=numbered' -rn '-r --remove-destination'; do
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options one/a two/a there
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options one/a/. two/a/. there
  done

  begin "a directory into itself is refused before anything is made ($who)"
  for options in 'src src/new' 'src src' 'src src/deep/new' 'src src/deep' './src src/empty' '. new' '. src' 'src/deep src/deep/er'; do
    rm -rf -- "$both"
    mkdir -p -- "$both"
    (cd -- "$both" && a_tree src)
    ((EUID != 0)) || chown -R "$owner" "$both"
    before=$(state_of "$both" '%a %y')
    cd -- "$both"
    # shellcheck disable=SC2086  # words
    "${rcopy_runner[@]}" run -r $options
    cd -- "$work"
    expect_refused 1 "^rcopy: cannot copy a directory, '.*', into itself, '.*'$"
    [[ $(state_of "$both" '%a %y') == "$before" ]] || fail "something was made"
  done
  set_up() { a_tree src; ln -s . src/here; }
  same_as_cp set_up -rT src src
  same_as_cp set_up -r src/. src

  begin "--parents ($who)"
  set_up() {
    a_tree src
    a_tree src/deep/er/sub
    chmod 711 src/deep/er
    mkdir -p there/src
    ln -s ../outside there/link
    ln -s src link
    mkdir outside
    printf 'x\n' >plain
    touch -d 2003-03-03 src src/deep src/deep/er
  }
  for options in --parents '--parents -r' '--parents -a' '--parents -p' '--parents -r --preserve=timestamps' \
    '--parents -r --no-preserve=mode' '--parents -d' '--parents -rb' '--parents -rp'; do
    shown=$mode_owner
    [[ ! $options =~ -a|-rp|-p$|timestamps ]] || shown='%a %u %g %y'
    # shellcheck disable=SC2086  # words
    for source in src/deep/er/file src/file plain ./src/deep/../file link/deep/er/file src/deep/er/sub/file; do
      same_as_cp set_up $options "$source" there
    done
    [[ $options =~ -r|-a$ ]] || continue
    # shellcheck disable=SC2086  # words
    for source in src/deep src/deep/ link/deep src; do same_as_cp set_up $options "$source" there; done
  done
  shown=$mode_owner
  same_as_cp set_up --parents src/file src/deep/er/file src/deep/nothing there
  same_as_cp set_up --parents -a src/file src/deep src/deep/nothing plain there
  same_as_cp set_up --parents -t there src/file plain
  same_as_cp set_up --parents src/file plain
  expect_said '^rcopy: with --parents, the destination must be a directory$'
  same_as_cp set_up --parents src/file missing
  same_as_cp set_up --parents -T src/file there
  same_as_cp set_up --parents missing there
  same_as_cp set_up --parents -l src/deep/er/file there
  same_as_cp set_up --parents -a src/link src/dangling there
  set_up() { a_tree src; mkdir there; printf 'x\n' >there/src; }
  same_as_cp set_up --parents -r src/deep there

  modes
}

# modes: what depends on who it is that copies.
modes() {
  begin "new directories: modes, umask, set-id bits ($who)"
  for mask in 000 022 077; do
    for kind in 755 500 1777 3770 000; do
      set_up() { mkdir -p src/sub there; printf 'x\n' >src/sub/file; chmod "$kind" src/sub; chmod 2755 there; }
      [[ $kind != 000 || $EUID == 0 && $owner == 0:0 ]] || continue
      for options in -r -a -rp '-r --no-preserve=mode' '-r --preserve=ownership'; do
        # shellcheck disable=SC2086  # words
        same_as_cp set_up $options src there
      done
    done
  done
  mask=022

  begin "what cannot be read ($who)"
  set_up() { a_tree src; chmod 000 src/file; chmod 311 src/deep src/empty; }
  for options in -r -a; do
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options src there
  done
}

readonly mode_owner='%a %u %g'

who='as who runs this'
all_cases
if ((EUID == 0)) && can_be_user; then
  who='as a user'
  owner=65534:65534
  cp_launcher=("${unprivileged[@]}")
  rcopy_runner=(as_user)
  export RCOPY_JOURNAL=$user_place/journal.db
  chmod 777 "$arena"
  modes
fi
