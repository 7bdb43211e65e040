#!/usr/bin/env bash
# The time of create, start, exec, kill and delete of tasks on gantryd and on containerd, each with its own shim and both
# with runc, alternating call by call: bench/tasks.sh [ROUNDS]
# Prints median and p99 of both and their ratio. Needs root, the published programs in out/ (or GANTRY_BIN), and Debian's
# containerd and runc.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-100}
export PATH="${GANTRY_BIN:-$PWD/out}:$PATH"
work=$(mktemp -d /tmp/gantry-bench.XXXXXX)
pids=()
cleanup() {
  local code=$?
  trap - EXIT
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
  exit "$code"
}
trap cleanup EXIT

mkdir -p "$work/c" "$work/g" "$work/rootfs"/{bin,dev,proc,sys,tmp,etc}
cp /bin/busybox "$work/rootfs/bin/"
ln -s busybox "$work/rootfs/bin/sleep"
ln -s busybox "$work/rootfs/bin/true"
cat >"$work/c/config.toml" <<TOML
version = 2
root = "$work/c/root"
state = "$work/c/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$work/c/s.sock"
TOML
containerd -c "$work/c/config.toml" >"$work/c/log" 2>&1 &
pids+=($!)
printf 'version = 2\n[plugins."io.containerd.internal.v1.gantry"]\ndefault_executor = "runc"\n' >"$work/g/config.toml"
gantryd -c "$work/g/config.toml" --root "$work/g/root" --state "$work/g/state" -a "$work/g/s.sock" >"$work/g/log" 2>&1 &
pids+=($!)
for side in g c; do
  timeout 60 bash -c "until ctr -a $work/$side/s.sock version >/dev/null 2>&1; do sleep 0.1; done"
done
ctr oci spec | jq --arg root "$work/rootfs" '.root = {path: $root, readonly: true} | .process.terminal = false
  | .process.args = ["/bin/sleep", "100000"] | .linux.cgroupsPath = "/gantry-bench/@ID@"' >"$work/spec.json"
dotnet build bench/Gantry.Bench -c Release -v q -p:RunAnalyzers=false >/dev/null
artifacts/bin/Gantry.Bench/release/Gantry.Bench tasks "$work/g/s.sock" "$work/c/s.sock" "$work/spec.json" "$rounds"
