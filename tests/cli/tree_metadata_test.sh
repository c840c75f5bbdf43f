#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# -a on a tree of 20,000 files with every kind of metadata: rsync, getfattr, getfacl, getcap and find see no difference
# in the copy; a second run copies nothing, and what was changed is brought over.
# labels: slow once
# shellcheck disable=SC1003,SC2016  # odd names
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

for tool in getfattr setfattr getfacl setfacl; do
  command -v "$tool" >/dev/null || skip "$tool is missing"
done
: >probe
setfattr -n user.probe -v 1 probe 2>"$err" || skip "no extended attributes here: $(<"$err")"
setfacl -m u:1234:r probe 2>"$err" || skip "no ACLs here: $(<"$err")"
capabilities=yes
if ((EUID != 0)) || ! setcap cap_net_raw+ep probe 2>"$err"; then
  capabilities=
  skip_case "no capabilities can be given: $(tail -n 1 "$err")"
fi
((EUID == 0)) || skip_case "only root gives files to others, and makes device nodes and trusted attributes"
touch -d '1960-01-02 03:04:05.123456789' probe
old_times=yes
[[ $(stat -c %Y probe) == -* ]] || { old_times= && skip_case "no times before 1970 here"; }

readonly groups=20 per_group=990
modes=(000 400 440 444 500 555 600 640 644 664 700 711 751 755 777 2755 4755 6711 1644 2640)
((EUID == 0)) || modes[0]=600 # or nobody could read them
times=('2001-02-03 04:05:06.000000001' '1999-12-31 23:59:59.999999999' '2038-01-19 03:14:08.5'
  '2261-11-11 11:11:11.123456789' '1970-01-01 00:00:00' '2024-02-29 12:00:00.1')
[[ ! $old_times ]] || times+=('1901-12-15 01:02:03.987654321' '1969-12-31 23:59:59.999999999')

# some DIRECTORY MODULUS REST: the names of the plain files whose number has that rest, each ended by a zero byte.
some() {
  local i
  for ((i = $3; i < per_group; i += $2)); do printf '%s\0' "$1/f$i"; done
}

# fill DIRECTORY NUMBER: files; then what is theirs, the owner before what a change of owner takes away.
fill() {
  local at=$1 number=$2 i
  for ((i = 0; i < per_group; ++i)); do printf '%*d\n' $((i % 89)) "$i" >"$at/f$i"; done
  if ((EUID == 0)); then
    some "$at" 3 0 | xargs -0 chown "$((1000 + number)):$((2000 + number))" --
    some "$at" 7 1 | xargs -0 setfattr -n trusted.note -v "$number"
  fi
  some "$at" 5 2 | xargs -0 setfattr -n user.kind -v "value $number"
  some "$at" 11 3 | xargs -0 setfattr -n user.empty
  some "$at" 13 4 | xargs -0 setfattr -n user.binary -v "0x00ff0a$number$number"
  some "$at" 40 6 | xargs -0 chmod "${modes[number]}" --
  some "$at" 40 7 | xargs -0 chmod "${modes[(number + 7) % ${#modes[@]}]}" --
  some "$at" 17 5 | xargs -0 setfacl -m "u:$((3000 + number)):r-x,g:5678:-w-" --
  some "$at" 170 5 | xargs -0 setfacl -m "m::---" --
  [[ ! $capabilities ]] || some "$at" 200 9 | xargs -0 -n 1 setcap "cap_net_bind_service,cap_chown+eip"
}

# make_socket FILE: there is no tool for it in coreutils.
make_socket() {
  if command -v nc >/dev/null; then timeout 5 nc -lU "$1" & elif command -v socat >/dev/null; then
    timeout 5 socat "UNIX-LISTEN:$1,unlink-close=0" - </dev/null &
  elif command -v perl >/dev/null; then
    perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or exit 1' "$1" &
  else
    skip_case "nothing here makes a socket"
    return 0
  fi
  local maker=$!
  children+=("$maker")
  wait_until 'there is a socket' test -S "$1"
  kill "$maker" 2>/dev/null || true
  wait "$maker" 2>/dev/null || true
  children=()
}

