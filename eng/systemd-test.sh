#!/usr/bin/env bash
# Boots systemd on a Debian tree that has the package, and has it start, reload, stop and lose the daemon while a container
# runs: eng/systemd-test.sh PACKAGE
# The tree is booted as a container of the same Gantry, so that systemd has namespaces and cgroups of its own. Needs root,
# debootstrap, umoci, busybox-static and crun; BASE as for eng/debian-tree.sh.
set -euo pipefail
package=$(realpath "${1:?usage: eng/systemd-test.sh PACKAGE}")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
tree=$work/tree outer=()
cleanup() {
  local code=$?
  trap - EXIT
  if [ -n "${daemon:-}" ]; then
    "${outer[@]}" rm --force booted >/dev/null 2>&1 || true
    kill "$daemon" && wait "$daemon" || true
  fi
  rm -rf --one-file-system "$work"
  exit "$code"
}
trap cleanup EXIT

eng/debian-tree.sh "$tree"
cp "$package" "$tree/root/gantry.deb"
cp eng/systemd-test-inside.sh "$tree/root/"
eng/busybox-image.sh "$work/layout" latest >/dev/null 2>&1
umoci gc --layout "$work/layout" >/dev/null 2>&1
tar -C "$work/layout" -cf "$tree/root/busybox.tar" .
chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive sh -euc '
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends systemd systemd-sysv dbus procps /root/gantry.deb
' >"$work/apt.log" 2>&1 || { tail -n 20 "$work/apt.log"; exit 1; }

dpkg-deb -x "$package" "$work/unpacked"
bin=$work/unpacked/usr/bin
"$bin/gantryd" --root "$work/root" --state "$work/state" -a "$work/d.sock" 2>"$work/log" &
daemon=$!
outer=("$bin/gantry" -a "$work/d.sock")
timeout 60 sh -c 'until "$@" version >/dev/null 2>&1; do sleep 0.2; done' sh "${outer[@]}" || { cat "$work/log"; exit 1; }
"${outer[@]}" run -d --name booted --rootfs --privileged --cgroupns private --hostname booted --env container=gantry \
  --tmpfs /run --tmpfs /tmp "$tree" /lib/systemd/systemd >/dev/null
"${outer[@]}" exec booted bash -eu /root/systemd-test-inside.sh || { tail -n 20 "$work/log"; exit 1; }
