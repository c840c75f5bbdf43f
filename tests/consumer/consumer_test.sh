#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What `cmake --install` leaves can be used: through find_package and through pkg-config, each
# public header alone, and the library copies. Usage: consumer_test.sh BUILD_DIRECTORY.
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
