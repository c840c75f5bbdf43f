# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced before lib.sh by a script that mounts something: begins it again in a mount namespace of
# its own, so that nothing stays mounted however it ends. With a user namespace a tmpfs needs no
# privileges.
if [[ ! ${RCOPY_TEST_NAMESPACE-} ]]; then
  export RCOPY_TEST_NAMESPACE=own
  for flags in -m -Urm; do
    if unshare "$flags" mount -t tmpfs none /mnt 2>/dev/null; then
      exec unshare "$flags" bash "$0" "$@"
    fi
  done
  echo "skipped: this user can mount nothing"
  exit 77
fi
