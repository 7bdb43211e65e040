#!/usr/bin/env bash
# Installs the package on a clean Debian tree and uses it there: eng/package-test.sh PACKAGE [CTR]
# Needs root, debootstrap, umoci and busybox-static. Everything happens in a private mount and process namespace whose root
# is that tree; BASE as for eng/debian-tree.sh.
set -euo pipefail
package=$(realpath "${1:?usage: eng/package-test.sh PACKAGE [CTR]}")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
tree=$work/tree

eng/debian-tree.sh "$tree"
cp "$package" "$tree/tmp/gantry.deb"
cp eng/package-test-inside.sh "$tree/tmp/"
eng/busybox-image.sh "$work/layout" latest >/dev/null 2>&1
umoci gc --layout "$work/layout" >/dev/null 2>&1
tar -C "$work/layout" -cf "$tree/tmp/busybox.tar" .
# containerd's client, if there is one, to see that it finds the daemon by itself.
ctr=${2:-$(command -v ctr || true)}
[ -z "$ctr" ] || install -m 755 "$ctr" "$tree/usr/local/bin/ctr"

# The units, as systemd reads them.
mkdir "$work/unpacked"
dpkg-deb -x "$package" "$work/unpacked"
if command -v systemd-analyze >/dev/null; then
  cp -n /lib/systemd/system/*.target /lib/systemd/system/*.slice "$work/unpacked/lib/systemd/system/"
  systemd-analyze verify --root="$work/unpacked" --man=no gantry.service gantry-as-containerd.service
  mkdir -p "$work/unpacked/etc/systemd/system"
  systemctl --root="$work/unpacked" enable gantry-as-containerd.service 2>/dev/null
  [ "$(readlink "$work/unpacked/etc/systemd/system/containerd.service")" = /lib/systemd/system/gantry-as-containerd.service ]
fi

# What Debian asks of a package.
if command -v lintian >/dev/null; then
  lintian --allow-root --fail-on error "$package" >"$work/lintian.log" 2>&1 || { cat "$work/lintian.log"; exit 1; }
fi

# Every page of the manual, as man reads it.
for page in "$work"/unpacked/usr/share/man/man*/*; do
  warnings=$(MANWIDTH=80 man --warnings -l "$page" 2>&1 >/dev/null)
  [ -z "$warnings" ] || { echo "$page: $warnings"; exit 1; }
done

unshare --mount --pid --fork --kill-child --propagation private bash -euc '
  mount --bind "$1" "$1"
  mount -t proc proc "$1/proc"
  mount --rbind /sys "$1/sys"
  # crun refuses a machine that mixes both cgroup versions with controllers in v2.
  if grep -qs . "$1/sys/fs/cgroup/unified/cgroup.controllers"; then umount "$1/sys/fs/cgroup/unified"; fi
  mount --rbind /dev "$1/dev"
  mkdir -p "$1/old"
  cd "$1"
  pivot_root . old
  umount -l /old
  exec env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C bash -eu /tmp/package-test-inside.sh
' bash "$tree"
