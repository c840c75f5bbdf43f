#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What rcopy does to names, modes, owners and times is what cp does: most cases run both, each in a
# directory of its own, and compare all that is there afterwards.
# labels: once
# shellcheck disable=SC2317  # set_up is called by name
works_in=memory
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

umask 022
# shellcheck source=tests/cli/cp.sh
source "$here/cp.sh"

text() { printf '%s\n' "$*"; }
with_mode() { chmod -- "$1" "$2"; }

begin "a new file has the mode of the source less the umask"
for mask in 000 022 137; do
  for mode in 755 640 4755 2750 1600; do
    set_up() { text new >source; with_mode "$mode" source; }
    same_as_cp set_up source dest
  done
done
mask=022

begin "an existing destination keeps its mode"
for mode in 600 755 640 666; do
  set_up() { text new >source; text old >dest; with_mode 754 source; with_mode "$mode" dest; }
  same_as_cp set_up source dest
done

begin "-p: mode and times of the source, to the nanosecond"
shown=$and_mtime
for case in "755 2001-02-03 04:05:06.123456789" "4751 1960-01-01 00:00:00.000000001" \
  "400 2040-12-31 23:59:59.999999999" "2640 1970-01-01 00:00:00"; do
  set_up() {
    text new >source
    touch -d "${case#* }" source
    chmod "${case%% *}" source
    text old >dest
    touch -d 2000-01-01 dest
    chmod 666 dest
  }
  same_as_cp set_up -p source dest
  same_as_cp set_up -p source new
done
shown=$mode_owner_size

begin "-p: also the time of the last access"
text new >source
touch -a -d '2011-11-11 11:11:11.111111111' source
touch -m -d '2012-12-12 12:12:12.121212121' source
times=$(stat -c '%x %y' source)
run -p source dest
expect_status 0
found=$(stat -c '%x %y' dest)
[[ $found == "$times" ]] || fail "the times are $found, not $times"
rm -- dest source

begin "-p on what is up to date sets what differs"
text new >source
run source dest
chmod 751 source
touch -d '2002-02-02 02:02:02.020202020' source dest
run -p source dest
expect_copied source dest
found=$(stat -c '%a %y' dest)
[[ $found == "$(stat -c '%a %y' source)" ]] || fail "mode and time are $found"
rm -- dest source

begin "a destination that is a symlink is followed, and stays one"
set_up() {
  text new >source
  mkdir far
  text old >far/target
  ln -s far/target one
  ln -s one two
  ln -s "$PWD/far/target" absolute
  ln -s far to-directory
  ln -s source to-source
}
for dest in one two to-source far/target to-directory to-directory/target to-directory/new far/. \
  far/../new; do
  same_as_cp set_up source "$dest"
done

begin "a dangling symlink as destination is refused"
set_up_dangling() {
  text new >source
  mkdir far
  ln -s /nowhere/at/all dangling
  ln -s missing dangling-here
}
for dest in dangling dangling-here far/../dangling-here; do
  same_as_cp set_up_dangling source "$dest"
done

begin "a source that is a symlink is followed"
same_as_cp set_up one new
same_as_cp set_up two far
same_as_cp set_up -p one new

begin "the destination is a directory, with or without slashes"
set_up() {
  text new >source
  mkdir -p directory/below empty
  text other >directory/source2
  ln -s directory link
}
for dest in directory directory/ directory// ./directory/. link link/ directory/below/ empty/ \
  empty/source; do
  same_as_cp set_up source "$dest"
done

begin "a directory of the name of the file is not overwritten"
set_up() { text new >source; mkdir -p directory/source; }
same_as_cp set_up source directory

begin "a destination with a slash that is no directory, or in none, is refused"
set_up() { text new >source; text old >file; }
for dest in new/ file/ file/new missing/new missing/below/new ''; do
  same_as_cp set_up source "$dest"
done

begin "several sources"
set_up() {
  mkdir directory other
  text first >one
  text second >two
  text third >other/one
  ln -s two link
}
same_as_cp set_up one two directory
same_as_cp set_up one link two directory/
same_as_cp set_up one two missing-directory
same_as_cp set_up one two link

begin "several sources and one of them missing or unfit: the others are copied, and it ends with 1"
for bad in missing other missing/below two/below; do
  same_as_cp set_up one "$bad" two directory
  expect_refused 1 "^rcopy: (cannot|-r not specified; omitting) .*'$bad"
done

begin "two sources of the same name: the first stays, as with cp"
same_as_cp set_up one other/one two directory
expect_status 1

begin "no source but a directory, or nothing: refused"
same_as_cp set_up other new
expect_refused 1 "^rcopy: -r not specified; omitting directory 'other'$"
same_as_cp set_up missing new
expect_refused 1 "'missing'"
same_as_cp set_up '' new

# --- as a user and as root --------------------------------------------------------------------

