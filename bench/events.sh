#!/usr/bin/env bash
# What keeping events and calls costs: `run --rm IMAGE /bin/true` on a daemon that keeps them and on one that does not,
# alternating: GANTRY_BIN=out bench/events.sh [ROUNDS]. Needs root, and what bench/run-true.sh needs.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-50}
. bench/daemons.sh

start_registry
start_gantryd
mkdir "$work/o"
cat >"$work/o/config.toml" <<TOML
version = 2
[plugins."io.containerd.internal.v1.gantry"]
event_log = false
audit_log = false
TOML
gantryd -c "$work/o/config.toml" --root "$work/o/root" --state "$work/o/state" -a "$work/o/d.sock" >>"$work/o/log" 2>&1 &
pids+=("$!")
await_daemon o
for side in g o; do gantry -a "$work/$side/d.sock" pull "$image" >/dev/null 2>&1; done

for ((round = -3; round < rounds; round++)); do
  # Each of the two is first every other time.
  order=(g o); ((round % 2)) || order=(o g)
  for side in "${order[@]}"; do
    start=${EPOCHREALTIME/./}
    gantry -a "$work/$side/d.sock" run --rm "$image" /bin/true </dev/null >/dev/null
    end=${EPOCHREALTIME/./}
    [ "$round" -lt 0 ] || echo $((end - start)) >>"$work/times-$side"
  done
done

[ -n "$(gantry -a "$work/g/d.sock" events --since earliest --filter 'topic=="/tasks/exit"' | head -n 1)" ]
! gantry -a "$work/o/d.sock" events --since earliest >/dev/null 2>&1
awk -v r="$rounds" -v k="$(median "$work/times-g")" -v n="$(median "$work/times-o")" 'BEGIN {
  printf "run --rm /bin/true, median of %d, alternating: %.1f ms with events and calls kept, %.1f ms without: %.3f x\n", r, k / 1000, n / 1000, k / n }'
