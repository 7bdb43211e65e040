#!/usr/bin/env bash
# Makes the images of bench/pull.sh as OCI layouts, unless they are there: bench/pull-image.sh DIRECTORY [quick]
#   ten    a real image of ten layers: Debian's base, python3, git and perl, nodejs, and six application layers of small files
#   fat    one layer, gzip, of about twice the files of ten
#   zstd   ten, its layers packed with zstd
#   tiny   40 layers of a few files
# With quick, ten has the base and the application layers only, and fat is as much smaller.
set -euo pipefail
directory=${1:?usage: bench/pull-image.sh DIRECTORY [quick]} quick=${2:-}
mkdir -p "$directory"
work=$(mktemp -d "$directory/making.XXXXXX")
root=$work/bundle/rootfs
cleanup() { umount "$root/proc" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
config() { umoci config --image "$1" --config.cmd /bin/sh --config.env PATH=/usr/sbin:/usr/bin:/sbin:/bin; }

if [ ! -e "$directory/ten" ]; then
  image=$work/ten:latest
  umoci init --layout "$work/ten"
  umoci new --image "$image"
  umoci unpack --image "$image" "$work/bundle"
  repack() { umoci repack --refresh-bundle --image "$image" "$work/bundle"; }
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
  debootstrap --variant=minbase "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$work/base" "$mirror"
  cp -a "$work/base/." "$root/"
  rm -rf "$work/base"
  repack
  if [ -z "$quick" ]; then
    cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
    for packages in python3 "git perl" nodejs; do
      mount -t proc proc "$root/proc"
      # shellcheck disable=SC2086
      chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh $packages
      umount "$root/proc"
      rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
      repack
    done
  fi
  for layer in 1 2 3 4 5 6; do
    mkdir -p "$root/app/$layer"
    # Small files with real text in them: what applications are made of.
    find "$root/usr/share" -type f -size -16k | sort | awk -v l="$layer" 'NR % 6 == l - 1' | head -n 2000 |
      while read -r file; do
        { echo "$layer $file"; cat "$file"; } >"$root/app/$layer/$(echo "${file#"$root"}" | md5sum | cut -c 1-16)"
      done
    repack
  done
  config "$image"
  umoci gc --layout "$work/ten"
  mv "$work/ten" "$directory/ten"
  rm -rf "$work/bundle"
fi

if [ ! -e "$directory/fat" ]; then
  umoci unpack --image "$directory/ten:latest" "$work/bundle"
  mkdir -p "$work/both/a"
  cp -a "$root" "$work/both/b"
  mv "$root" "$work/both/a/"
  tar -C "$work/both" -cf "$work/fat.tar" .
  umoci init --layout "$work/fat"
  umoci new --image "$work/fat:latest"
  umoci raw add-layer --image "$work/fat:latest" "$work/fat.tar"
  config "$work/fat:latest"
  umoci gc --layout "$work/fat"
  mv "$work/fat" "$directory/fat"
  rm -rf "$work/both" "$work/fat.tar" "$work/bundle"
fi

if [ ! -e "$directory/zstd" ]; then
  skopeo copy --quiet --insecure-policy --dest-compress-format zstd --dest-compress \
    "oci:$directory/ten:latest" "oci:$work/zstd:latest"
  mv "$work/zstd" "$directory/zstd"
fi

if [ ! -e "$directory/tiny" ]; then
  umoci init --layout "$work/tiny"
  umoci new --image "$work/tiny:latest"
  for layer in $(seq 40); do
    mkdir -p "$work/layer/opt/$layer"
    for file in 1 2 3; do echo "$layer $file" >"$work/layer/opt/$layer/$file"; done
    tar -C "$work/layer" -cf "$work/layer.tar" "opt/$layer"
    umoci raw add-layer --image "$work/tiny:latest" "$work/layer.tar"
  done
  config "$work/tiny:latest"
  umoci gc --layout "$work/tiny"
  mv "$work/tiny" "$directory/tiny"
fi
