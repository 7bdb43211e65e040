#!/usr/bin/env bash
# What a shim costs, beside containerd-shim-runc-v2 in the same run, under the same containerd and with the same runc:
#   bench/shim.sh [EXECS] [CONTAINERS]
# Prints the size of the program, and for a shim its threads and its resident, private and private dirty memory: at rest,
# after EXECS execs (100), and for each of CONTAINERS (10) more containers of its pod. Needs root, the published shim in
# out/, and Debian's containerd and runc.
set -euo pipefail
cd "$(dirname "$0")/.."
execs=${1:-100} containers=${2:-10}
export PATH="${GANTRY_BIN:-$PWD/out}:$PATH"

work=$(mktemp -d /tmp/gantry-bench.XXXXXX)
cat >"$work/config.toml" <<TOML
version = 2
root = "$work/root"
state = "$work/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$work/c.sock"
TOML
containerd -c "$work/config.toml" >"$work/log" 2>&1 &
daemon=$!
export CONTAINERD_ADDRESS=$work/c.sock
names=()
cleanup() {
  local code=$?
  trap - EXIT
  for name in "${names[@]}"; do
    ctr task kill -s SIGKILL "$name" >/dev/null 2>&1 || true
    for _ in $(seq 100); do ctr task rm "$name" >/dev/null 2>&1 && break; sleep 0.05; done
    ctr container rm "$name" >/dev/null 2>&1 || true
  done
  kill "$daemon" 2>/dev/null || true
  wait "$daemon" 2>/dev/null || true
  rm -rf "$work"
  exit "$code"
}
trap cleanup EXIT
for _ in $(seq 200); do ctr version >/dev/null 2>&1 && break; sleep 0.05; done
eng/busybox-image.sh "$work/layout" latest >/dev/null 2>&1
tar -C "$work/layout" -cf "$work/image.tar" .
ctr image import --base-name bench --all-platforms "$work/image.tar" >/dev/null
image=$(ctr image ls -q | head -n 1)

shim_of() { pgrep -f -- "containerd-shim-$1 .*-id $2( |\$)" | head -n 1; }
field() { awk -v f="^$2:" '$0 ~ f { print $2 }' "/proc/$1/smaps_rollup"; }
show() { # what, pid
  awk -v n="$1" -v t="$(awk '/^Threads:/ { print $2 }' "/proc/$2/status")" \
    '/^Rss:/ { r = $2 } /^Private_Dirty:/ { d = $2 } /^Private_Clean:/ { c = $2 }
     END { printf "  %-24s resident %6.2f MB   private %6.2f MB (dirty %5.2f MB)   threads %d\n", n, r / 1024, (c + d) / 1024, d / 1024, t }' \
    "/proc/$2/smaps_rollup"
}
start() { # runtime, name, group
  ctr run -d --runtime "io.containerd.$1" --annotation "io.containerd.runc.v2.group=$3" "$image" "$2" sleep 100000
  names=("$2" "${names[@]}")
}

measure() { # runtime, as in the name of its program
  local runtime=${1/-/.} program=containerd-shim-$1 first=$1-0 pid before after
  echo "$program"
  printf '  %-24s %.2f MB\n' "program" "$(stat -L -c %s "$(command -v "$program")" | awk '{ print $1 / 1048576 }')"
  start "$runtime" "$first" "pod-$1"
  pid=$(shim_of "$1" "$first")
  sleep 3
  show "at rest" "$pid"
  for i in $(seq "$execs"); do ctr task exec --exec-id "e$i" "$first" true; done
  sleep 3
  show "after $execs execs" "$pid"
  before=$(field "$pid" Private_Dirty)
  for i in $(seq "$containers"); do start "$runtime" "$1-$i" "pod-$1"; done
  sleep 3
  after=$(field "$pid" Private_Dirty)
  show "with $containers more in its pod" "$pid"
  awk -v b="$before" -v a="$after" -v n="$containers" \
    'BEGIN { printf "  %-24s %.0f kB private dirty for each\n", "more in its pod", (a - b) / n }'
}

measure runc-v2
measure gantry-v1
