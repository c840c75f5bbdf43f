# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What src/run.sh and tests/run.sh share: install the Debian packages that are missing, and bring a
# build in .build/ up to date. To be sourced by a script with `set -euo pipefail`. Says nothing on
# standard output, asks nothing, changes no working directory.

top=$(dirname -- "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")")
builds=$top/.build
packages=(cmake g++ libcli11-dev libfmt-dev libsqlite3-dev libxxhash-dev ninja-build nlohmann-json3-dev pkgconf)

say() {
  printf 'rcopy: %s\n' "$*" >&2
}

# Ends the script with the exit code that means "nothing was touched, run again after fixing it".
give_up() {
  say "$@"
  exit 2
}

# logged COMMAND...: runs it silently; when it fails, shows what it said and gives up.
logged() {
  "$@" >>"$builds/log" 2>&1 </dev/null && return
  cat -- "$builds/log" >&2
  give_up "this command failed: $*"
}

# install_packages PACKAGE...: asks apt only for what is missing. On a system without dpkg nothing
# is done here, and CMake names what it cannot find.
install_packages() {
  command -v dpkg-query >/dev/null || return 0
  local installed missing as_root=()
  # shellcheck disable=SC2016  # dpkg-query fills these in
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null) || true
  missing=$(comm -23 <(printf 'installed %s\n' "$@" | sort) <(sort <<<"$installed") | cut -d ' ' -f 2)
  [[ -n $missing ]] || return 0

  mapfile -t missing <<<"$missing"
  local install=(apt-get install -y --no-install-recommends "${missing[@]}")
  if ((EUID != 0)); then
    sudo -n true 2>/dev/null || give_up "packages are missing; as root run: ${install[*]}"
    as_root=(sudo -n)
  fi
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  say "installing ${missing[*]}"
  # A failed update is not the end: the lists may be good enough for the install.
  "${as_root[@]}" apt-get update >>"$builds/log" 2>&1 </dev/null || true
  logged "${as_root[@]}" "${install[@]}" -o DPkg::Lock::Timeout=600
}

# up_to_date PROGRAM: good enough to know whether a message is due; the build itself knows better.
up_to_date() {
  [[ -x $1 && -z $(find "$top/include" "$top/src" -name '*.[ch]pp' -newer "$1" -print -quit) ]]
}

# What root built belongs to the owner of the checkout, who can then build again without root.
give_back() {
  ((EUID != 0)) || chown -R --reference="$top" -- "$builds"
}

# build PRESET TARGET [CMAKE OPTION]...: after this TARGET is up to date. One at a time: others wait.
build() {
  local preset=$1 target=$2 lock
  shift 2
  local configure=(cmake -S "$top" --preset "$preset" "$@")
  mkdir -p -- "$builds" && [[ -w $builds ]] || give_up "cannot write to $builds"
  trap give_back EXIT
  exec {lock}>>"$builds/lock"
  flock "$lock"
  : >"$builds/log"

  install_packages "${packages[@]}"
  up_to_date "$builds/$preset/rcopy" || say "building rcopy ($preset) ..."
  # A cache that names another place came along with a copied or moved checkout.
  if ! grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$top" "$builds/$preset/CMakeCache.txt" ||
    [[ ! -f $builds/$preset/build.ninja ]]; then
    logged "${configure[@]}" --fresh
  elif (($#)); then
    logged "${configure[@]}"
  fi
  logged cmake --build "$builds/$preset" --target "$target"

  give_back
  trap - EXIT
  exec {lock}>&-
}
