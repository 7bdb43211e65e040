#!/usr/bin/env bash
# Installs the Debian packages that Gantry needs: eng/packages.sh build|run|test ...
#   build  what NativeAOT links with
#   run    an OCI runtime, and what the quick start makes and serves an image with
#   test   the real peers that the tests run against
set -euo pipefail

declare -A sets=(
  [build]="clang zlib1g-dev"
  [run]="crun busybox-static docker-registry skopeo umoci"
  [test]="containerd runc criu docker.io debootstrap attr libcap2-bin strace jq python3-minimal openssl apache2-utils procps util-linux iproute2 btrfs-progs erofs-utils e2fsprogs xfsprogs zstd podman buildah systemd man-db groff-base mandoc zsh fish lintian dpkg-dev prometheus"
)

missing=()
for set in "$@"; do
  for package in ${sets[$set]:?no such set: $set}; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  done
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo --preserve-env=DEBIAN_FRONTEND)
"${as_root[@]}" apt-get update -qq
# Services of these packages must not start by themselves: Gantry starts private ones where it needs them. This is what asks.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
"${as_root[@]}" env RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
