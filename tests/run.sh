#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/run.sh [PRESET]: installs what is missing (Debian), builds everything and runs every test.
# PRESET is release (the default), dev, asan or tsan. Ends with 0 when all tests passed.
set -euo pipefail
# shellcheck source=src/build.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/../src/build.sh"

preset=${1:-release}
packages+=(acl attr btrfs-progs catch2 debootstrap dosfstools dpkg-dev e2fsprogs file fish fuse3 libcap2-bin
  libfuse3-dev lintian mandoc mount procps rsync sqlite3 strace tmux util-linux util-linux-extra xfsprogs xxhash zsh)

build "$preset" all -DRCOPY_TESTS=ON
trap give_back EXIT
cd -- "$top"
find "$builds/$preset" -name '*.gcda' -delete # lines are counted anew; only asan counts them
failed=0
ctest --preset "$preset" || failed=1
# Of tests that passed, too: what could not be run, and how often the promises were put to the test.
awk '/^(- )?skipped: / { sub(/^- /, ""); print }
  # But for the line that adds up the scenarios before it.
  !/^power cuts: / && match($0, /: [0-9]+ cases, broken promises: /) {
    print
    cases += substr($0, RSTART + 2)
    broken += substr($0, RSTART + RLENGTH)
  }
  END { print "faults and power cuts: " cases + 0 ", broken promises: " broken + 0 }' \
  "$builds/$preset/Testing/Temporary/LastTest.log"
exit "$failed"
