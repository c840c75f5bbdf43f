#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# src/run.sh SOURCE... DEST: rcopy, with any of its arguments, straight from a checkout. Installs
# what is missing (Debian) and builds the release first where that has not been done. All messages
# of its own go to standard error; it ends with 2 where rcopy cannot be built.
set -euo pipefail
# shellcheck source=src/build.sh
source "$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")/build.sh"

program=$builds/release/rcopy
# Who may not write here runs what is there.
if [[ ! -x $program || -w $builds ]]; then
  build release rcopy
fi
exec "$program" "$@"
