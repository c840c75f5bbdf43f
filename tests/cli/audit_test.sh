#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --audit: finished copies are read from the medium again and compared with the journal. What nobody wrote to and is
# different all the same is corrupt; what somebody wrote to is not.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

make_file $((5 * MiB + 1)) 1 source
make_file 1000 2 small
readonly other=0123456789abcdef0123456789abcdef

begin "without a journal there is nothing to audit, which it says, and none is made"
run --audit
expect_status 0
expect_lines 1
expect_said "^rcopy: warning: '$journal': the journal knows no finished copy, so nothing was checked$"
run --audit=small
expect_refused 1 "^rcopy: cannot check 'small': the journal knows no finished copy there; trees are known after --catalog"
expect_none "$(dirname -- "$journal")"

begin "everything as it was: nothing is said"
mkdir one two
run source one/large
run small two/small
run --audit
expect_status 0
expect_silence
run -v --audit
expect_printed "^'$work/one/large': OK$"
expect_printed "^'$work/two/small': OK$"
expect_printed '^2 files intact, 5.0 MiB read in '

begin "content that is not what the journal says: named with both hashes, and 3"
journal_query "update transfer_state set file_hash = '$other' where dest_path like '%large'"
run --audit
expect_status 3
expect_lines 1
expect_said "^rcopy: '$work/one/large': FAILED: the medium gives xxh128 $(hash_of source), the journal says $other; "
run --audit --json
expect_status 3
expect_printed "^\{\"type\":\"checked\",\"time\":\"20[^\"]*\",\"path\":\"$work/one/large\",\"verdict\":\"different\",.*\"expected_xxh128\":\"$other\""
expect_printed '^\{"type":"summary","time":".*"exit_code":3,.*"intact_files":1,"different_files":1,'

begin "only what is below a path"
run -v --audit=two
expect_status 0
expect_printed '^1 file intact'
(cd two && run --audit=. && expect_status 0)
(cd two && run --audit=../one && expect_status 3)
run --audit=one/large
expect_status 3
run --audit=tw
expect_refused 1 "^rcopy: cannot check 'tw': the journal knows no finished copy there"

begin "what somebody wrote to is no corruption"
printf x >>one/large
run --audit
expect_status 0
expect_silence
run -v --audit
expect_printed "^'$work/one/large': changed since it was copied$"
expect_printed '^1 file intact, .* 1 changed since they were copied$'

begin "what is gone"
rm one/large
run --audit
expect_status 1
expect_refused 1 "'$work/one/large': No such file or directory"
run --forget=one/large
rm -r one
run --audit
expect_status 0

begin "trees that are kept by --catalog, whatever their names are built of"
mkdir -p tree/sub
for i in 1 2 3; do make_file 5000 "$i" "tree/sub/$i"; done
make_file $((6 * MiB)) 9 tree/large
run -r --catalog tree named
run -r --catalog tree/. nameless
run -v --audit
expect_status 0
expect_printed '^9 files intact'
run -v --audit=named/sub
expect_printed '^3 files intact'
run -v --audit=nameless/sub/1
expect_printed '^1 file intact'
journal_query "update tree_state set root_name = null" # as journals had it before
run -v --audit
expect_printed '^9 files intact'

journal_query "update tree_file set file_hash = x'$other' where lower(hex(file_hash)) = '$(hash_of tree/sub/2)' and tree_id = 1"
run --audit
expect_status 3
expect_lines 1
expect_said "^rcopy: '$work/named/sub/2': FAILED: the medium gives xxh128 $(hash_of tree/sub/2), the journal says $other"

printf x >>named/sub/2
echo new >named/new
rm nameless/sub/1
run -v --audit
expect_status 1
expect_printed "^'$work/named/sub/2': changed since it was copied$"
expect_said "^rcopy: cannot find '$work/nameless': 1 of its files are not where they were copied to"
expect_printed '^7 files intact, .* 1 missing, 1 changed'
rm -r nameless
run --audit
expect_status 1

begin "a tree that cannot be looked at is not called missing"
rm -r named
ln -s named named
run --audit --json
expect_status 1
expect_printed "\"path\":\"$work/named\",\"verdict\":\"unreadable\""
expect_printed "\"path\":\"$work/nameless\",\"verdict\":\"missing\""

begin "a block that changes below the file system"
loop_case() {
  local at
  truncate -s 32M image
  mkdir mnt
  if ! { mkfs.ext4 -q -F image && mount -o loop image mnt; } 2>"$err"; then
    skip_case "no ext4 can be mounted: $(tail -n 1 "$err")"
    return 0
  fi
  mounts+=("$work/mnt")
  make_file $((2 * MiB)) 77 unique
  run --no-verify unique mnt/copy
  expect_status 0
  run --audit=mnt
  expect_status 0
  umount mnt
  # Where the copy lies on the disk: its first 4 KiB are nowhere else.
  at=$(LC_ALL=C grep -abo -m 1 -F -- "$(head -c 200 unique)" image | head -n 1 | cut -d : -f 1)
  [[ $at ]] || fail "the copy is not on the image"
  flip_byte image $((at + 123))
  mount -o loop image mnt
  run --audit=mnt
  expect_status 3
  expect_said "^rcopy: '$work/mnt/copy': FAILED: .*, the journal says $(hash_of unique); "
  umount mnt
  mounts=()
  run --audit=mnt
  expect_status 1
  expect_said "'$work/mnt/copy'"
}
if ((EUID == 0)) && command -v mkfs.ext4 >/dev/null; then loop_case; else skip_case "only root can mount"; fi