# Each case runs as a user, whether or not it is root who runs the test.
if can_be_user; then
  ((EUID != 0)) || {
    owner=65534:65534
    cp_launcher=("${unprivileged[@]}")
    rcopy_runner=(as_user)
    RCOPY_JOURNAL=$user_place/journal.db
    chmod 777 -- "$arena"
  }

  begin "without privileges: a source that may not be read"
  set_up() { text new >source; chmod 000 source; }
  same_as_cp set_up source new
  expect_refused 1 "^rcopy: cannot open '.*source': Permission denied"

  begin "without privileges: a source in a directory that may not be searched"
  set_up() { mkdir closed; text new >closed/source; chmod 600 closed; }
  same_as_cp set_up closed/source new
  chmod -R u+rwx -- "$arena"

  begin "without privileges: a destination that may not be written"
  set_up() { text new >source; text old >dest; chmod 444 dest; }
  same_as_cp set_up source dest
  expect_refused 1 "^rcopy: cannot overwrite '.*dest': Permission denied"

  begin "without privileges: a new file in a directory that may not be written"
  set_up() { text new >source; mkdir directory; text old >directory/old; chmod 555 directory; }
  same_as_cp set_up source directory
  expect_refused 1 "^rcopy: cannot create '.*directory/.*': Permission denied"

  begin "without privileges: an old file in such a directory stays, where cp would write into it"
  cd -- "$both"
  as_user run source directory/old
  expect_refused 1 "^rcopy: cannot create '.*directory/.*': Permission denied"
  [[ $(cat directory/old) == old ]] || fail "it changed"
  cd -- "$work"

  if ((EUID == 0)); then
    begin "without privileges: a source of another owner, also with -p and set-id bits"
    shown=$and_mtime
    for mode in 644 4755 2755 6755; do
      set_up() {
        text new >source
        chown 1:1 source
        chmod "$mode" source
        touch -d '2001-01-01 01:01:01.1' source
      }
      same_as_cp set_up -p source dest
    done
    shown=$mode_owner_size

    begin "without privileges: over a set-id file of another owner: not its set-id bits"
    for mode in 4777 2777 6777; do
      rm -rf -- "$both"
      mkdir -m 777 -- "$both"
      cd -- "$both"
      text new >source
      text old >dest
      chown 1:1 dest
      chmod "$mode" dest
      as_user run source dest
      expect_copied source dest
      [[ $(stat -c '%a %u %g' dest) == '777 65534 65534' ]] || fail "it is $(stat -c '%a %u %g' dest)"
      cd -- "$work"
    done
  fi

  begin "without privileges: over a set-id file of the user's own"
  for mode in 4755 2755 6711; do
    set_up() { text new >source; text old >dest; chmod 644 source; chmod "$mode" dest; }
    same_as_cp set_up source dest
    same_as_cp set_up -p source dest
    set_up() { text new >source; text old >dest; chmod "$mode" source; chmod 644 dest; }
    same_as_cp set_up source dest
    same_as_cp set_up -p source dest
  done
  owner=0:0 cp_launcher=() rcopy_runner=() RCOPY_JOURNAL=$journal
else
  skip_case "a user without privileges cannot reach $work"
fi

if ((EUID == 0)); then
  begin "as root: -p keeps the owner, and an existing destination keeps its own without -p"
  shown=$and_mtime
  set_up() {
    text new >source
    text old >dest
    chown 1:2 source
    chown 3:4 dest
    chmod 4750 source
    chmod 620 dest
    touch -d 2001-01-01 source dest
  }
  same_as_cp set_up -p source new
  same_as_cp set_up -p source dest
  shown=$mode_owner_size
  same_as_cp set_up source dest
  same_as_cp set_up source new

  begin "as root: a set-id file of a user, as source and as destination"
  for mode in 4755 2755 6711 4777; do
    set_up() {
      text new >source
      text old >dest
      chown 1:2 source
      chmod "$mode" source
    }
    same_as_cp set_up -p source new
    same_as_cp set_up -p source dest
    same_as_cp set_up source new
    same_as_cp set_up source dest
    set_up() {
      text new >source
      text old >dest
      text other >old-source
      chown 1:2 dest
      chmod "$mode" dest
    }
    same_as_cp set_up source dest
    # With -p, some cp leave the old set-group-id bit to the new group.
    cd -- "$both"
    run -p old-source dest
    cd -- "$work"
    expect_copied "$both/old-source" "$both/dest"
    [[ $(stat -c '%a %u %g' "$both/dest") == '644 0 0' ]] || fail "it has other attributes"
  done

  begin "as root: a destination that nobody may write, and a source that nobody may read"
  set_up() { text new >source; text old >dest; chmod 000 source; chmod 444 dest; }
  same_as_cp set_up source dest
else
  skip_case "only root can give files away"
fi

# --- what cp would do otherwise, or what needs a closer look ----------------------------------

