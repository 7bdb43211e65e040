#!/usr/bin/env bash
# The time it takes to make layers, beside containerd's: bench/diff.sh [FILES [ROUNDS]]
# Both sides alternate in one run; medians and ratios are printed: the layer of a whole tree of FILES small files, the
# layer of a tenth of it added to a snapshot, and the layer of 256 MB in one file. Needs root, the published programs in
# out/ (or GANTRY_BIN), and Debian's containerd.
set -euo pipefail
cd "$(dirname "$0")/.."
files=${1:-100000}
rounds=${2:-3}
before_cleanup() { ! mountpoint -q "$work/root" || umount "$work/root"; }
. bench/daemons.sh

mkdir "$work/root"
start_containerd
start_gantryd

fill() { # DIRECTORY FIRST LAST
  python3 - "$@" <<'PY'
import os, sys
root, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for i in range(first, last):
    d = f"{root}/{i % 100}/{i % 7}"
    os.makedirs(d, exist_ok=True)
    with open(f"{d}/{i}", "w") as f:
        f.write(f"file {i}\n")
PY
}

change() { # SIDE KEY COMMAND
  eval "$(ctr -a "$work/$1/d.sock" snapshots mounts "$work/root" "$2")"
  (cd "$work/root" && eval "$3")
  umount "$work/root"
}

for side in c g; do
  ctr -a "$work/$side/d.sock" snapshots prepare base-work >/dev/null
  change "$side" base-work "fill . 0 $files"
  ctr -a "$work/$side/d.sock" snapshots commit base base-work
  ctr -a "$work/$side/d.sock" snapshots prepare added base >/dev/null
  change "$side" added "fill . $files $((files + files / 10))"
  ctr -a "$work/$side/d.sock" snapshots prepare large base >/dev/null
  change "$side" large "for i in 1 2 3 4 5 6 7 8; do cat /usr/bin/python3* /usr/bin/perl /usr/lib/x86_64-linux-gnu/libc.so.6; done | head -c 256M >big"
done

for key in base added large; do
  : >"$work/times.c"
  : >"$work/times.g"
  for ((round = 0; round < rounds; round++)); do
    for side in c g; do
      start=$(date +%s%N)
      ctr -a "$work/$side/d.sock" snapshots diff $key >/dev/null
      echo $((($(date +%s%N) - start) / 1000000)) >>"$work/times.$side"
    done
  done
  c=$(median "$work/times.c")
  g=$(median "$work/times.g")
  echo "$key: containerd $c ms, gantry $g ms, ratio $(awk "BEGIN { printf \"%.2f\", $g / $c }")"
done
