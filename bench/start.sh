#!/usr/bin/env bash
# From the start of a daemon until it has answered a client's first call, beside containerd's: bench/start.sh [ROUNDS]
# A new root each time, and then the same root again; both daemons alternate in one run. The time of the client, `ctr version`,
# is in both. Needs root, the published programs in out/ (or GANTRY_BIN), and Debian's containerd.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-20}
. bench/daemons.sh

start() { # daemon, side, file for the time in microseconds
  local from=${EPOCHREALTIME/./}
  "serve_$1"
  timeout 60 bash -c "until ctr -a $work/$2/d.sock version >/dev/null 2>&1; do :; done"
  echo $((${EPOCHREALTIME/./} - from)) >>"$3"
  kill -TERM "${pids[-1]}"
  wait "${pids[-1]}" 2>/dev/null || true
  unset 'pids[-1]'
}

start_containerd
start_gantryd
for pid in "${pids[@]}"; do kill -TERM "$pid"; wait "$pid" 2>/dev/null || true; done
pids=()
for ((round = -2; round < rounds; round++)); do
  for daemon in containerd gantryd; do
    side=${daemon:0:1}
    rm -rf "$work/$side/root" "$work/$side/state"
    start "$daemon" "$side" "$work/new-$daemon"
    start "$daemon" "$side" "$work/again-$daemon"
  done
  [ "$round" -ge 0 ] || rm "$work"/new-* "$work"/again-*
done

for what in new again; do
  awk -v w="$what" -v g="$(median "$work/$what-gantryd")" -v c="$(median "$work/$what-containerd")" 'BEGIN {
    printf "%-5s root: gantryd %6.1f ms   containerd %6.1f ms   %.2f x\n", w, g / 1000, c / 1000, g / c }'
done
