#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What `cmake --install` leaves can be used: through find_package and through pkg-config, each
# public header alone, and the library copies. The example of docs/examples is built by the command that
# it names, and stops and goes on as it says. Usage: consumer_test.sh BUILD_DIRECTORY.
set -euo pipefail
here=$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")
build=$1

if [[ -n ${RCOPY_SANITIZER:-} ]]; then
  echo "skipped: an installed library is not built with a sanitizer ($RCOPY_SANITIZER)"
  exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
prefix=$scratch/installed
export RCOPY_JOURNAL=$scratch/journal.db
printf 'the quick brown fox' >"$scratch/source"

# copies PROGRAM: the program makes a true copy.
copies() {
  "$1" "$scratch/source" "$scratch/destination"
  cmp -- "$scratch/source" "$scratch/destination"
  rm -- "$scratch/destination"
}

# stops_and_goes_on PROGRAM: the example does.
stops_and_goes_on() {
  local status=0
  cd -- "$scratch"
  "$1" source destination 0 || status=$?
  [[ $status == 8 && ! -e destination ]] || { echo "FAILED: $1 ended with $status when its time was up"; exit 1; }
  "$1" source destination | grep "^proven, xxh128 $(xxh128sum source | cut -d ' ' -f 1)$"
  cmp -- source destination
  "$1" source destination 3600
  status=0
  "$1" missing destination 2>/dev/null || status=$?
  [[ $status == 1 ]] || { echo "FAILED: $1 ended with $status without a source"; exit 1; }
  rm -- destination copy-journal.db*
}

cmake --install "$build" --prefix "$prefix"
copies "$prefix/bin/rcopy"

cmake -S "$here" -B "$scratch/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix"
cmake --build "$scratch/build"
copies "$scratch/build/consumer"

PKG_CONFIG_PATH=$(dirname -- "$(find "$prefix" -name rcopy.pc)")
export PKG_CONFIG_PATH
read -ra flags <<<"$(pkg-config --cflags --libs rcopy)"
"${CXX:-c++}" -std=c++20 "$here/main.cpp" "${flags[@]}" -o "$scratch/consumer"
copies "$scratch/consumer"

stops_and_goes_on "$scratch/build/copy"
cp -- "$here/../../docs/examples/copy.cpp" "$scratch"
cd -- "$scratch"
command=$(sed -n 's|^//   ||p' copy.cpp)
[[ $command == c++\ * ]] || { echo "FAILED: the example does not say how it is built"; exit 1; }
eval "${command/#c++/${CXX:-c++}}"
stops_and_goes_on ./copy