begin "the same file by another name: an error, and nothing is touched"
text content >file
ln file hard
ln -s file soft
mkdir directory
ln ./file directory/file
for pair in 'file file' 'file ./file' 'file hard' 'hard file' 'file soft' 'soft file' 'soft soft' \
  'file directory' "file $work/file" 'file directory/../file' 'file directory/file' \
  "$work/soft directory/file"; do
  before=$(fingerprint file)$(stat -c %N soft)
  # shellcheck disable=SC2086  # two words
  run $pair
  expect_refused 1 "^rcopy: cannot copy '${pair% *}': it and '.*' are the same file"
  [[ $(fingerprint file)$(stat -c %N soft) == "$before" ]] || fail "it was touched"
  [[ ! -e .file.rcopy-part && ! -e directory/.file.rcopy-part ]] || fail "there is a partial"
done

begin "a FIFO, socket, character device or directory as source: an error at once"
mkfifo fifo
run fifo new
expect_refused 1 "^rcopy: cannot copy 'fifo': it is a FIFO"
for device in /dev/null /dev/zero /dev/tty; do
  run "$device" new
  expect_refused 1 "^rcopy: cannot copy '$device': it is a character device"
done
if perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1) or exit 1' 2>"$err"; then
  run socket new
  expect_refused 1 "^rcopy: cannot copy .*: it is a socket"
else
  skip_case "no socket can be made: $(tail -n 1 "$err")"
fi
expect_none new

begin "a FIFO, device or directory as destination: an error at once, and it stays"
before=$(stat -c '%F %i' fifo)
run file fifo
expect_refused 1 "^rcopy: cannot overwrite '.*fifo': it is a FIFO"
[[ $(stat -c '%F %i' fifo) == "$before" ]] || fail "it was replaced"
run file /dev/null
expect_refused 1 "^rcopy: cannot overwrite '/dev/null': it is a character device"
[[ -c /dev/null ]] || fail "/dev/null was replaced"

begin "sizes around the block of 1 MiB, and none at all"
for bytes in 0 1 4095 4096 4097 MiB-1 MiB MiB+1 2*MiB 3*MiB+5 9*MiB-1; do
  bytes=$((bytes))
  make_file "$bytes" "$bytes" sized
  rm -f -- new "$journal"*
  run -v sized new
  expect_copied sized new
  expect_printed "xxh128 $(hash_of sized),"
  expect_row 'status, total_bytes, transferred_bytes, durable_bytes' "complete|$bytes|$bytes|$bytes"
  hash=$(journal_query "select ifnull(file_hash, '') from transfer_state")
  [[ $hash == "$(hash_of sized)" || ($bytes == 0 && -z $hash) ]] ||
    fail "in the journal is the hash $hash"
done

begin "an existing destination that is longer or shorter than the source"
for bytes in 0 10 $((2 * MiB)); do
  make_file "$bytes" 5 new
  make_file $((MiB + 3)) 6 sized
  run sized new
  expect_copied sized new
done

begin "who reads the old destination meanwhile keeps the old content"
text old >new
exec 8<new
run file new
expect_same file new
[[ $(cat <&8) == old ]] || fail "what the reader sees changed"
exec 8<&-

begin "names that are not UTF-8, have newlines, quotes or dashes, or 255 bytes"
mkdir there
long=$(printf 'n%.0s' {1..255})
wide=$(printf 'ä%.0s' {1..127})
# shellcheck disable=SC2016  # these are names
names=($'\xff\xfe\x80' $'new\nline' $'tab\tand\x1b[31mescape' "quote'\"quote" 'back\slash' - -v
  -- --help ' ' '*' '[a,b]' a=b '~' '$HOME' .hidden ..double "$wide" "$long"
  "${long:0:243}" "${long:0:244}")
for name in "${names[@]}"; do
  make_file $((MiB + 9)) 1 "./$name"
  run -- "$name" there
  expect_status 0
  expect_lines 0
  expect_same "./$name" "there/$name"
  run -- "./$name" "there/../there/$name"
  expect_status 0
  hex=$(printf %s "$(realpath -- there)/$name" | od -An -v -tx1 | tr -d ' \n')
  known=$(journal_query "select count(*) from transfer_state
    where hex(dest_path) = upper('$hex') and status = 'complete'")
  [[ $known == 1 ]] || fail "the journal knows it $known times"
  [[ -z $(find there -name '*rcopy-part') ]] || fail "there is a partial"
  rm -- "./$name"
done
[[ $(find there -mindepth 1 -printf x | wc -c) == "${#names[@]}" ]] || fail "there are other files"

begin "and 256 bytes are refused"
run file "there/${long}n"
expect_refused 1 'File name too long'

begin "a destination that is deep below, relative, with dots"
mkdir -p deep/below/it
cd deep/below
run ../../file ./it/../../new
expect_status 0
expect_same ../../file ../new
cd -- "$work"
