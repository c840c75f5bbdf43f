# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests of the real program below a real kernel share, on top of cli/lib.sh: a namespace, so
# that no mount is left however a test ends, and file systems of the tests' own in it.

if ((EUID != 0)) || [[ ! -c /dev/fuse ]]; then
  echo "skipped: only root can mount FUSE and loop devices, and /dev/fuse must be there"
  exit 77
fi
if [[ ! ${RCOPY_TEST_NAMESPACE-} ]]; then
  if ! unshare -m true; then
    echo "skipped: no mount namespace can be made"
    exit 77
  fi
  RCOPY_TEST_NAMESPACE=own exec unshare -m bash "$0"
fi

# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../cli/lib.sh"

# What the doubles keep costs no disk a sync: what is durable is for them to say.
memory=$work/memory
mkdir -- "$memory"
mount -t tmpfs none "$memory"
mounts+=("$memory")

# serve DIRECTORY COMMAND...: starts a FUSE file system in the background, as $server. It ends with
# this script, even a killed one.
serve() {
  local directory=$1
  shift
  setpriv --pdeathsig KILL "$@" >"$memory/server.log" 2>&1 </dev/null &
  server=$!
  children+=("$server")
  wait_until "there is a file system at $directory" is_served "$directory"
  mounts=("$directory" "${mounts[@]}")
}

is_served() {
  is_running "$server" || fail "it ended: $(cat "$memory/server.log")"
  mountpoint -q "$1"
}

# unmount DIRECTORY: a loop device lets go of its file a little later.
unmount() {
  wait_until "$1 can be unmounted" umount_quietly "$1"
  forget_mount "$1"
}

umount_quietly() { umount -- "$1" 2>>"$err"; }

forget_mount() {
  local one others=()
  for one in "${mounts[@]}"; do [[ $one == "$1" ]] || others+=("$one"); done
  mounts=("${others[@]}")
}

# stop_serving DIRECTORY
stop_serving() {
  wait_until "$1 can be unmounted" umount_quietly "$1"
  was_served "$1"
}

# was_served DIRECTORY: waits until the file system there has ended.
was_served() {
  local one others=()
  wait "$server" || fail "the file system at $1 ended badly: $(cat "$memory/server.log")"
  for one in "${children[@]}"; do [[ $one == "$server" ]] || others+=("$one"); done
  children=("${others[@]}")
  forget_mount "$1"
}