make_tree() {
  local i
  mkdir -- source source/special source/links source/empty source/names
  for ((i = 0; i < groups; ++i)); do
    mkdir -p -- "source/g$i/sub"
    fill "source/g$i" "$i"
  done
  for ((i = 0; i < 100; ++i)); do
    ln "source/g0/f$i" "source/links/hard$i"
    ln "source/g1/f$((i % 10))" "source/links/many$i"
    ln -s "../g0/f$i" "source/links/soft$i"
  done
  ln -s missing source/links/dangling
  ln -s . source/links/round
  ln -s /nonexistent/"$(printf '%0300d' 7)" source/links/long
  ln -s ../g2 source/links/directory
  ln source/links/dangling source/links/dangling-too 2>/dev/null || skip_case "no hard links of symlinks here"
  mkfifo -m 640 source/special/fifo
  ln source/special/fifo source/special/fifo-too
  make_socket source/special/socket
  if ((EUID == 0)); then
    mknod -m 666 source/special/null c 1 3
    mknod -m 640 source/special/disk b 7 250
    chown 1234:4321 source/special/{null,disk,fifo}
    chown -h 77:78 source/links/{dangling,soft3}
    setfattr -h -n trusted.link -v 1 source/links/soft4
  fi
  for i in $'new\nline' $'tab\t' $'not utf8 \xff\xfe' ' ' '  two' '-r' '--help' '*' '\' "'" '"' '~' '$HOME' 'a:b' '.hidden' \
    '..x' "$(printf '%0255d' 3)" $'\x01' 'grün' '.f.rcopy-part.x' 'x.rcopy-new'; do
    printf '%s' "$i" >"source/names/$i"
  done
  mkdir -- "source/names/$(printf '%0250d' 4)" source/names/$'dir \xfe'
  : >source/names/$'dir \xfe/in'
  truncate -s 300K source/holes
  printf end >>source/holes
  make_file $((5 * MiB + 3)) 1 source/large
  setfattr -n user.large -v yes source/large
  chmod 640 source/large
  ln source/large source/links/large

  mkdir -- source/acl source/shut
  setfacl -d -m u:1111:rwx,g:2222:r-x,o::--- source/acl
  mkdir -- source/acl/inside
  setfacl -b -k source/acl/inside
  setfacl -m u:4444:rwx source/acl/inside
  : >source/acl/inherited
  : >source/acl/inside/plain
  setfattr -n user.of-directory -v 1 source/acl source/empty
  : >source/shut/in
  chmod 1777 source/empty
  chmod 2755 source/g3 source/g3/sub
  ((EUID != 0)) || chown 55:66 source/g4
  chmod 3711 source/g4

  for ((i = 0; i < groups; ++i)); do
    find "source/g$i" -type f -print0 | xargs -0 touch -d "${times[i % ${#times[@]}]}" --
  done
  touch -h -d "${times[1]}" -- source/links/* source/special/* source/names/*
  touch -d "${times[3]}" source/names/$'dir \xfe' source/g5/sub
  chmod 500 source/shut
  find source -depth -type d -newermt 2020-01-01 ! -newermt 2200-01-01 -exec touch -d "${times[0]}" -- {} +
  touch -d "${times[2]}" source/g6
}

# state_of DIRECTORY FILE: all that can be seen of what is there. The kinds of tools that sort do so by bytes.
state_of() {
  (
    cd -- "$1"
    find . -type d -printf '%p %y %m %U %G %T@ %l %n\n' -o -printf '%p %y %m %U %G %s %T@ %l %n\n' | sort
    find . -print0 | sort -z >"$work/.all"
    xargs -0 getfattr -h -d -m - -e hex -- <"$work/.all" 2>"$err"
    find . ! -type l -print0 | sort -z | xargs -0 getfacl -n --absolute-names -- 2>>"$err"
    # Names of one file.
    find . ! -type d -links +1 -printf '%i %p\n' | sort -k 2 |
      awk '!($1 in first) { first[$1] = $2 } { print $2 " is " first[$1] }'
    [[ ! $capabilities ]] || getcap -r . | sort
  ) >"$2"
}

inodes_of() { find "$1" -printf '%P %i\n' | sort; }

# expect_equal: source and copy, by other programs.
expect_equal() {
  state_of source state-source
  state_of copy state-copy
  [[ $(wc -l <state-source) -gt 20000 ]] || fail "there is nothing to compare"
  diff -a state-source state-copy >differences || fail "$(wc -l <differences) lines differ: $(head -n 12 differences)"
  if command -v rsync >/dev/null; then
    # Names it cannot set are still compared; without -X for a user, who may not read what is trusted.
    rsync -anic --checksum -HAX --delete source/ copy/ >differences 2>"$err" ||
      ((EUID != 0)) || fail "rsync failed: $(head -n 3 "$err")"
    [[ ! -s differences ]] || fail "rsync: $(head -n 12 differences)"
  fi
}

# expect_only CHANGED...: the last run replaced no other inodes, and began no transfers.
expect_only() {
  inodes_of copy >inodes-now
  printf '%s\n' "$@" | sort >changed
  comm -3 inodes inodes-now | sed 's/^\t//; s/ [0-9]*$//' | sort -u >replaced
  diff <(comm -23 replaced changed) /dev/null >"$work/.others" ||
    fail "others were replaced: $(head -n 5 "$work/.others")"
  mv -- inodes-now inodes
}

# copied_count: of the last run with -v.
copied_count() { sed -nE 's/^([0-9]+) files? copied.*/\1/p' "$out"; }

begin "a tree of $((groups * per_group)) files is made"
make_tree
(($(find source | wc -l) >= 20000)) || fail "the tree is too small: $(find source | wc -l)"

begin "copied with -a: no difference"
run -a source copy
expect_status 0
expect_silence
! command -v rsync >/dev/null && skip_case "rsync is missing"
expect_equal

begin "again: nothing is copied, nothing is touched"
inodes_of copy >inodes
find copy -printf '%P %C@\n' | sort >ctimes
run -v -aT source copy
expect_status 0
expect_not_said ' -> '
[[ $(copied_count) == 0 ]] || fail "it copied $(copied_count): $(grep -a ' -> ' "$out" | head -n 5)"
expect_only
find copy ! -type d -printf '%P %C@\n' | sort >ctimes-now
comm -13 ctimes ctimes-now >differences
[[ ! -s differences ]] || fail "$(wc -l <differences) were changed: $(head -n 5 differences)"

begin "a content, a mode, an attribute, an ACL, a time, an owner that changed are brought over, and nothing else"
printf 'changed\n' >>source/g7/f10
chmod 604 source/g7/f11
setfattr -n user.kind -v changed source/g7/f12
setfacl -m u:999:rwx source/g7/f15
touch -d 2011-11-11 source/g7/f16
((EUID != 0)) || chown 4242 source/g7/f13
chmod 711 source/g8/sub
setfattr -n user.later -v 1 source/g9
ln -sfn elsewhere source/links/soft9
run -v -aT source copy
expect_status 0
expect_equal
# What only has other attributes may keep its inode or not; no other file may change.
expect_only g7/f1{0..6} links/soft9
(($(copied_count) >= 2 && $(copied_count) <= 8)) || fail "it copied $(copied_count)"

begin "of one inode with several names, the content changed: all names have it"
printf 'x\n' >>source/links/many3
run -aT source copy
expect_status 0
expect_silence
expect_equal

begin "with a journal that is new, the second run copies nothing either"
inodes_of copy >inodes
rm -f -- "$journal"*
run -v -aT source copy
expect_status 0
expect_not_said ' -> '
[[ $(copied_count) == 0 ]] || fail "it copied $(copied_count): $(grep -a ' -> ' "$out" | head -n 5)"
expect_only
