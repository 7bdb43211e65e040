#!/usr/bin/env bash
# What a scrape of the metrics costs, beside containerd: bench/metrics.sh [CONTAINERS [SCRAPES [SIDES]]]
# CONTAINERS (500) run while SCRAPES (100) are made; the daemon's processor time, user and system, is taken from
# /proc/PID/stat before and after. The shims' is counted too: containerd asks each of them. SIDES (c g): g is gantry alone.
# Needs root, the published programs
# in out/ (or GANTRY_BIN), containerd, runc and curl.
set -euo pipefail
cd "$(dirname "$0")/.."
containers=${1:-500}
scrapes=${2:-100}
sides=${3:-c g}
before_cleanup() { clear_side c; clear_side g; }
. bench/daemons.sh
export work

launch() { ctr -a "$work/$1/d.sock" run -d --runc-binary runc --rootfs "$work/rootfs" "$2" /bin/sleep 100000; }
export -f launch
clear_side() {
  [ -d "$work/$1" ] || return 0
  timeout 60 ctr -a "$work/$1/d.sock" task ls -q 2>/dev/null | xargs -r -P 8 -I {} timeout 60 ctr -a "$work/$1/d.sock" task rm -f {} >/dev/null 2>&1 || true
  timeout 60 ctr -a "$work/$1/d.sock" container ls -q 2>/dev/null | xargs -r timeout 60 ctr -a "$work/$1/d.sock" container rm >/dev/null 2>&1 || true
}
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; } # hundredths of a second
shim_ticks() {
  local pid sum=0
  for pid in $(pgrep -f -- "-address $work/$1/d.sock" || true); do sum=$((sum + $(ticks "$pid" 2>/dev/null || echo 0))); done
  echo "$sum"
}
scrape() { curl -fsS -o "$work/scrape" "http://127.0.0.1:$1/v1/metrics"; }

mkdir -p "$work/rootfs"/{bin,proc,sys,dev,run,tmp}
cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
ln -s busybox "$work/rootfs/bin/sleep"
port_c=$(shuf -i 20000-29999 -n 1)
port_g=$((port_c + 10000))
mkdir "$work/c"
printf '%s\n' 'version = 2' "root = \"$work/c/root\"" "state = \"$work/c/state\"" \
  'disabled_plugins = ["io.containerd.grpc.v1.cri"]' '[grpc]' "address = \"$work/c/d.sock\"" \
  '[metrics]' "address = \"127.0.0.1:$port_c\"" >"$work/c/config.toml"
serve_containerd
await_daemon c
start_gantryd '[metrics]' "address = \"127.0.0.1:$port_g\""

declare -A name=([c]=containerd [g]=gantry) port=([c]=$port_c [g]=$port_g) cost
for side in $sides; do
  daemon=containerd_pid; [ "$side" = c ] || daemon=gantryd_pid
  seq "$containers" | xargs -P 8 -I {} bash -c 'launch "$0" "c$1"' "$side" {}
  from=$(ticks "${!daemon}")
  scrape "${port[$side]}"
  first=$((($(ticks "${!daemon}") - from) * 10))
  from=$(ticks "${!daemon}")
  shims=$(shim_ticks "$side")
  for _ in $(seq "$scrapes"); do scrape "${port[$side]}"; done
  cost[$side]=$(awk -v t=$(($(ticks "${!daemon}") - from)) -v n="$scrapes" 'BEGIN { printf "%.1f", t * 10 / n }')
  shims=$(awk -v t=$(($(shim_ticks "$side") - shims)) -v n="$scrapes" 'BEGIN { printf "%.1f", t * 10 / n }')
  echo "${name[$side]}: $(grep -c '^container_pids_current' "$work/scrape" || true) of $containers containers, $(wc -c <"$work/scrape") bytes:" \
    "a scrape takes ${cost[$side]} ms of the daemon's processor time (the first $first ms) and $shims ms of the shims';" \
    "the daemon is $(awk '/VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/${!daemon}/status") MiB resident"
  clear_side "$side"
done
[ "$sides" != "c g" ] || echo "gantry to containerd, the daemon alone: $(awk -v a="${cost[g]}" -v b="${cost[c]}" 'BEGIN { printf "%.2f", a / b }')"
