#!/usr/bin/env bash
# Many containers at once, beside containerd with the same OCI runtime: bench/containers.sh [TOGETHER [ADOPTED]]
# TOGETHER (500): started 8 at a time until that many run; ADOPTED (200): those that run while the daemon is restarted.
# Quick form: bench/containers.sh 40 20. Needs root, the published programs in out/ (or GANTRY_BIN), containerd and runc.
set -euo pipefail
cd "$(dirname "$0")/.."
together=${1:-500}
adopted=${2:-200}
bin=$(realpath "${GANTRY_BIN:-out}")
work=$(mktemp -d /tmp/gantry-many.XXXXXX)
declare -A daemon=()
sides=(containerd gantry)

clear_side() { # side
  ctr -a "$work/$1/d.sock" task ls -q 2>/dev/null | xargs -r -n 1 -P 8 ctr -a "$work/$1/d.sock" task rm -f >/dev/null 2>&1 || true
  ctr -a "$work/$1/d.sock" container ls -q 2>/dev/null | xargs -r ctr -a "$work/$1/d.sock" container rm >/dev/null 2>&1 || true
}
cleanup() {
  local code=$?
  trap - EXIT
  for side in "${sides[@]}"; do
    clear_side "$side"
    kill "${daemon[$side]:-0}" 2>/dev/null && wait "${daemon[$side]}" 2>/dev/null || true
  done
  rm -rf "$work"
  exit "$code"
}
trap cleanup EXIT

now() { echo "${EPOCHREALTIME/./}"; }
start_daemon() { # side
  case $1 in
    containerd) containerd -c "$work/containerd/config.toml" >>"$work/$1/log" 2>&1 & ;;
    gantry) "$bin/gantryd" --root "$work/gantry/root" --state "$work/gantry/state" -a "$work/gantry/d.sock" >>"$work/$1/log" 2>&1 & ;;
  esac
  daemon[$1]=$!
  until ctr -a "$work/$1/d.sock" version >/dev/null 2>&1; do sleep 0.01; done
}
# One start: the rootfs is a directory that all share, so that only tasks are measured.
launch() { ctr -a "$work/$1/d.sock" run -d --runc-binary runc --rootfs "$work/rootfs" "$2" /bin/sleep 100000; }
export -f launch
export work

mkdir -p "$work"/{containerd,gantry} "$work/rootfs"/{bin,proc,sys,dev,run,tmp}
cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
ln -s busybox "$work/rootfs/bin/sleep"
cat >"$work/containerd/config.toml" <<TOML
version = 2
root = "$work/containerd/root"
state = "$work/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$work/containerd/d.sock"
TOML
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

declare -A rate first last serving adoption stopping
for side in "${sides[@]}"; do
  start_daemon "$side"
  launch "$side" warm >/dev/null
  for i in 1 2 3 4 5; do
    from=$(now); launch "$side" "f$i"; to=$(now); echo $((to - from))
  done | sort -n | sed -n 3p >"$work/first"
  first[$side]=$(cat "$work/first")
  from=$(now)
  seq 7 "$together" | xargs -P 8 -I {} bash -c 'launch "$0" "c$1"' "$side" {}
  to=$(now)
  rate[$side]=$(awk -v n=$((together - 6)) -v t=$((to - from)) 'BEGIN { printf "%.1f", n * 1e6 / t }')
  running=$(ctr -a "$work/$side/d.sock" task ls | grep -c RUNNING)
  for i in 1 2 3 4 5; do
    from=$(now); launch "$side" "l$i"; to=$(now); echo $((to - from))
  done | sort -n | sed -n 3p >"$work/last"
  last[$side]=$(cat "$work/last")
  echo "$side: $running containers run; start alone ${first[$side]} us, with them ${last[$side]} us, ${rate[$side]} starts/s 8 at a time"

  # Down to those that live through a restart.
  ctr -a "$work/$side/d.sock" task ls -q | tail -n "+$((adopted + 1))" \
    | xargs -r -n 1 -P 8 ctr -a "$work/$side/d.sock" task rm -f >/dev/null 2>&1 || true
  ctr -a "$work/$side/d.sock" task ls | awk 'NR > 1 { print $1, $2 }' | sort >"$work/$side/before"
  from=$(now)
  kill -TERM "${daemon[$side]}"; wait "${daemon[$side]}" 2>/dev/null || true
  to=$(now); stopping[$side]=$(((to - from) / 1000))
  from=$(now)
  start_daemon "$side"
  to=$(now); serving[$side]=$(((to - from) / 1000))
  until ctr -a "$work/$side/d.sock" task ls 2>/dev/null | awk 'NR > 1 && $3 == "RUNNING" { print $1, $2 }' | sort \
    | cmp -s - "$work/$side/before"; do sleep 0.01; done
  to=$(now); adoption[$side]=$(((to - from) / 1000))
  echo "$side: with $(wc -l <"$work/$side/before") containers SIGTERM takes ${stopping[$side]} ms; at the next start it answers after ${serving[$side]} ms, all are listed as running after ${adoption[$side]} ms"
  grep -h 'tasks found at start' "$work/$side/log" | tail -n 1 | sed 's/^/  /' || true
  clear_side "$side"
  kill -TERM "${daemon[$side]}"; wait "${daemon[$side]}" 2>/dev/null || true
done
c=containerd g=gantry
echo "gantry to containerd: start alone $(ratio "${first[$g]}" "${first[$c]}"), start with $together $(ratio "${last[$g]}" "${last[$c]}")," \
  "starts/s $(ratio "${rate[$g]}" "${rate[$c]}"), SIGTERM $(ratio "${stopping[$g]}" "${stopping[$c]}")," \
  "answering $(ratio "${serving[$g]}" "${serving[$c]}"), all adopted $(ratio "${adoption[$g]}" "${adoption[$c]}")"
