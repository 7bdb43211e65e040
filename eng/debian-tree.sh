#!/usr/bin/env bash
# Makes a clean Debian tree of this machine's release: eng/debian-tree.sh DIR
# Needs root and debootstrap. BASE may name a tree that was made before; it is copied.
set -euo pipefail
tree=${1:?usage: eng/debian-tree.sh DIR}
if [ -n "${BASE:-}" ]; then
  cp -a "$BASE" "$tree"
else
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  log=$(mktemp)
  debootstrap --variant=minbase "$suite" "$tree" "$mirror" >"$log" || { tail "$log"; exit 1; }
  rm "$log"
fi
cp /etc/resolv.conf "$tree/etc/resolv.conf" 2>/dev/null || true
