#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# labels: privileged slow once
#
# The Debian packages install, run and go away without a trace on a Debian that has nothing but what every
# Debian has, and lintian finds no error in them. Takes a minute, most of it for that Debian.
# shellcheck source=tests/cli/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../cli/lib.sh"
build=$(dirname -- "$RCOPY")
[[ -f $build/CPackConfig.cmake ]] || skip "$RCOPY is not in a directory of the build"
for program in cpack dpkg-deb dpkg-shlibdeps; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done

begin "cpack makes two packages, and the library's can be built against"
cpack --config "$build/CPackConfig.cmake" -B "$work/packages" >"$work/cpack.log" 2>&1 || {
  cp -- "$work/cpack.log" "$err"
  fail "cpack cannot make them"
}
package=$(echo packages/rcopy_*.deb)
library=$(echo packages/librcopy-dev_*.deb)
[[ -f $package && -f $library ]] || fail "there are: $(ls packages)"
dpkg-deb -f "$package" Depends >depends
for name in libc6 libfmt libsqlite3-0 libstdc++6 libxxhash0; do
  grep -qF -- "$name" depends || fail "it does not depend on $name: $(cat depends)"
done
dpkg-deb -x "$library" tree
PKG_CONFIG_PATH=$(dirname -- "$(find "$PWD/tree" -name rcopy.pc)")
export PKG_CONFIG_PATH
read -ra flags <<<"$(pkg-config --cflags --libs rcopy)"
"${CXX:-c++}" -std=c++20 "$here/../../docs/examples/copy.cpp" "${flags[@]}" -o copy
echo content >source
./copy source dest >"$out"
expect_same source dest

if command -v lintian >/dev/null; then
  begin "lintian finds no error"
  LC_ALL=C.UTF-8 lintian --allow-root --fail-on error --no-tag-display-limit "$package" "$library" >"$err" 2>&1 ||
    fail "lintian finds errors"
else
  skip_case "lintian is not installed"
fi

begin "on a bare Debian the package installs, copies and goes"
((EUID == 0)) || skip "only root can make another root directory"
command -v debootstrap >/dev/null || skip "debootstrap is not installed"
grep -qx ID=debian /etc/os-release || skip "this is no Debian, and the package is for this system"
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
  awk -v release="$release" '$1 == release && !found { found = $2 } END { print found }')
[[ $mirror ]] || skip "apt has no list of $release; run: apt-get update"
root=$work/root
begun=$SECONDS
debootstrap --variant=minbase "$release" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 || {
  skip "debootstrap cannot make a root directory: $(tail -n 1 "$work/debootstrap.log")"
}
say "  a bare Debian took $((SECONDS - begun)) s"

# inside COMMAND...: in that root directory.
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C HOME=/root chroot "$root" "$@"; }

# files_inside: what a package may leave behind, but for apt's own.
files_inside() {
  (cd -- "$root" && find . -path ./var/lib/dpkg -prune -o -path ./var/lib/apt -prune -o -path ./var/cache -prune -o \
    -path ./var/log -prune -o -path ./root -prune -o -path ./tmp -prune -o -print | sort)
}

cp -- "$package" "$root/root/rcopy.deb"
depends=$(dpkg-deb -f "$package" Depends | sed -E 's/ \([^)]*\)//g; s/,//g')
# shellcheck disable=SC2086  # words
inside apt-get install -y --no-install-recommends $depends >"$err" 2>&1 || fail "what it depends on cannot be installed"
files_inside >before
inside dpkg -i /root/rcopy.deb >"$err" 2>&1 || fail "it cannot be installed"
for file in usr/bin/rcopy usr/share/man/man1/rcopy.1.gz usr/share/doc/rcopy/copyright \
  usr/share/doc/rcopy/changelog.Debian.gz usr/share/bash-completion/completions/rcopy \
  usr/share/zsh/vendor-completions/_rcopy usr/share/fish/vendor_completions.d/rcopy.fish; do
  [[ -f $root/$file ]] || fail "there is no $file"
done
make_file $((3 * MiB + 1)) 1 "$root/root/source"
inside rcopy -v /root/source /root/dest >"$out" 2>"$err" || fail "it cannot copy there"
expect_same "$root/root/source" "$root/root/dest"
expect_printed "xxh128 $(hash_of "$root/root/source")"
inside rcopy --version >"$out"
grep -qF "rcopy $(dpkg-deb -f "$package" Version | sed 's/-.*//')" "$out" || fail "its version is $(cat "$out")"
inside dpkg --purge rcopy >"$err" 2>&1 || fail "it cannot be removed"
files_inside | diff before - >"$err" || fail "it left something behind"
