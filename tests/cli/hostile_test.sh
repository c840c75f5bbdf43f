#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Promises 1, 3 and 4 in places where somebody else may make and move names: what is not ours stays
# as it is, nothing hangs, and a copy that is not where its name says is no success.
# labels: once
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
need_strace
ask_for_clear_lines=yes

readonly size=$((4 * MiB + 5)) stranger=65533
make_file "$size" 1 source
make_file 3000 2 old
make_file "$size" 3 other
shared=$work/shared
dest=$shared/dest
partial=$shared/.dest.rcopy-part

# start_until PHASE: a copy that is stopped in that phase.
start_until() {
  case $1 in
    copy) start_stopped pwrite64 2 "$partial" -- source "$dest" ;;
    verify) start_stopped pread64 1 "$partial" -- --bwlimit=1G source "$dest" ;; # by one thread
    publish) start_stopped fchmod 1 "$partial" -- source "$dest" ;;
    named) start_stopped renameat 1 "$(dirname -- "$dest")" -- source "$dest" ;;
  esac
}

# --- planted under the partial's name ---------------------------------------------------------

# set_up MODE: an empty directory that everybody may write, with a file of ours that is not to be
# touched.
set_up() {
  rm -rf -- "$shared" "$journal"*
  mkdir -m "$1" -- "$shared"
  cp -- other "$shared/victim"
  chmod 666 -- "$shared/victim"
  # shellcheck disable=SC2154  # made by can_be_user
  [[ $who == root ]] || chown -h "$user_uid" -- "$shared/victim"
}

# plant KIND NAME
plant() {
  case $1 in
    symlink) ln -s -- "$shared/victim" "$2" ;;
    dangling) ln -s -- "$shared/made-by-rcopy" "$2" ;;
    link-to-directory) ln -s -- "$work" "$2" ;;
    hard-link) ln -- "$shared/victim" "$2" ;;
    fifo) mkfifo -m 666 -- "$2" ;;
    directory) mkdir -m 777 -- "$2" ;;
    device) mknod -m 666 -- "$2" c 1 3 ;;
    file) cp -- other "$2" && chmod 666 -- "$2" ;;
    nothing) return ;;
  esac
  [[ $1 == hard-link ]] || ((EUID != 0)) || chown -h "$stranger" -- "$2"
}

# what_is PATH: the name itself, without following it.
what_is() { stat -c '%F %i %a %u %s %N' -- "$1" 2>&1 || true; }

# expect_untouched_plant
expect_untouched_plant() {
  [[ $(what_is "$partial") == "$planted" ]] ||
    fail "what was planted was $planted, and is $(what_is "$partial")"
  expect_untouched "$shared/victim" "$victim"
  expect_none "$shared/made-by-rcopy"
  expect_none "$dest"
}

kinds=(symlink dangling link-to-directory hard-link fifo directory)
((EUID != 0)) || kinds+=(device file)
runners=(root)
((EUID == 0)) || runners=(user)
if ((EUID == 0)) && can_be_user; then runners+=(user); fi
user_uid=$EUID
((EUID != 0)) || user_uid=65534

# as WHO COMMAND...
as() {
  if [[ $1 == user ]] && ((EUID == 0)); then
    RCOPY_JOURNAL=$user_place/journal.db as_user "${@:2}"
  else
    "${@:2}"
  fi
}

for who in "${runners[@]}"; do
  for mode in 1777 0777; do
    begin "planted in a directory of mode $mode, $who copies: an error, and nothing is touched"
    for kind in "${kinds[@]}"; do
      set_up "$mode"
      plant "$kind" "$partial"
      planted=$(what_is "$partial")
      victim=$(fingerprint "$shared/victim")
      as "$who" run source "$dest"
      expect_refused 1 "^rcopy: cannot use '$partial': it is not a regular file of yours"
      expect_untouched_plant
    done
  done
done

# --- planted while the partial is open --------------------------------------------------------

who=${runners[0]}
for at in copy verify publish; do
  begin "planted while it is in $at: an error, and nothing is touched"
  for kind in "${kinds[@]}" nothing; do
    set_up 0777
    start_until "$at"
    mv -- "$partial" "$shared/moved"
    plant "$kind" "$partial"
    planted=$(what_is "$partial")
    victim=$(fingerprint "$shared/victim")
    go_on
    finish
    expect_refused 1 "^rcopy: cannot (read back|publish) '$partial': .*; find out who, then run the same command again$"
    expect_untouched_plant
  done
done

# --- the directory is moved away ----------------------------------------------------------------

# directory_set_up: the directory with an old file, and another one of the same shape.
directory_set_up() {
  rm -rf -- top moved elsewhere "$journal"*
  mkdir -p -- top/place elsewhere/place
  dest=$work/top/place/dest
  partial=$(partial_of "$dest")
  cp -- old "$dest"
  cp -- other elsewhere/dest
  cp -- other elsewhere/place/dest
  elsewhere=$(names_in elsewhere)
}

names_in() { find "$1" -exec stat -c '%n %i %a %u %s %y %z' {} + | sort; }

# replace_directory HOW
replace_directory() {
  case $1 in
    link) mv -- top/place moved && ln -s -- "$work/elsewhere" top/place ;;
    link-above) mv -- top moved && ln -s -- "$work/elsewhere" top ;;
    dangling) mv -- top/place moved && ln -s -- "$work/made-by-rcopy" top/place ;;
    directory) mv -- top/place moved && mkdir -- top/place ;;
    nothing) mv -- top/place moved ;;
  esac
}

put_directory_back() {
  rm -rf -- "${1:?}"
  mv -- moved "$1"
}

# expect_nothing_elsewhere: where the path leads now, nothing was written.
expect_nothing_elsewhere() {
  [[ $(names_in elsewhere) == "$elsewhere" ]] || fail "it wrote: $(names_in elsewhere)"
  expect_none made-by-rcopy
  [[ -L top || -L top/place || ! -d top/place || ! $(ls -A top/place) ]] ||
    fail "it wrote into the new one"
}

readonly moved_text="its directory was moved or replaced while it was copied, so put that back first"

for at in copy verify publish; do
  begin "its directory is moved away in $at, and another put in its place: an error, not a success"
  for how in link link-above dangling directory nothing; do
    directory_set_up
    start_until "$at"
    replace_directory "$how"
    go_on
    finish
    expect_refused 1 "^rcopy: cannot publish '$dest': $moved_text; run the same command again to "
    expect_said 'continue at 4\.0 MiB$'
    expect_nothing_elsewhere
    expect_row status verified
    moved=moved
    [[ $how != link-above ]] || moved=moved/place
    expect_same old "$moved/dest"

    put_directory_back "$([[ $how == link-above ]] && echo top || echo top/place)"
    run_counting source source "$dest"
    expect_copied source "$dest"
    expect_bytes_read 0
    expect_row status complete
  done
done

begin "its directory is moved away after the rename: an error, and the same command finishes"
directory_set_up
start_until named
expect_same source "$dest"
replace_directory link
go_on
finish
expect_refused 1 "^rcopy: cannot publish '$dest': $moved_text; run the same command again to "
expect_nothing_elsewhere
expect_row status verified
expect_same source moved/dest
put_directory_back top/place
run_counting source source "$dest"
expect_copied source "$dest"
expect_bytes_read 0
expect_row status complete

begin "its directory is moved away and the path still leads there: the copy is right"
directory_set_up
start_until copy
mv -- top/place moved
ln -s -- "$work/moved" top/place
go_on
finish
expect_copied source "$dest"
expect_silence
