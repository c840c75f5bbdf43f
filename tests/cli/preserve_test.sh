#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# --preserve and --no-preserve, one by one and together, with extended attributes, ACLs and capabilities:
# what cp gives a copy, rcopy does.
# labels: once
# shellcheck disable=SC2317  # set_up is called by name
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/cli/cp.sh
source "$here/cp.sh"

for tool in getfattr setfattr getfacl setfacl; do
  command -v "$tool" >/dev/null || skip "$tool is missing"
done
: >probe
setfattr -n user.probe -v 1 probe 2>"$err" || skip "no extended attributes here: $(<"$err")"
setfacl -m u:1234:r probe 2>"$err" || skip "no ACLs here: $(<"$err")"

# give_capability CAPABILITY FILE: where that can be tried.
give_capability() {
  if [[ $capabilities ]]; then setcap "$1+ep" "$2"; fi
}
capabilities=yes
if ((EUID != 0)) || ! setcap cap_net_raw+ep probe 2>"$err"; then
  capabilities=
  skip_case "no capabilities can be given: $(tail -n 1 "$err")"
fi

# Besides what cp_test compares.
plain_state=$(declare -f state_of)
eval "plain_${plain_state}"
state_of() {
  plain_state_of "$@"
  (cd -- "$1" && find . -type f -print0 | sort -z |
    xargs -0r sh -c 'getfattr -h -d -m "^(user|trusted|security\.capability)" -- "$@"; getfacl -n -- "$@"' sh)
}

shown='%a %u %g %s'
a_source() {
  printf 'new\n' >source
  chmod 6754 source
  setfattr -n user.kind -v source source
  setfattr -n user.empty source
  setfacl -m u:1234:rx,g:5678:w source
  if ((EUID == 0)); then
    setfattr -n trusted.note -v note source
    chown 1000:1001 source
    give_capability cap_net_raw source
  fi
  touch -d 2001-02-03 source
}
a_destination() {
  printf 'old\n' >dest
  chmod 640 dest
  setfattr -n user.mine -v mine dest
  setfattr -n user.kind -v dest dest
  setfacl -m u:4321:r dest
  give_capability cap_net_bind_service dest
}

lists=('' -p --preserve --preserve=mode --preserve=ownership --preserve=timestamps --preserve=xattr
  --preserve=mode,xattr --preserve=timestamps,ownership --preserve=all '-p --no-preserve=mode'
  '-p --no-preserve=ownership' '-p --no-preserve=timestamps' --no-preserve=mode '--preserve=all --no-preserve=xattr'
  '--no-preserve=all' '-p --preserve=xattr' '--preserve=all --backup' '--remove-destination' '-b')
for where in new existing 'in a directory with a default ACL'; do
  begin "as cp, $where"
  set_up() {
    a_source
    case $where in
      new) ;;
      existing) a_destination ;;
      *) setfacl -d -m u:777:rwx . ;;
    esac
  }
  for options in "${lists[@]}"; do
    [[ $where != in* || $options =~ ^(-p|--preserve|--preserve=(all|mode.*))$ ]] || continue # see the man page
    # shellcheck disable=SC2086  # words
    same_as_cp set_up $options source dest
  done
done

begin "up to date, and then attributes are asked for: they come, and not a byte is copied"
rm -f -- source dest
a_source
run source dest
expect_copied source dest
inode=$(stat -c %i dest)
run --preserve=all source dest
expect_status 0
[[ $(stat -c %i dest) == "$inode" ]] || fail "it was copied again"
[[ $(getfattr --only-values -n user.kind dest) == source ]] || fail "the extended attribute is missing"
[[ $(getfacl -cn dest) == "$(getfacl -cn source)" ]] || fail "the ACL is another"

begin "the owner of a read-only copy gives it attributes"
rm -f -- dest
printf 'new\n' >source
chmod 444 source
run source dest
run --preserve=xattr source dest
expect_status 0
setfattr -n user.late -v late source 2>"$err" || chmod 644 source && setfattr -n user.late -v late source && chmod 444 source
run --preserve=xattr source dest
expect_status 0
[[ $(getfattr --only-values -n user.late dest) == late ]] || fail "it is missing"
[[ $(stat -c %a dest) == 444 ]] || fail "the mode is another"

begin "what is not supported says so"
run --preserve=context source dest
expect_status 2
expect_said "^rcopy: SELinux contexts are not supported"
run --preserve=mode,nonsense source dest
expect_status 2
expect_said "invalid value 'nonsense' for --preserve; one of: mode, ownership, timestamps, links, context, xattr, all"
