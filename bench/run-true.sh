#!/usr/bin/env bash
# The time of `run --rm IMAGE /bin/true`, client process to client process, beside containerd's: bench/run-true.sh [ROUNDS]
# All sides alternate in one run; medians and ratios are printed. Needs root, the published programs in out/, and Debian's
# containerd, runc and crun. It also prints the memory of both daemons and of one shim of each.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-30}

# crun refuses a machine that mixes both cgroup versions with controllers in v2: hide v2 from this run alone.
if [ -z "${GANTRY_BENCH_PRIVATE:-}" ] && grep -qs . /sys/fs/cgroup/unified/cgroup.controllers; then
  exec env GANTRY_BENCH_PRIVATE=1 unshare --mount --propagation private \
    bash -c 'umount /sys/fs/cgroup/unified && exec bench/run-true.sh "$@"' bash "$@"
fi
. bench/daemons.sh

start_containerd
start_gantryd
start_registry
ctr -a "$work/c/d.sock" image pull --plain-http "$image" >/dev/null
gantry -a "$work/g/d.sock" pull "$image" >/dev/null 2>&1

# A bundle for the bare runtime, which is what no daemon can be faster than.
mkdir -p "$work/bundle/rootfs"
umoci unpack --image "$work/layout:latest" "$work/umoci" >/dev/null 2>&1
cp -a "$work/umoci/rootfs" "$work/bundle/"
(cd "$work/bundle" && crun spec && jq '.process.terminal = false | .process.args = ["/bin/true"]' config.json >c && mv c config.json)

n=0
containerd_runc() { ctr -a "$work/c/d.sock" run --rm "$image" "a$n" /bin/true; }
containerd_crun() { ctr -a "$work/c/d.sock" run --rm --runc-binary crun "$image" "b$n" /bin/true; }
gantry_ctr() { ctr -a "$work/g/d.sock" run --rm "$image" "c$n" /bin/true; }
gantry_gantry() { gantry -a "$work/g/d.sock" run --rm --name "d$n" "$image" /bin/true; }
bare_crun() { crun run --bundle "$work/bundle" "e$n"; }

sides=(containerd_runc containerd_crun gantry_ctr gantry_gantry bare_crun)
for ((round = -3; round < rounds; round++)); do
  for side in "${sides[@]}"; do
    n=$((n + 1))
    start=${EPOCHREALTIME/./}
    "$side" </dev/null >/dev/null
    end=${EPOCHREALTIME/./}
    [ "$round" -lt 0 ] || echo $((end - start)) >>"$work/$side"
  done
done

echo "run --rm /bin/true, median of $rounds, alternating:"
for side in "${sides[@]}"; do
  awk -v s="$side" -v m="$(median "$work/$side")" -v r="$(median "$work/containerd_runc")" -v c="$(median "$work/containerd_crun")" -v b="$(median "$work/bare_crun")" \
    'BEGIN { printf "  %-16s %7.1f ms   %.2f x containerd with runc   %.2f x containerd with crun   %.2f x bare crun\n", s, m / 1000, m / r, m / c, m / b }'
done

memory() { # name, pid
  awk -v n="$1" '/^Rss:/ { rss = $2 } /^Private_Dirty:/ { dirty = $2 } /^Private_Clean:/ { clean = $2 }
    END { printf "  %-28s resident %6.1f MB   private %6.1f MB (dirty %.1f MB)\n", n, rss / 1024, (clean + dirty) / 1024, dirty / 1024 }' "/proc/$2/smaps_rollup"
}
ctr -a "$work/c/d.sock" run -d "$image" m /bin/sleep 1000
gantry -a "$work/g/d.sock" run -d --name m "$image" /bin/sleep 1000 >/dev/null
sleep 5
shim_of() { pgrep -f -- "$1.*-id m( |\$)" | head -n 1; }
echo "memory, after those runs, at rest with one container:"
memory "containerd" "$containerd_pid"
memory "gantryd" "$gantryd_pid"
memory "containerd-shim-runc-v2" "$(shim_of 'containerd-shim-runc-v2')"
memory "containerd-shim-gantry-v1" "$(shim_of 'containerd-shim-gantry-v1')"
ctr -a "$work/c/d.sock" task kill -s 9 m; sleep 0.5; ctr -a "$work/c/d.sock" task rm m 2>/dev/null || true
ctr -a "$work/c/d.sock" container rm m
gantry -a "$work/g/d.sock" rm -f m >/dev/null
