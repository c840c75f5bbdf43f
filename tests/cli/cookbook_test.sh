#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# labels: once
#
# The recipes of docs/cookbook.md, taken from the page and run: where they succeed, and where they fail. Only
# the names of directories and devices are others. A block of the page has a name behind its language. And what
# README.md lets a new user do first.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
page=$here/../../docs/cookbook.md

# --- the recipes ------------------------------------------------------------------------------

device=$work/no-device
mkdir -p bin media/STICK mnt/{backup,staging,new} srv/{data,www,tools} log home project
ln -s -- "$RCOPY" bin/rcopy
for one in umount lsblk make; do # what a recipe calls besides, and what this place does not have
  printf '#!/bin/sh\nexit 0\n' >"bin/$one"
  chmod +x "bin/$one"
done
PATH=$work/bin:$PATH

# in_this_place: the names of the page, as they are here.
in_this_place() {
  sed -e "s|/media/me/|$work/media/|g; s|/mnt/|$work/mnt/|g; s|/srv/|$work/srv/|g; s|/home/\.|$work/home/.|g" \
    -e "s|/var/log/|$work/log/|g; s|/var/lib/|$work/|g; s|/usr/local/bin/|$work/bin/|g" \
    -e "s|/usr/bin/rcopy|$work/bin/rcopy|g; s|/dev/sdX|$device|g"
}

