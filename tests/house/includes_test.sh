#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The house has levels: this checks every #include in include/ and src/ against the table of
# docs/design.md. Usage: includes_test.sh [CHECKOUT]. First it checks itself on planted includes.
set -euo pipefail
top=$(realpath -- "${1:-$(dirname -- "${BASH_SOURCE[0]}")/../..}")

# Per folder: the folders it may include, and besides the C++ standard library the other headers,
# as one extended regular expression each. <csignal> counts as POSIX: signals live in cli alone.
# The system serves io for files, ui for the terminal and the log, cli for signals, user and standard streams.
table='
include/rcopy  rcopy                              -
src/base       rcopy|base                         fmt/.+
src/io         rcopy|base|io                      (linux|sys)/.+|(dirent|fcntl|unistd)\.h
src/hash       rcopy|base|hash                    xxhash\.h|xxh_x86dispatch\.h
src/journal    rcopy|base|io|hash|journal         sqlite3\.h
src/engine     rcopy|base|io|hash|journal|engine  -
src/ui         rcopy|base|ui                      (fmt|nlohmann)/.+|sys/ioctl\.h|(fcntl|langinfo|poll|unistd)\.h
src/cli        rcopy|base|ui|cli                  CLI/.+|csignal|(fcntl|pwd|signal|unistd)\.h
'

# findings TOP: one line for each include that the table does not allow.
findings() {
  local files
  files=$(cd -- "$1" && find include src -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.h' \))
  # shellcheck disable=SC2086  # the names have no spaces
  (cd -- "$1" && awk -v table="$table" '
    BEGIN {
      rows = split(table, row, "\n")
      for (r = 1; r <= rows; ++r) {
        if (split(row[r], cell, " +") != 3) continue
        folders[cell[1]] = "^(" cell[2] ")/[^.]"
        others[cell[1]] = "^(" cell[3] ")$"
      }
    }
    FNR == 1 {
      split(FILENAME, part, "/")
      folder = part[1] "/" part[2]
      if (!(folder in folders)) print FILENAME ": its folder is not in the table"
    }
    folder in folders && /^[ \t]*#[ \t]*(include|include_next|import)[^a-z_]/ {
      text = $0
      sub(/^[ \t]*#[ \t]*[a-z_]+[ \t]*/, "", text)
      header = substr(text, 2)
      sub(/[>"].*/, "", header)
      own = text ~ /^"/ || header ~ /^rcopy\//
      good = own ? header ~ folders[folder] : header ~ others[folder]
      if (text ~ /^<[a-z_]+>/ && header != "csignal") good = 1
      if (own && (text ~ /^"/) == (header ~ /^rcopy\//)) good = 0  # <rcopy/x.hpp>, "folder/x.hpp"
      if (!good) print FILENAME ":" FNR ": may not include " text
    }' $files </dev/null)
}

fail() {
  printf '%s\n' "$@"
  exit 1
}

# Each line: good or bad, the file, the include.
planted='
good include/rcopy/a.hpp <vector>
good include/rcopy/a.hpp <rcopy/b.hpp>
good src/base/a.cpp "base/a.hpp"
good src/base/a.cpp <fmt/format.h>
good src/io/a.cpp <sys/stat.h>
good src/journal/a.cpp <sqlite3.h>
good src/engine/a.cpp "journal/row.hpp"
good src/ui/a.cpp <sys/ioctl.h>
good src/ui/a.cpp <nlohmann/json.hpp>
good src/cli/a.cpp <csignal>
good src/cli/a.cpp <CLI/CLI.hpp>
bad include/rcopy/a.hpp "base/text.hpp"
bad include/rcopy/a.hpp <fmt/format.h>
bad include/rcopy/a.hpp "rcopy/b.hpp"
bad src/base/a.cpp "io/calls.hpp"
bad src/base/a.cpp "../io/calls.hpp"
bad src/base/a.cpp "a.hpp"
bad src/base/a.cpp <io/calls.hpp>
bad src/io/a.cpp "hash/hasher.hpp"
bad src/io/a.cpp <csignal>
bad src/hash/a.cpp "io/calls.hpp"
bad src/hash/a.cpp <sqlite3.h>
bad src/journal/a.cpp "engine/plan.hpp"
bad src/journal/a.cpp <unistd.h>
bad src/engine/a.cpp <sys/stat.h>
bad src/engine/a.cpp <fcntl.h>
bad src/engine/a.cpp <fmt/format.h>
bad src/engine/a.cpp "ui/progress.hpp"
bad src/ui/a.cpp "engine/plan.hpp"
bad src/ui/a.cpp "cli/arguments.hpp"
bad src/ui/a.cpp <CLI/CLI.hpp>
bad src/cli/a.cpp "io/calls.hpp"
bad src/cli/a.cpp "hash/hasher.hpp"
bad src/cli/a.cpp "journal/row.hpp"
bad src/cli/a.cpp "engine/plan.hpp"
bad src/cli/a.cpp <fmt/format.h>
bad src/cli/a.cpp <nlohmann/json.hpp>
bad src/cli/a.cpp SOME_MACRO
bad src/other/a.cpp <vector>
'

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
while read -r verdict file include; do
  [[ -n $verdict ]] || continue
  rm -rf -- "$scratch/include" "$scratch/src"
  mkdir -p -- "$scratch/include" "$scratch/src" "$scratch/${file%/*}"
  printf '// text\n#include %s\n' "$include" >"$scratch/$file"
  found=$(findings "$scratch")
  case $verdict in
    good) [[ -z $found ]] || fail "this check is broken, it refuses: $file $include" ;;
    bad) [[ -n $found ]] || fail "this check is broken, it allows: $file $include" ;;
  esac
done <<<"$planted"

found=$(findings "$top")
[[ -z $found ]] || fail "against the table in docs/design.md:" "$found"
