#!/usr/bin/env bash
# Bytes per second through a container's stdout, beside containerd's: bench/stdout.sh [MEGABYTES] [ROUNDS]
# The same client (gantry) and the same executor (runc) on both sides, alternating in one run; the writer in the container
# takes the time. Needs root, the published programs in out/ (or the directory that GANTRY_BIN
# names), and Debian's containerd and runc. bench/stdout.sh 256 3 is the quick form.
set -euo pipefail
cd "$(dirname "$0")/.."
megabytes=${1:-2048}
rounds=${2:-7}
. bench/daemons.sh

start_containerd
start_gantryd
start_registry
for side in c g; do gantry -a "$work/$side/d.sock" pull "$image" >/dev/null 2>&1; done

n=0
run() { # side, block size, count: seconds, as the writer in the container measures them
  n=$((n + 1))
  gantry -a "$work/$1/d.sock" run --rm --runc-binary runc --name "r$n" "$image" \
    sh -c "read a b </proc/uptime; dd if=/dev/zero bs=$2 count=$3 2>/dev/null; read c d </proc/uptime; echo \$a \$c >&2" \
    2>"$work/told" </dev/null >/dev/null
  awk '{ print $2 - $1 + 0.005 }' "$work/told"
}

sides=(c g)
kinds=(large small)
size_of() { [ "$1" = large ] && echo 65536 || echo 512; }
count_of() { [ "$1" = large ] && echo $((megabytes * 16)) || echo $((megabytes * 64)); } # the small ones: a 32nd of the bytes
for ((round = -1; round < rounds; round++)); do
  for kind in "${kinds[@]}"; do
    for side in "${sides[@]}"; do
      took=$(run "$side" "$(size_of $kind)" "$(count_of $kind)")
      [ "$round" -lt 0 ] || echo "$took" >>"$work/$kind.$side"
    done
  done
done

echo "through stdout, median of $rounds, alternating:"
for kind in "${kinds[@]}"; do
  bytes=$(($(size_of $kind) * $(count_of $kind)))
  awk -v k="writes of $(size_of $kind) bytes" -v b="$bytes" -v c="$(median "$work/$kind.c")" -v g="$(median "$work/$kind.g")" \
    'BEGIN { printf "  %-22s containerd %8.1f MB/s   gantry %8.1f MB/s   %.2f x\n", k, b / c / 1e6, b / g / 1e6, c / g }'
done
