#!/usr/bin/env bash
# Many containers at once, beside containerd with the same OCI runtime: bench/containers.sh [TOGETHER [ADOPTED [RUNTIME]]]
# TOGETHER (500): started 8 at a time until that many run; ADOPTED (200): those that run while the daemon is restarted;
# RUNTIME (runc): runc or crun. Quick form: bench/containers.sh 40 20. The root filesystem is a directory that all share, so
# that only tasks are measured. Needs root, the published programs in out/ (or GANTRY_BIN), containerd and the runtime.
set -euo pipefail
cd "$(dirname "$0")/.."
together=${1:-500}
adopted=${2:-200}
export runtime=${3:-runc}
before_cleanup() { clear_side c; clear_side g; }
. bench/daemons.sh
export work

on() { local side=$1; shift; ctr -a "$work/$side/d.sock" "$@"; }
launch() { ctr -a "$work/$1/d.sock" run -d --runc-binary "$runtime" --rootfs "$work/rootfs" "$2" /bin/sleep 100000; }
remove() { # side, names on stdin
  xargs -r -P 8 -I {} timeout 60 ctr -a "$work/$1/d.sock" task rm -f {} >/dev/null 2>&1 || true
}
export -f launch
clear_side() {
  [ -d "$work/$1" ] || return 0
  timeout 60 ctr -a "$work/$1/d.sock" task ls -q 2>/dev/null | remove "$1" || true
  timeout 60 ctr -a "$work/$1/d.sock" container ls -q 2>/dev/null | xargs -r timeout 60 ctr -a "$work/$1/d.sock" container rm >/dev/null 2>&1 || true
}
now() { echo "${EPOCHREALTIME/./}"; }
ms() { awk -v t="$1" 'BEGIN { printf "%.1f", t / 1000 }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
running() { timeout 60 ctr -a "$work/$1/d.sock" task ls | awk '$3 == "RUNNING" { print $1, $2 }' | sort; }
one_by_one() { # side, prefix of their names: microseconds of a start, the median of 9
  local i from
  : >"$work/times"
  for i in 1 2 3 4 5 6 7 8 9; do
    from=$(now)
    launch "$1" "$2$i"
    echo $(($(now) - from)) >>"$work/times"
  done
  median "$work/times"
}

mkdir -p "$work/rootfs"/{bin,proc,sys,dev,run,tmp}
cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
ln -s busybox "$work/rootfs/bin/sleep"
start_containerd
start_gantryd

# One daemon's containers are gone before the other's begin: each has the machine to itself.
declare -A name=([c]=containerd [g]=gantry) first last rate stopping serving adoption
for side in c g; do
  launch "$side" warm
  first[$side]=$(one_by_one "$side" f)
  from=$(now)
  seq 11 "$together" | xargs -P 8 -I {} bash -c 'launch "$0" "c$1"' "$side" {}
  took=$(($(now) - from))
  rate[$side]=$(awk -v n=$((together - 10)) -v t="$took" 'BEGIN { printf "%.1f", n * 1e6 / t }')
  count=$(running "$side" | wc -l)
  last[$side]=$(one_by_one "$side" l)
  echo "${name[$side]}: $count of $together run; a start alone $(ms "${first[$side]}") ms, beside them $(ms "${last[$side]}") ms ($(ratio "${last[$side]}" "${first[$side]}") x); ${rate[$side]} starts/s 8 at a time"

  # Down to those that live through a restart.
  on "$side" task ls -q | tail -n "+$((adopted + 1))" | remove "$side"
  running "$side" >"$work/$side/before"
  daemon=containerd_pid; [ "$side" = c ] || daemon=gantryd_pid
  from=$(now)
  kill -TERM "${!daemon}"
  wait "${!daemon}" 2>/dev/null || true
  stopping[$side]=$(($(now) - from))
  from=$(now)
  "serve_${daemon%_pid}"
  await_daemon "$side" 0.01
  serving[$side]=$(($(now) - from))
  until running "$side" >"$work/$side/after"; cmp -s "$work/$side/before" "$work/$side/after"; do
    [ $(($(now) - from)) -lt 120000000 ] || { echo "${name[$side]}: not all run on:"; diff "$work/$side/before" "$work/$side/after" || true; break; }
    sleep 0.01
  done
  adoption[$side]=$(($(now) - from))
  echo "${name[$side]}: with $(wc -l <"$work/$side/before") running, SIGTERM takes $(ms "${stopping[$side]}") ms; the next answers after $(ms "${serving[$side]}") ms, and lists all as running with the same process ids after $(ms "${adoption[$side]}") ms"
  grep -h 'tasks found at start' "$work/$side/log" | tail -n 1 | grep -o 'tasks found.*' | sed 's/^/  /' || true
  clear_side "$side"
done
echo "gantry to containerd: a start alone $(ratio "${first[g]}" "${first[c]}"), beside $together $(ratio "${last[g]}" "${last[c]}")," \
  "starts/s $(ratio "${rate[g]}" "${rate[c]}"), SIGTERM $(ratio "${stopping[g]}" "${stopping[c]}")," \
  "answering $(ratio "${serving[g]}" "${serving[c]}"), all adopted $(ratio "${adoption[g]}" "${adoption[c]}")"
