#!/usr/bin/env bash
# Makes an OCI image of a real Debian tree in several layers: eng/debian-image.sh LAYOUT_DIR TAG
# Base by debootstrap, more by apt; with a file capability, hard links across directories, whiteouts, an opaque directory.
set -euo pipefail
layout=${1:?usage: eng/debian-image.sh LAYOUT_DIR TAG} tag=${2:?usage: eng/debian-image.sh LAYOUT_DIR TAG}
image=$layout:$tag
work=$(mktemp -d)
root=$work/bundle/rootfs
cleanup() {
  umount "$root/proc" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

# The mirror that this machine's apt uses.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

umoci init --layout "$layout"
umoci new --image "$image"
umoci unpack --image "$image" "$work/bundle"

# Layer 1: the base.
debootstrap --variant=minbase "$suite" "$work/base" "$mirror"
cp -a "$work/base/." "$root/"
rm -rf "$work/base"
umoci repack --refresh-bundle --image "$image" "$work/bundle"

# Layer 2: packages; ping has a file capability.
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -c \
  'apt-get update -qq && apt-get install -y -qq --no-install-recommends iputils-ping less libcap2-bin'
umount "$root/proc"
setcap cap_net_raw+ep "$root/bin/ping"
rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
umoci repack --refresh-bundle --image "$image" "$work/bundle"

# Layer 3: hard links across directories, odd names, a fifo, a setuid file; and things removed.
mkdir -p "$root/srv/links/a" "$root/srv/links/b" "$root/srv/opaque"
echo linked >"$root/srv/links/a/one"
ln "$root/srv/links/a/one" "$root/srv/links/b/two"
ln "$root/srv/links/a/one" "$root/usr/share/three"
echo old >"$root/srv/opaque/old"
echo name >"$root/srv/$(printf 'z\303\274rich \344\270\255 %0200d' 7)"
mkfifo "$root/srv/fifo"
cp "$root/bin/true" "$root/srv/setuid"
chmod 6755 "$root/srv/setuid"
setfattr -n user.gantry -v "$(printf 'a\tb')" "$root/srv/setuid"
rm -rf "$root/usr/share/doc" "$root/usr/share/man" "$root/etc/motd"
umoci repack --refresh-bundle --image "$image" "$work/bundle"

# Layer 4: an opaque directory, which only a layer made by hand has.
mkdir -p "$work/layer/srv/opaque"
echo new >"$work/layer/srv/opaque/new"
: >"$work/layer/srv/opaque/.wh..wh..opq"
tar -C "$work/layer" --numeric-owner --owner 0 --group 0 -cf "$work/layer.tar" srv/opaque/.wh..wh..opq srv/opaque
umoci raw add-layer --image "$image" "$work/layer.tar"
umoci config --image "$image" --config.cmd /bin/bash --config.env PATH=/usr/sbin:/usr/bin:/sbin:/bin
umoci gc --layout "$layout"
