#!/usr/bin/env bash
# Makes an OCI image layout of Debian's static busybox: eng/busybox-image.sh LAYOUT_DIR TAG
set -euo pipefail
layout=${1:?usage: eng/busybox-image.sh LAYOUT_DIR TAG} tag=${2:?usage: eng/busybox-image.sh LAYOUT_DIR TAG}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

umoci init --layout "$layout"
umoci new --image "$layout:$tag"
umoci unpack --image "$layout:$tag" "$work/bundle"
root=$work/bundle/rootfs
mkdir -p "$root"/{bin,dev,etc,proc,root,run,sys,tmp,usr,var}
chmod 1777 "$root/tmp"
cp /bin/busybox "$root/bin/busybox"
for applet in $(/bin/busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
umoci repack --image "$layout:$tag" "$work/bundle"
umoci config --image "$layout:$tag" --config.cmd /bin/sh --config.env PATH=/bin --config.workingdir /
umoci gc --layout "$layout"
