# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# With cp as the oracle: both do the same in directories of their own, and all that is there afterwards is
# compared. To be sourced after lib.sh.

# state_of DIRECTORY FORMAT: every name, what stat says in FORMAT, and every content. The time of what was made now
# is none to compare.
state_of() {
  every_state_of "$@" | sed -E "s/ $(date +%Y)-[0-9]+-[0-9]+ [0-9:.]+ \\+0000/ now/"
}

every_state_of() {
  # What a user may not look at is not compared.
  (cd -- "$1" && { find . ! -name . -print0 | sort -z | xargs -0r stat -c "%N %F $2" -- || true; } &&
    find . -type f ! -perm 000 -print0 | sort -z | xargs -0r xxh128sum -- 2>/dev/null)
}

# same_as_cp SETUP ARGUMENT...: SETUP makes files in an empty directory; there, cp and rcopy with
# the same arguments must leave the same, and fail both or not at all. $shown is what stat compares,
# and $mask the umask of both. Of all calls, only one in $one_in is made.
same_as_cp() {
  local setup=$1 tool expected
  shift
  ((asked++ % one_in == 0)) || return 0
  rm -rf -- "$arena"/{cp,rcopy}
  for tool in cp rcopy; do
    mkdir -- "$arena/$tool"
    cd -- "$arena/$tool"
    "$setup"
    ((EUID != 0)) || chown -Rh --from=0:0 "$owner" .
  done
  umask "$mask"
  cd -- "$arena/cp"
  expected=0
  "${cp_launcher[@]}" cp "$@" 2>"$err" || expected=1
  cd -- "$arena/rcopy"
  "${rcopy_runner[@]}" run "$@"
  cd -- "$work"
  umask 022
  ((status <= 2)) || fail "status $status"
  ((expected == (status != 0))) || fail "cp ended with $expected, rcopy with $status"
  state_of "$arena/cp" "$shown" >"$work/.state-cp"
  state_of "$arena/rcopy" "$shown" | sed "s:$arena/rcopy:$arena/cp:" >"$work/.state-rcopy"
  diff -- "$work/.state-cp" "$work/.state-rcopy" || fail "< is what cp left, > what rcopy left"
}

arena=$work/arena
owner=0:0
cp_launcher=()
rcopy_runner=()
readonly mode_owner_size='%a %u %g' and_mtime='%a %u %g %s %y'
shown=$mode_owner_size
mask=022
one_in=1
asked=0
mkdir -- "$arena"