# blocks LANGUAGE [NAME]: what is between the fences.
blocks() {
  awk -v fence="\`\`\`$1${2:+ $2}" '
    inside && /^```/ { inside = 0; next }
    inside { print; found = 1 }
    $0 == fence { inside = 1 }
    END { exit !found }' "$page" || fail "the page has no block '$*'"
}

# recipe NAME [ARGUMENT]...: runs it as a script; then $status, $out and $err are as after run.
recipe() {
  blocks sh "$1" | in_this_place >"$work/.recipe"
  run_command timeout --foreground -s KILL "$patience" bash -e "$work/.recipe" "${@:2}"
}

expect_mail() { grep -qE -- "$1" "$out" || fail "the mail does not say: $1; but: $(cat "$out")"; }

begin "a large file to a stick: copied, then up to date; with no stick there it fails"
make_file $((5 * MiB + 3)) 1 big.iso
recipe stick
expect_copied big.iso media/STICK/big.iso
recipe stick
expect_status 0
mv media/STICK media/.gone
blocks sh stick | sed 's/ --wait//' | in_this_place >.recipe # nobody brings it back
run_command bash -e .recipe
expect_refused 2 'the directory does not exist'
mv media/.gone media/STICK

begin "cron: the line says nothing when all is well, and something when not"
echo first >srv/data/first
make_file $((3 * MiB)) 2 srv/data/large
blocks cron | in_this_place | grep '^[0-9]' >lines
(($(wc -l <lines) == 2)) || fail "there are other lines: $(cat lines)"
awk '{ for (i = 1; i <= 5; ++i) if ($i !~ /^[0-9*,\/-]+$/) exit 1 }' lines || fail "this is no crontab: $(cat lines)"
head -n 1 lines | sed -E 's/^([^ ]+ +){5}//' >line
run_command sh line
expect_copied srv/data/large mnt/backup/data/large
expect_silence
rm -r mnt/backup
run_command sh line
expect_refused 2 'the directory does not exist'
expect_none mnt/backup
mkdir mnt/backup

begin "cron: the script says nothing when it is done or its time was over, and sends the log when not"
blocks sh nightly-copy | in_this_place >bin/nightly-copy
chmod +x bin/nightly-copy
tail -n 1 lines | sed -E 's/^([^ ]+ +){5}//' >line
grep -qx "$work/bin/nightly-copy" line || fail "the line does not call the script: $(cat line)"
run_command sh line
expect_copied srv/data/large mnt/backup/data/large
expect_silence
make_file $((40 * MiB)) 3 srv/data/larger
run_command bin/nightly-copy --max-duration=1s --bwlimit=4M
expect_status 0
expect_silence
expect_none mnt/backup/data/larger
run_command bin/nightly-copy
expect_silence
expect_copied srv/data/larger mnt/backup/data/larger
run_command bin/nightly-copy --journal="$work/mnt"
expect_status 6
expect_mail 'the journal cannot be used'
mv mnt/backup mnt/.gone
run_command bin/nightly-copy
expect_status 2
expect_mail 'the copy failed with 2'
expect_mail "cannot .*$work/mnt/backup"
mv mnt/.gone mnt/backup

begin "systemd: the units are good, and the service does what they say"
mkdir units
for unit in rcopy-nightly.service rcopy-nightly.timer; do blocks ini "$unit" | in_this_place >"units/$unit"; done
if command -v systemd-analyze >/dev/null; then
  run_command systemd-analyze verify units/rcopy-nightly.service units/rcopy-nightly.timer
  expect_status 0
  ! grep -F rcopy-nightly "$err" || fail "systemd-analyze finds something"
  run_command systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' units/rcopy-nightly.timer)"
  expect_status 0
else
  skip_case "systemd-analyze is not installed"
fi
read -ra command <<<"$(sed -n 's/^ExecStart=//p' units/rcopy-nightly.service)"
assignment=$(sed -n 's/^Environment=//p' units/rcopy-nightly.service)
echo second >srv/data/second
run_command env -i "$assignment" "${command[@]}"
expect_copied srv/data/second mnt/backup/data/second
expect_silence
[[ -e ${assignment#*=} ]] || fail "there is no journal at $assignment"
make_file $((40 * MiB)) 4 srv/data/larger
run_command env -i "$assignment" "${command[@]}" --max-duration=1s --bwlimit=4M
expect_status "$(sed -n 's/^SuccessExitStatus=//p' units/rcopy-nightly.service)"

# --- continuous integration -------------------------------------------------------------------

# github_step NAME: the script of a step.
github_step() {
  blocks yaml .github/workflows/stage.yml | awk -v name="- name: $1" '
    { text = $0; sub(/^ */, "", text); indent = length($0) - length(text) }
    inside && indent > at { print text; next }
    inside { exit }
    text == name { found = 1 }
    found && text == "run: |" { inside = 1; at = indent }
    found && sub(/^run: /, "", text) && text != "|" { print text; exit }'
}

# gitlab_job NAME: the script of a job.
gitlab_job() {
  blocks yaml .gitlab-ci.yml | awk -v name="$1:" '
    /^[^ ]/ { inside = $0 == name; script = 0 }
    inside && $1 == "script:" { script = 1; next }
    script && sub(/^ +- /, "") { print; next }
    { script = 0 }'
}

# ci COMMAND...: what it prints is run as a job, in the checkout.
ci() {
  "$@" | in_this_place >"$work/.job"
  [[ -s $work/.job ]] || fail "the page has no: $*"
  cd -- project
  run_command bash --noprofile --norc -eo pipefail "$work/.job"
  cd -- ..
}

export GITHUB_SHA=1111 CI_COMMIT_SHA=2222
mkdir project/dist
make_file $((2 * MiB + 7)) 5 project/dist/tool.tar
echo readme >project/dist/readme
for service in github gitlab; do
  if [[ $service == github ]]; then
    commit=$GITHUB_SHA
    stage() { ci github_step Build; expect_status 0; ci github_step Stage; }
    check() { ci github_step 'Check what was staged'; }
    deploy() { ci github_step Deploy; }
  else
    commit=$CI_COMMIT_SHA
    stage() { ci gitlab_job stage; }
    check() { ci gitlab_job deploy; }
    deploy() { ci gitlab_job deploy; }
  fi
  staged=mnt/staging/$commit

  begin "$service: staged, checked and deployed"
  stage
  expect_status 0
  expect_same project/dist/tool.tar "$staged/dist/tool.tar"
  (($(wc -l <"$staged.xxh128") == 2)) || fail "the manifest is: $(cat "$staged.xxh128")"
  xxh128sum -c "$staged.xxh128" >"$out" 2>"$err" || fail "xxh128sum does not agree"
  check
  expect_status 0
  deploy
  expect_status 0
  expect_same project/dist/tool.tar srv/www/dist/tool.tar
  rm -r srv/www/dist

  begin "$service: the check fails where a file has changed, and where one is missing; nothing is deployed"
  flip_byte "$staged/dist/tool.tar" 1000
  check
  expect_status 3
  expect_said 'tool.tar'
  rm -- "$staged/dist/tool.tar"
  check
  expect_status 1
  expect_said 'tool.tar'
  expect_none srv/www/dist

  begin "$service: where staging fails there is no manifest"
  rm -r -- "$staged" "$staged.xxh128"
  mv project/dist project/.dist
  stage
  expect_status 1
  expect_none "$staged.xxh128"
  mv project/.dist project/dist
done

begin "a hash that is known: the file is replaced only by one that has it"
echo old >srv/tools/tool.tar
cp project/dist/tool.tar tool.tar
xxh128sum tool.tar >tool.tar.xxh128
flip_byte tool.tar 5
recipe known-hash
expect_status 3
[[ $(cat srv/tools/tool.tar) == old ]] || fail "the old file is gone"
flip_byte tool.tar 5
recipe known-hash
expect_copied tool.tar srv/tools/tool.tar

# --- disks ------------------------------------------------------------------------------------

begin "an image to a stick, the next version of it, and back"
make_file $((6 * MiB)) 6 system.img
cp system.img system-2.img
flip_byte system-2.img $((3 * MiB))
if ((EUID != 0)); then
  skip_case "only root can attach loop devices"
elif truncate -s 8M disk && ! losetup --find --show -- disk >"$out" 2>"$err"; then
  skip_case "no loop device can be attached: $(tail -n 1 "$err")"
else
  device=$(cat "$out")
  loops+=("$device")
  recipe image
  expect_status 0
  cmp -n $((6 * MiB)) -- system.img "$device" || fail "the image is not on it"
  recipe image-again
  expect_status 0
  cmp -n $((6 * MiB)) -- system-2.img "$device" || fail "the second image is not on it"
  recipe disk
  expect_status 0
  expect_same "$device" disk.img
  truncate -s 5M small
  attach small
  recipe image
  expect_status 7
fi

begin "to a new disk: copied, brought up to date, compared, audited"
mkdir -p home/me/mail
make_file $((MiB + 1)) 7 home/me/mail/inbox
ln home/me/mail/inbox home/me/mail/again
echo one >home/me/one
recipe move
expect_status 0
echo changed >home/me/one
recipe move
expect_copied home/me/one mnt/new/me/one
[[ mnt/new/me/mail/inbox -ef mnt/new/me/mail/again ]] || fail "the two names of a file are two files"
recipe move-check
expect_status 0
! grep -q "$work/home" "$out" || fail "there is still something to copy: $(cat "$out")"
recipe move-audit
expect_status 0
flip_byte mnt/new/me/mail/inbox 77
recipe move-check
grep -qE "$work/home/.*(inbox|again)" "$out" || fail "the comparison finds nothing: $(cat "$out")"
rm -- mnt/new/me/one
recipe move-audit
expect_status 1
expect_said "^rcopy: cannot find .$work/mnt/new"

# --- the first ten minutes --------------------------------------------------------------------

begin "README: copied, interrupted, looked for, continued, audited"
page=$here/../../README.md
blocks sh ten-minutes | sed 's/ *#.*//; s/2100M/48M/' >minutes # less of it, to be quick
mapfile -t minutes <minutes
((${#minutes[@]} == 5)) || fail "there are other lines: $(cat minutes)"
mkdir ten
cd -- ten
eval "${minutes[0]}"
[[ ${minutes[1]} == 'rcopy --reflink=never disk.img stick/' && ${minutes[3]} == "${minutes[1]}" ]] || fail "it does not continue by the same command"
start --bwlimit=5M --reflink=never disk.img stick/ # so that there is time to interrupt it
wait_until 'a part is written' size_at_least "$(partial_of stick/disk.img)" $((2 * MiB))
kill -INT "$pid"
finish
expect_status 130
run_command bash -c "${minutes[2]}"
expect_status 0
expect_printed "$work/ten/disk.img"
run_command bash -c "${minutes[3]}"
expect_copied disk.img stick/disk.img
run_command bash -c "${minutes[4]}"
expect_status 0
cd -- ..
page=$here/../../docs/cookbook.md

# --- options ----------------------------------------------------------------------------------

begin "each option that the page calls one of rcopy exists"
rcopy --help | sed -nE 's/^ {2,6}(-[^ ]+( -[^ ]+)?).*/\1/p' | tr -d ' ' | tr , '\n' | sed -E 's/\[?=.*//' | sort >known
# shellcheck disable=SC2016  # signs of Markdown
# Of the tables what is in the second column, or in the first where that says "the same"; of the text all.
awk -F ' *[|] *' '
  /^```/ { inside = !inside }
  inside { next }
  /^[|]/ { print $3 ~ /^the same/ ? $2 : $3; next }
  { print }' "$page" | grep -oE '`[^`]*`' | tr -d '`' | grep -E '^(-|rcopy )' |
  grep -oE '(^| )--?[A-Za-z][a-z0-9-]*' | tr -d ' ' | sort -u >named
(($(wc -l <named) > 40)) || fail "the page names only $(wc -l <named) options"
comm -13 known named >"$err"
[[ ! -s $err ]] || fail "there are no such options"
