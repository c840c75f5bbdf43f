# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# With cp as the oracle: both do the same, one after the other, and all that is there afterwards is compared. To be
# sourced after lib.sh.

# state_of DIRECTORY FORMAT: every name, what stat says in FORMAT, and every content. The time of what was made now
# is none to compare. There are thousands of cases, so that each process counts.
state_of() {
  if [[ $2 == *%y* ]]; then
    every_state_of "$@" | sed -E "s/ $this_year-[0-9]+-[0-9]+ [0-9:.]+ \\+0000/ now/"
  else
    every_state_of "$@"
  fi
}

every_state_of() (
  cd -- "$1"
  shopt -s dotglob globstar nullglob
  names=(**) files=()
  for name in "${names[@]}"; do
    [[ ! -f $name || -L $name ]] || files+=("$name")
  done
  # What a user may not look at is not compared.
  ((${#names[@]} == 0)) || stat -c "%N %F $2" -- "${names[@]}" || true
  ((${#files[@]} == 0)) || xxh128sum -- "${files[@]}" 2>/dev/null || true
)

# set_up_for_both SETUP
set_up_for_both() {
  mkdir -- "$both"
  cd -- "$both"
  "$1"
  [[ $owner == 0:0 ]] || ((EUID != 0)) || chown -Rh --from=0:0 "$owner" .
  cd -- "$work"
}

# same_as_cp SETUP ARGUMENT...: SETUP makes files in an empty directory; there, cp and then rcopy, in the same
# directory made again, with the same arguments must leave the same, and fail both or not at all. $shown is what
# stat compares, and $mask the umask of both. Of all calls, only one in $one_in is made.
same_as_cp() {
  local setup=$1 expected=0
  shift
  ((asked++ % one_in == 0)) || return 0
  rm -rf -- "$arena"/{cp,both,again}
  set_up_for_both "$setup"
  ((EUID != 0)) || cp -a -- "$both" "$arena/again" # others cannot copy all that they can make
  cd -- "$both"
  umask "$mask"
  "${cp_launcher[@]}" cp "$@" 2>"$err" || expected=1
  umask 022
  cd -- "$work"
  state_of "$both" "$shown" >"$work/.state-cp"
  mv -- "$both" "$arena/cp"
  if ((EUID == 0)); then mv -- "$arena/again" "$both"; else set_up_for_both "$setup"; fi
  cd -- "$both"
  umask "$mask"
  "${rcopy_runner[@]}" run "$@"
  umask 022
  cd -- "$work"
  ((status <= 2)) || fail "status $status"
  ((expected == (status != 0))) || fail "cp ended with $expected, rcopy with $status"
  state_of "$both" "$shown" >"$work/.state-rcopy"
  diff -- "$work/.state-cp" "$work/.state-rcopy" || fail "< is what cp left, > what rcopy left"
}

printf -v this_year '%(%Y)T'
arena=$work/arena
both=$arena/both
owner=0:0
cp_launcher=()
rcopy_runner=()
readonly mode_owner_size='%a %u %g' and_mtime='%a %u %g %s %y'
shown=$mode_owner_size
mask=022
one_in=1
asked=0
mkdir -- "$arena"
