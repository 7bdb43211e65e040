#!/usr/bin/env bash
# The time of create, start, exec, kill and delete of tasks on gantryd and on containerd, each with its own shim and both
# with runc, alternating call by call: bench/tasks.sh [ROUNDS]
# Prints median and p99 of both and their ratio. Needs root, the published programs in out/ (or GANTRY_BIN), and Debian's
# containerd and runc.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-100}
. bench/daemons.sh

mkdir -p "$work/rootfs"/{bin,dev,proc,sys,tmp,etc}
cp /bin/busybox "$work/rootfs/bin/"
ln -s busybox "$work/rootfs/bin/sleep"
ln -s busybox "$work/rootfs/bin/true"
start_containerd
start_gantryd '[plugins."io.containerd.internal.v1.gantry"]' 'default_executor = "runc"'
ctr oci spec | jq --arg root "$work/rootfs" '.root = {path: $root, readonly: true} | .process.terminal = false
  | .process.args = ["/bin/sleep", "100000"] | .linux.cgroupsPath = "/gantry-bench/@ID@"' >"$work/spec.json"
run_bench tasks "$work/g/d.sock" "$work/c/d.sock" "$work/spec.json" "$rounds"
